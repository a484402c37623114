"""One credential's metadata with its trail, without leasing it."""

from datetime import datetime
from typing import Any

from django.db.models import Max

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event, Outcome
from audit.models import Entry
from audit.recording import read_only
from credentials.lease_counts import active_leases
from credentials.models import Credential, Rotation, RotationState, Version, VersionState
from credentials.permissions import find_credential, require_permission
from credentials.policies import policy_out
from credentials.serializers import credential_fields, rotation_out
from credentials.shapes.credentials import (
    AuditLineOut,
    CredentialDetailOut,
    DescribeCredential,
    RotationOut,
    VersionOut,
)
from credentials.types import merge_metadata
from foundation.db.ids import public_id
from tenants.audit_entries import ActorNames
from tenants.memberships import active_membership
from tenants.models import Person, Tenant

TRAIL = 20


def describe_credential(actor: Actor, request: DescribeCredential) -> CredentialDetailOut:
    """A credential's metadata, owners, policy, versions, rotation and recent trail; no value."""
    with read_only(actor, Action.DESCRIBE_CREDENTIAL) as entry:
        stands = active_membership(actor)
        credential = find_credential(actor, request.key, entry)
        held = require_permission(actor, stands, credential, Action.DESCRIBE_CREDENTIAL)
        return detail(actor, credential, held, stands.tenant)


def detail(
    actor: Actor, credential: Credential, held: Level, tenant: Tenant
) -> CredentialDetailOut:
    """The detail shape of a credential the actor may see; needs the tenant's transaction."""
    versions = list(credential.versions.defer("sealed", "wrapped_key").order_by("-number"))
    current = next((one for one in versions if one.state == VersionState.CURRENT), None)
    extracted = current.extracted if current else {}
    owners = _owners(credential)
    return CredentialDetailOut.model_validate(
        {
            **credential_fields(credential, current.number if current else None, held, tenant),
            "metadata": dict(merge_metadata(extracted, credential.metadata)),
            "extracted": extracted,
            "owners": [one.email for one in owners],
            "owner_ids": [public_id("person", one.pk) for one in owners],
            "policy": policy_out(credential),
            "versions": [_version(one) for one in versions],
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
    """The owners who are members still."""
    members = Person.objects.filter(memberships__tenant_id=credential.tenant_id)
    return list(members.filter(pk__in=credential.owners).order_by("email"))


def _rotation(credential: Credential) -> RotationOut | None:
    rotation = (
        Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
        .select_related("credential", "previous", "current")
        .first()
    )
    return rotation_out(rotation) if rotation else None


def _last(actor: Actor, credential: Credential, event: Event) -> datetime | None:
    entries = Entry.objects.of(actor).filter(
        credential_id=credential.pk, event=event, outcome=Outcome.OK
    )
    last: datetime | None = entries.aggregate(last=Max("at"))["last"]
    return last


def _trail(actor: Actor, credential: Credential) -> list[AuditLineOut]:
    entries = Entry.objects.of(actor).filter(credential_id=credential.pk).order_by("-at", "-id")
    recent = list(entries[:TRAIL])
    actors = ActorNames(actor, recent)
    return [AuditLineOut.model_validate(_line(entry, actors)) for entry in recent]


def _line(entry: Entry, actors: ActorNames) -> dict[str, Any]:
    return {
        "at": entry.at,
        "event": entry.event,
        "actor": actors.of(entry).name,
        "agent": entry.agent_name or None,
        "purpose": entry.purpose or None,
        "outcome": entry.outcome,
    }
