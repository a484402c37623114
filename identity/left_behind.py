"""What a person leaves behind among the secrets of service accounts and the sign-on settings."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from access.actor import Actor
from access.left_behind import MOST_OF_A_KIND, LeftBehind, LeftBehindKind
from audit.events import Event, Outcome
from audit.models import Entry
from foundation.db.clock import DatabaseClock
from foundation.db.ids import public_id
from identity.models import SingleSignOn
from identity.service_accounts.models import AccountProof, ProofKind
from tenants.models import ServiceAccount

KINDS = {
    ProofKind.SECRET: LeftBehindKind.ACCOUNT_SECRET,
    ProofKind.KEY: LeftBehindKind.ACCOUNT_KEY,
}


def report_left_behind(actor: Actor, person_id: UUID, **_: Any) -> list[LeftBehind]:
    """Receiver of `left_behind_requested`."""
    return [*_account_credentials(actor, person_id), *_provider(actor, person_id)]


def _account_credentials(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The valid secrets and keys of service accounts that they made: they have seen them."""
    rows = AccountProof.objects.filter(
        client__tenant_id=actor.tenant_id, created_by=person_id, expires_at__gt=DatabaseClock()
    )
    found = list(rows.select_related("client").order_by("name", "pk")[:MOST_OF_A_KIND])
    ids = {row.pk: row.client.service_account_id for row in found}
    accounts = ServiceAccount.objects.of(actor).filter(pk__in=[id_ for id_ in ids.values() if id_])
    names: dict[UUID | None, str] = {account.pk: account.name for account in accounts}
    for row in found:
        name = f"{names.get(ids[row.pk], '')}: {row.name}"
        yield LeftBehind(KINDS[ProofKind(row.kind)], public_id("proof", row.pk), name, ends=True)


def _provider(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The sign-on provider, when they were the last to set it up: it may be one of their own."""
    provider = SingleSignOn.objects.of(actor).filter(enabled=True).first()
    changes = Entry.objects.of(actor).filter(event=Event.TENANT_SSO_CHANGED, outcome=Outcome.OK)
    latest = changes.order_by("-at", "-id").first()
    if provider is not None and latest is not None and latest.person_id == person_id:
        kind = LeftBehindKind.SINGLE_SIGN_ON
        yield LeftBehind(kind, public_id("sso", provider.pk), provider.issuer)
