"""Whether a lease may be issued, read, revoked or listed now, by the database's clock."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from access.actor import Actor
from access.levels import Level
from credentials.context import CredentialContext
from credentials.models import Credential, Rotation, State, Version, VersionState
from foundation.db.clock import DatabaseClock, is_past
from foundation.db.ids import parse_public_id
from foundation.errors import (
    Conflict,
    CredentialNotFound,
    Denied,
    LeaseConsumed,
    LeaseExpired,
    LeaseRevoked,
    NotFound,
)
from leases.models import LIVE, Lease, LeaseQuerySet, LeaseState
from leases.shapes import ChooseLeases

RELEASED = "released by its holder"
LEASE_AGAIN = "Call vault.lease_credential again for a fresh lease."

_ANOTHER = (
    "Find another credential with vault.search_credentials, or ask for one with "
    "vault.request_credential."
)
NOT_ACTIVE: Mapping[str, str] = {
    State.ARCHIVED: "Somebody with the level manager on it can restore it in the console.",
    State.REVOKED: _ANOTHER,
    State.DELETED: _ANOTHER,
}


def require_live(lease: Lease, now: datetime) -> None:
    """Say how the caller's own lease ended (L5); the time decides, not the stored state (I3)."""
    if lease.state == LeaseState.REVOKED:
        released = lease.ended_reason == RELEASED
        told = "You released this lease." if released else "This lease was revoked."
        raise LeaseRevoked(told, hint=LEASE_AGAIN)
    if lease.state == LeaseState.CONSUMED:
        raise LeaseConsumed("All uses of this lease are spent.", hint=LEASE_AGAIN)
    over = is_past(lease.expires_at, now) or is_past(lease.max_expires_at, now)
    if lease.state != LeaseState.ACTIVE or over:
        raise LeaseExpired("The time of this lease is over.", hint=LEASE_AGAIN)


def require_use(context: CredentialContext, version: Version) -> None:
    """Refuse to use a lease on a version that its holder could no longer lease.

    Checked are permission, policy, the credential's state and the version's.
    """
    try:
        context.require(version.credential)
    except CredentialNotFound:
        raise LeaseRevoked(
            "You no longer have access to this credential.",
            hint="An owner or admin of the tenant can give it back on the /team page.",
        ) from None
    require_policy(context.actor, version.credential)
    require_readable(version)


def require_readable(version: Version) -> None:
    """The current version, or the previous one while its window is open (R5)."""
    if version.credential.state != State.ACTIVE:
        raise LeaseRevoked(
            f"The credential is {version.credential.state}.",
            hint=NOT_ACTIVE[version.credential.state],
        )
    if version.state == VersionState.CURRENT:
        return
    if version.state == VersionState.PREVIOUS:
        window = Rotation.objects.filter(previous=version).open()
        if window.exists():
            return
    raise LeaseExpired("The value this lease was for is no longer valid.", hint=LEASE_AGAIN)


def require_policy(actor: Actor, credential: Credential) -> None:
    """Refuse an agent that the credential's policy does not list."""
    if credential.agents is not None and actor.agent_id not in credential.agents:
        raise Denied(
            "The policy of this credential does not list your agent.",
            hint="A person with the level admin on it can add the agent to its policy.",
        )


def require_active(credential: Credential) -> None:
    """Only active credentials are leased."""
    if credential.state != State.ACTIVE:
        raise Conflict(
            f"This credential is {credential.state}; it cannot be leased.",
            hint=NOT_ACTIVE[credential.state],
        )


def lock_lease(context: CredentialContext, lease_id: str) -> Lease:
    """The tenant's lease `lease_…`, locked, with its credential and version; or NotFound."""
    context.require_membership()
    lease = (
        Lease.objects.of(context.actor)
        .locked()
        .filter(pk=parse_public_id("lease", lease_id))
        .select_related("credential__folder", "version")
        .first()
    )
    if lease is None:
        raise NotFound("There is no such lease.")
    return lease


def chosen_leases(context: CredentialContext, choice: ChooseLeases) -> LeaseQuerySet:
    """The leases that a request chooses; refused when they are not the caller's to choose.

    Everybody's leases are those on what the caller manages, in the whole tenant for its owners
    and admins. A token that is limited to some credentials reaches leases on those only.
    """
    actor = context.actor
    context.require_membership()
    rows = Lease.objects.of(actor)
    if actor.allowed_credentials is not None:
        rows = rows.filter(credential_id__in=actor.allowed_credentials)
    if choice.key is not None:
        credential = context.find(choice.key)
        context.require(credential, Level.VIEWER if choice.whose == "mine" else None)
        rows = rows.on(credential.pk)
    elif choice.whose == "all":
        if context.permissions.highest < context.needed_level:
            raise Denied(
                f"The level {context.needed_level.word} is needed to choose everybody's leases.",
                hint="Choose your own.",
            )
        rows = rows.filter(context.permissions.at_least(context.needed_level, "credential__"))
    if choice.whose == "mine":
        rows = rows.of_holder(actor)
    given = {
        "agent_id": ("agent", choice.agent_id),
        "person_id": ("person", choice.person_id),
        "service_account_id": ("sa", choice.service_account_id),
    }
    named = {
        column: parse_public_id(prefix, text)
        for column, (prefix, text) in given.items()
        if text is not None
    }
    return rows.filter(**named)


def in_state(word: str) -> Q:
    """The condition for a value of `ListLeases.state`; the time decides (I3)."""
    if word == "living":
        return LIVE
    if word == "any":
        return ~Q(pk=None)
    over = Q(state=LeaseState.ACTIVE, expires_at__lte=DatabaseClock())
    return Q(state=word) | over if word == LeaseState.EXPIRED else Q(state=word)
