"""Which leases somebody may look at or end: their own, those on what they manage, or all."""

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.errors import Denied
from access.ids import parse_public_id
from access.tenancy import TenantQuerySet
from audit.recording import Draft
from credentials.rights import DatabaseClock, find_credential, require_level, rights
from leases.holding import held_by
from leases.models import Lease, LeaseState
from leases.shapes import ChooseLeases
from tenants.standing import Standing


def chosen(
    actor: Actor, stands: Standing, action: Action, request: ChooseLeases, entry: Draft
) -> TenantQuerySet[Lease]:
    """The leases that the request names; refused when they are not the caller's to choose.

    A token that is narrowed to some credentials reaches leases on those only.
    """
    rows = Lease.objects.of(actor)
    if actor.only is not None:
        rows = rows.filter(credential_id__in=actor.only)
    if request.key is not None:
        credential = find_credential(actor, request.key, entry)
        held = rights(actor, stands).on(credential)
        needed = Action.DESCRIBE_CREDENTIAL if request.whose == "mine" else action
        require_level(needed, held, credential.key)
        rows = rows.filter(credential=credential)
    elif request.whose == "all":
        _require_governing(stands)
    if request.whose == "mine":
        rows = rows.filter(held_by(actor))
    return rows.filter(_narrowed(request))


def _require_governing(stands: Standing) -> None:
    if not stands.governs:
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
