"""Which leases somebody may look at or end: their own, those on what they manage, or all."""

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.tenancy import TenantQuerySet
from audit.recording import EntryDraft
from credentials.permissions import find_credential, read_permissions, require_level
from foundation.db.clock import DatabaseClock
from foundation.db.ids import parse_public_id
from foundation.errors import Denied
from leases.lookups import leases_of
from leases.models import Lease, LeaseState
from leases.shapes import ChooseLeases
from tenants.memberships import ActiveMembership


def selected_leases(
    actor: Actor, stands: ActiveMembership, action: Action, request: ChooseLeases, entry: EntryDraft
) -> TenantQuerySet[Lease]:
    """The leases that the request names; refused when they are not the caller's to choose.

    A token that is narrowed to some credentials reaches leases on those only.
    """
    rows = Lease.objects.of(actor)
    if actor.allowed_credentials is not None:
        rows = rows.filter(credential_id__in=actor.allowed_credentials)
    if request.key is not None:
        credential = find_credential(actor, request.key, entry)
        held = read_permissions(actor, stands).on(credential)
        needed = Action.DESCRIBE_CREDENTIAL if request.whose == "mine" else action
        require_level(needed, held, credential.key)
        rows = rows.filter(credential=credential)
    elif request.whose == "all":
        _require_governing(stands)
    if request.whose == "mine":
        rows = rows.filter(leases_of(actor))
    return rows.filter(_narrowed(request))


def _require_governing(stands: ActiveMembership) -> None:
    if not stands.is_admin:
        raise Denied(
            "Everybody's leases are for owners and admins of the tenant.",
            hint="Name a key that you manage, or choose your own.",
        )


def _narrowed(request: ChooseLeases) -> Q:
    named = {
        "agent_id": ("agent", request.agent_id),
        "person_id": ("person", request.person_id),
        "service_account_id": ("sa", request.service_account_id),
    }
    return Q(
        **{
            column: parse_public_id(prefix, text)
            for column, (prefix, text) in named.items()
            if text is not None
        }
    )


def living() -> Q:
    """The condition for leases that can be read now, by the database's clock."""
    return Q(state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock())


def in_state(word: str) -> Q:
    """The condition for a word of `ListLeases.state`; time counts, not the sweep (I3)."""
    if word == "living":
        return living()
    if word == "any":
        return ~Q(pk=None)
    over = Q(state=LeaseState.ACTIVE, expires_at__lte=DatabaseClock())
    return Q(state=word) | over if word == LeaseState.EXPIRED else Q(state=word)
