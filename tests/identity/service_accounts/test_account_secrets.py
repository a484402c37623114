"""Secrets of service accounts: shown once, kept hashed, rolled two at a time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from foundation.errors import Conflict, Denied, Invalid, NotFound, StepUpRequired
from identity.operations import add_account_secret, list_account_secrets, remove_account_secret
from identity.service_accounts.models import AccountProof
from identity.shapes import AddAccountSecret
from identity.tokens.secret_format import SecretPrefix, has_secret_format
from identity.tokens.secret_format import new_secret as made
from tests.audit_trail import new_entries
from tests.machines import new_account, new_secret, opened
from tests.people import Somebody
from tests.refusals import refusal
from tests.storage import owner_sql


@pytest.fixture
def account(owner: Somebody) -> str:
    """A service account of acme."""
    return new_account(owner)


def test_a_secret_is_shown_once_and_kept_as_a_hash(owner: Somebody, account: str) -> None:
    secret = opened(new_secret(owner, account))

    assert re.fullmatch(r"vlt_sa_[0-9A-Za-z]{49}", secret)
    listed = list_account_secrets(owner.console, account)
    assert secret not in str(listed.wire())
    assert secret not in str(
        owner_sql("SELECT identity_accountproof::text FROM identity_accountproof")
    )


def test_the_answers_repr_does_not_show_it(owner: Somebody, account: str) -> None:
    created = new_secret(owner, account)

    assert opened(created) not in f"{created!r}{created}{created.model_dump()}"
    assert created.wire()["secret"] == opened(created)


def test_a_secret_tells_a_scanner_what_it_is() -> None:
    secret = made(SecretPrefix.ACCOUNT_SECRET)

    assert has_secret_format(SecretPrefix.ACCOUNT_SECRET, secret)
    assert not has_secret_format(SecretPrefix.PERSONAL_TOKEN, secret)
    last = "0" if secret[-1] != "0" else "1"
    assert not has_secret_format(SecretPrefix.ACCOUNT_SECRET, secret[:-1] + last)
    assert not has_secret_format(SecretPrefix.ACCOUNT_SECRET, secret + "\n")
    assert made(SecretPrefix.ACCOUNT_SECRET) != secret


def test_two_are_valid_at_a_time_and_a_third_waits(owner: Somebody, account: str) -> None:
    first = new_secret(owner, account)
    new_secret(owner, account)

    assert isinstance(refusal(lambda: new_secret(owner, account)), Conflict)
    remove_account_secret(owner.console, first.proof_id)
    new_secret(owner, account)


def test_an_expired_secret_makes_room(owner: Somebody, account: str) -> None:
    new_secret(owner, account)
    new_secret(owner, account)
    for proof in AccountProof.objects.all():
        proof.expires_at -= timedelta(days=91)
        proof.save()

    new_secret(owner, account)

    listed = list_account_secrets(owner.console, account).secrets
    assert [one.expired for one in listed] == [False, True, True]


def test_a_repeated_creation_answers_without_the_secret(owner: Somebody, account: str) -> None:
    once = new_secret(owner, account, idempotencyKey="once")
    with new_entries(owner.console.tenant_id) as entries:
        again = new_secret(owner, account, idempotencyKey="once")

    assert again.secret is None
    assert (again.proof_id, again.expires_at) == (once.proof_id, once.expires_at)
    assert entries == []
    assert len(list_account_secrets(owner.console, account).secrets) == 1


@pytest.mark.parametrize(
    "other", [{"name": "x"}, {"scopes": ["vault:read"]}, {"expiresInDays": 1}], ids=str
)
def test_an_idempotency_key_is_for_one_request(
    owner: Somebody, account: str, other: dict[str, object]
) -> None:
    new_secret(owner, account, idempotencyKey="once")

    with pytest.raises(Invalid) as error:
        new_secret(owner, account, idempotencyKey="once", **other)
    assert error.value.field == "idempotencyKey"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["vault:admin"]},
        {"scopes": ["offline_access"]},
        {"scopes": []},
        {"expiresInDays": 0},
        {"expiresInDays": 366},
        {"name": ""},
        {"name": "a\u202eb"},
        {"secret": "vlt_sa_mine"},
    ],
    ids=str,
)
def test_what_a_secret_cannot_be_is_refused(
    owner: Somebody, account: str, wrong: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        new_secret(owner, account, **wrong)


def test_only_owners_and_admins_of_the_tenant_manage_them(
    owner: Somebody, member: Somebody, outsider: Somebody, account: str
) -> None:
    created = new_secret(owner, account)
    calls: list[Callable[[Somebody], object]] = [
        lambda who: new_secret(who, account),
        lambda who: list_account_secrets(who.console, account),
        lambda who: remove_account_secret(who.console, created.proof_id),
    ]
    for call in calls:
        assert type(refusal(partial(call, member))) is Denied
        assert isinstance(refusal(partial(call, outsider)), NotFound)


def test_a_new_secret_needs_a_fresh_sign_in(owner: Somebody, account: str) -> None:
    stale = replace(owner.console, recently_authenticated=False)
    request = AddAccountSecret(account_id=account, name="deploys")

    with pytest.raises(StepUpRequired):
        add_account_secret(stale, request)


def test_a_removed_account_gets_none(owner: Somebody, account: str) -> None:
    owner_sql("UPDATE service_account SET state = 'removed'")

    assert isinstance(refusal(lambda: new_secret(owner, account)), NotFound)
