"""One credential's metadata with its recent audit entries, without leasing it."""

from collections.abc import Sequence
from typing import Any

from access.actions import Action, Channel
from access.actor import Actor
from audit.events import Event
from audit.models import Entry
from audit.verification import is_genuine
from credentials.context import CredentialContext, operation
from credentials.lease_counts import active_leases
from credentials.models import Rotation, RotationState, Version, VersionState
from credentials.permissions import CREDENTIAL_BY_KEY, found_credential
from credentials.policies import policy_out
from credentials.serializers import credential_fields, rotation_out
from credentials.shapes.credentials import (
    AuditLineOut,
    CredentialDetailOut,
    DescribeCredential,
    VersionOut,
)
from credentials.types import merge_metadata
from foundation.db.ids import public_id
from foundation.db.prepared import (
    Parameter,
    PreparedQuery,
    PreparedText,
    Statement,
    execute,
)
from tenants.audit_names import Names

TRAIL = 20


TENANT, CREDENTIAL = Parameter("tenant"), Parameter("credential")
VERSIONS = PreparedQuery(
    lambda: (
        Version.objects.filter(tenant_id=TENANT, credential_id=CREDENTIAL)
        .defer("sealed", "wrapped_key")
        .order_by("-number")
    )
)
# By the stored state: a window that is over is shown until the worker closes it.
OPEN_ROTATION = PreparedQuery(
    lambda: (
        Rotation.objects.filter(tenant_id=TENANT, credential_id=CREDENTIAL)
        .filter(state=RotationState.OPEN)
        .with_versions()
    )
)
RECENT_ENTRIES = PreparedQuery(
    lambda: Entry.objects.filter(tenant_id=TENANT, credential_id=CREDENTIAL).order_by("-at", "-id")[
        :TRAIL
    ]
)
# The owners who are still members.
OWNERS = PreparedText(
    "SELECT person.id, person.email FROM person JOIN membership ON person_id = person.id"
    " WHERE tenant_id = %(tenant)s AND person.id = ANY(%(owners)s::uuid[]) ORDER BY email"
)
LAST = PreparedText(
    "SELECT max(at) FROM audit_entry WHERE tenant_id = %(tenant)s"
    " AND credential_id = %(credential)s AND event = %(event)s AND outcome = 'ok'"
)


def _facts(actor: Actor, request: DescribeCredential) -> tuple[Statement[Any], ...]:
    named = CREDENTIAL_BY_KEY(tenant=actor.tenant_id, key=request.key)
    return (named, *CredentialContext.opening(actor))


@operation(Action.DESCRIBE_CREDENTIAL, facts=_facts, on_loop=True)
def describe_credential(
    context: CredentialContext,
    request: DescribeCredential,
) -> CredentialDetailOut:
    """A credential's metadata, owners, policy, versions, rotation and recent trail; no value."""
    rows, *opening = context.entry.facts
    context.take_opening(opening)
    actor, tenant = context.actor, context.membership.tenant
    credential = found_credential(rows, context.entry)
    level = context.require(credential)
    named = {"tenant": actor.tenant_id, "credential": credential.pk}
    versions, owners, rotations, active, leased, read, recent = execute(
        VERSIONS(**named),
        OWNERS(tenant=actor.tenant_id, owners=credential.owners),
        OPEN_ROTATION(**named),
        active_leases(credential),
        LAST(event=Event.LEASE_CREATED, **named),
        LAST(event=Event.CREDENTIAL_READ, **named),
        RECENT_ENTRIES(**named),
    )
    current = next((row for row in versions if row.state == VersionState.CURRENT), None)
    extracted = current.extracted if current else {}
    return CredentialDetailOut.model_validate(
        {
            **credential_fields(credential, current.number if current else None, level, tenant),
            "metadata": dict(merge_metadata(extracted, credential.metadata)),
            "extracted": extracted,
            "owners": [email for _, email in owners],
            "owner_ids": [public_id("person", owner) for owner, _ in owners],
            "policy": policy_out(tenant, credential),
            "versions": [_version(version) for version in versions],
            "rotation": rotation_out(rotations[0]) if rotations else None,
            "active_leases": active,
            "created_at": credential.created_at.replace(microsecond=0),
            "updated_at": credential.updated_at.replace(microsecond=0),
            "last_leased_at": leased[0][0],
            "last_read_at": read[0][0],
            "recent_audit": _trail(actor, recent)[: request.audit_entries],
        }
    )


def _version(version: Version) -> VersionOut:
    return VersionOut.model_validate(
        {
            "version": version.number,
            "state": version.state,
            "created_at": version.created_at.replace(microsecond=0),
        }
    )


def _trail(actor: Actor, entries: Sequence[Entry]) -> list[AuditLineOut]:
    # A row that somebody forged is no trail; the tenant's log shows it, marked.
    genuine = [entry for entry in entries if is_genuine(entry)]
    names = Names.of_entries(actor, genuine)
    return [AuditLineOut.model_validate(_line(actor, entry, names)) for entry in genuine]


def _line(actor: Actor, entry: Entry, names: Names) -> dict[str, Any]:
    """The entry; to an agent without the purposes of others, which would be text for its model that
    somebody else wrote.
    """
    is_own = entry.person_id is not None and entry.person_id == actor.person_id
    shown = entry.purpose if is_own or actor.channel is not Channel.MCP else ""
    return {
        "at": entry.at.replace(microsecond=0),
        "event": entry.event,
        "actor": names.actor(entry).name,
        "agent": entry.agent_name or None,
        "purpose": shown or None,
        "outcome": entry.outcome,
    }
