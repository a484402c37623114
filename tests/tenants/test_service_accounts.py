"""Service accounts: created, suspended and removed, with everything that depends on them."""

from functools import partial
from typing import Any

import pytest

from access.actions import Channel
from access.actor import Actor
from credentials.operations import give_grant
from credentials.shapes.grants import GiveGrant
from foundation.db.ids import parse_public_id
from tenants.operations import (
    change_service_account,
    create_service_account,
    list_service_accounts,
    show_service_account,
)
from tenants.shapes.service_accounts import (
    ChangeServiceAccount,
    CreateServiceAccount,
    ListServiceAccounts,
    ServiceAccountOut,
)
from tests.audit_trail import new_entries, told
from tests.people import IN_FORCE, Somebody, lease, read, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql


def make(who: Somebody, name: str = "deploy") -> ServiceAccountOut:
    return create_service_account(who.console, CreateServiceAccount(name=name))


def change(who: Somebody, account: ServiceAccountOut, **more: Any) -> ServiceAccountOut:
    data = {"serviceAccountId": account.service_account_id, **more}
    return change_service_account(who.console, ChangeServiceAccount.parse(data))


def acting(who: Somebody, account: ServiceAccountOut) -> Actor:
    """The service account as an actor, as REST would make it."""
    return Actor(
        tenant_id=who.console.tenant_id,
        channel=Channel.REST,
        service_account_id=parse_public_id("sa", account.service_account_id),
        scopes=frozenset({"vault:read"}),
        authentication=IN_FORCE,
    )


@pytest.fixture
def account(owner: Somebody) -> ServiceAccountOut:
    """A service account that may use stripe-api-key."""
    store(owner)
    made = make(owner)
    data = {"serviceAccountId": made.service_account_id, "level": "user", "key": "stripe-api-key"}
    give_grant(owner.console, GiveGrant.parse(data))
    return made


def test_an_account_is_made_described_and_found(owner: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        made = make(owner)
        changed = change(owner, made, description="GitHub Actions")

    assert told(entries) == [("service_account.created", "ok"), ("service_account.changed", "ok")]
    assert (made.state, made.created_by, made.last_used_at) == (
        "active",
        "olivia@example.org",
        None,
    )
    assert show_service_account(owner.console, made.service_account_id) == changed
    listed = list_service_accounts(owner.console, ListServiceAccounts())
    assert [one.name for one in listed.service_accounts] == ["deploy"]


def test_a_suspended_account_is_stopped_until_it_is_resumed(
    owner: Somebody, account: ServiceAccountOut
) -> None:
    service = acting(owner, account)
    handle = lease(service).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        change(owner, account, state="suspended")
        change(owner, account, state="suspended")

    assert told(entries) == [("lease.revoked", "ok"), ("service_account.suspended", "ok")]
    assert code_of(partial(lease, service)) == "access/permission-denied"
    change(owner, account, state="active")
    assert code_of(partial(read, service, handle)) == "lease/revoked"
    assert lease(service).key == "stripe-api-key"


def test_a_removed_account_is_gone_with_its_leases_and_grants(
    owner: Somebody, account: ServiceAccountOut
) -> None:
    service = acting(owner, account)
    lease(service)

    with new_entries(owner.console.tenant_id) as entries:
        change(owner, account, state="removed")

    assert sorted(told(entries)) == [
        ("grant.removed", "ok"),
        ("lease.revoked", "ok"),
        ("service_account.removed", "ok"),
    ]
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(0,)]
    assert code_of(partial(lease, service)) == "auth/invalid-token"
    assert code_of(partial(change, owner, account, state="active")) == "resource/not-found"
    assert list_service_accounts(owner.console, ListServiceAccounts()).service_accounts == []
    assert make(owner).name == account.name


def test_a_name_is_taken_whatever_its_case(owner: Somebody, account: ServiceAccountOut) -> None:
    assert code_of(partial(make, owner, "Deploy")) == "state/conflict"


@pytest.mark.parametrize("bad", [{}, {"state": "active", "name": "x"}, {"state": "waiting"}])
def test_a_change_says_one_thing(
    owner: Somebody, account: ServiceAccountOut, bad: dict[str, str]
) -> None:
    assert code_of(partial(change, owner, account, **bad)) == "input/invalid"


def test_accounts_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody, account: ServiceAccountOut
) -> None:
    for attempt in (
        partial(make, member, "mine"),
        partial(change, member, account, state="removed"),
        partial(show_service_account, member.console, account.service_account_id),
        partial(list_service_accounts, member.console, ListServiceAccounts()),
    ):
        assert code_of(attempt) == "access/permission-denied"
    unknown = problem_of(partial(show_service_account, outsider.console, f"sa_{'0' * 32}"))
    foreign = partial(show_service_account, outsider.console, account.service_account_id)
    assert problem_of(foreign) == unknown
