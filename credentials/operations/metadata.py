"""One credential's metadata with its recent audit entries, without leasing it."""

from datetime import datetime
from typing import Any

from django.db.models import Max

from access.actions import Action, Channel
from access.actor import Actor
from audit.events import Event, Outcome
from audit.models import Entry
from audit.verification import is_genuine
from credentials.context import CredentialContext, operation
from credentials.lease_counts import active_leases
from credentials.models import Credential, Rotation, RotationState, Version, VersionState
from credentials.policies import policy_out
from credentials.serializers import credential_fields, rotation_out
from credentials.shapes.credentials import (
    AuditLineOut,
    CredentialDetailOut,
    DescribeCredential,
    VersionOut,
)
from credentials.shapes.rotations import RotationOut
from credentials.types import merge_metadata
from foundation.db.ids import public_id
from tenants.audit_entries import ActorNames
from tenants.models import Person

TRAIL = 20


@operation(Action.DESCRIBE_CREDENTIAL)
def describe_credential(
    context: CredentialContext, request: DescribeCredential
) -> CredentialDetailOut:
    """A credential's metadata, owners, policy, versions, rotation and recent trail; no value."""
    actor, tenant = context.actor, context.membership.tenant
    credential = context.find(request.key)
    level = context.require(credential)
    versions = list(credential.versions.defer("sealed", "wrapped_key").order_by("-number"))
    current = next((row for row in versions if row.state == VersionState.CURRENT), None)
    extracted = current.extracted if current else {}
    owners = _owners(credential)
    return CredentialDetailOut.model_validate(
        {
            **credential_fields(credential, current.number if current else None, level, tenant),
            "metadata": dict(merge_metadata(extracted, credential.metadata)),
            "extracted": extracted,
            "owners": [owner.email for owner in owners],
            "owner_ids": [public_id("person", owner.pk) for owner in owners],
            "policy": policy_out(tenant, credential),
            "versions": [_version(version) for version in versions],
            "rotation": _rotation(credential),
            "active_leases": active_leases(credential.pk),
            "created_at": credential.created_at,
            "updated_at": credential.updated_at,
            "last_leased_at": _last(actor, credential, Event.LEASE_CREATED),
            "last_read_at": _last(actor, credential, Event.CREDENTIAL_READ),
            "recent_audit": _trail(actor, credential),
        }
    )


def _version(version: Version) -> VersionOut:
    return VersionOut.model_validate(
        {"version": version.number, "state": version.state, "created_at": version.created_at}
    )


def _owners(credential: Credential) -> list[Person]:
    """The owners who are still members."""
    members = Person.objects.filter(memberships__tenant_id=credential.tenant_id)
    return list(members.filter(pk__in=credential.owners).order_by("email"))


def _rotation(credential: Credential) -> RotationOut | None:
    # By the stored state: a window that is over is shown until the worker closes it.
    rows = Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
    rotation = rows.with_versions().first()
    return rotation_out(rotation) if rotation else None


def _last(actor: Actor, credential: Credential, event: Event) -> datetime | None:
    entries = Entry.objects.of(actor).filter(
        credential_id=credential.pk, event=event, outcome=Outcome.OK
    )
    last: datetime | None = entries.aggregate(last=Max("at"))["last"]
    return last


def _trail(actor: Actor, credential: Credential) -> list[AuditLineOut]:
    entries = Entry.objects.of(actor).filter(credential_id=credential.pk).order_by("-at", "-id")
    # A row that somebody forged is no trail; the tenant's log shows it, marked.
    recent = [entry for entry in entries[:TRAIL] if is_genuine(entry)]
    actors = ActorNames(actor, recent)
    return [AuditLineOut.model_validate(_line(actor, entry, actors)) for entry in recent]


def _line(actor: Actor, entry: Entry, actors: ActorNames) -> dict[str, Any]:
    """The entry; to an agent without the purposes of others, which would be text for its model that
    somebody else wrote.
    """
    is_own = entry.person_id is not None and entry.person_id == actor.person_id
    shown = entry.purpose if is_own or actor.channel is not Channel.MCP else ""
    return {
        "at": entry.at,
        "event": entry.event,
        "actor": actors.of(entry).name,
        "agent": entry.agent_name or None,
        "purpose": shown or None,
        "outcome": entry.outcome,
    }
