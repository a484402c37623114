"""What somebody who leaves set up or knows: secrets that they saw end, the rest is listed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import pytest
from django.conf import settings

from access.actions import Channel
from access.left_behind import LeftBehindKind
from access.levels import Role
from credentials.operations import give_grant, rotate_credential
from credentials.shapes.grants import GiveGrant
from credentials.shapes.rotations import RotateCredential
from identity.operations import add_account_key, list_account_secrets
from identity.resource_server.verification import actor_from_token
from identity.shapes import AddAccountKey
from tenants.operations import (
    change_role,
    create_group,
    create_service_account,
    remove_member,
    show_left_behind,
)
from tenants.shapes.groups import CreateGroup
from tenants.shapes.members import ChangeRole, LeftBehindOut, RemoveMember
from tenants.shapes.service_accounts import CreateServiceAccount
from tests.audit_trail import trail
from tests.console.pages import page, signed_in
from tests.contracts.models import our_models
from tests.identity.oidc_providers import set_up
from tests.machines import (
    Machine,
    machine,
    new_account,
    new_secret,
    opened,
    public_jwk,
    token_of,
)
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of
from tests.storage import owner_sql

# The columns that say who made a row, and why the row is on the list or need not be.
MAKERS = {
    "AccountProof.created_by": "listed, and ends",
    "ServiceAccount.created_by": "listed",
    "Grant.given_by": "listed",
    "Invitation.invited_by": "withdrawn; the members who joined by it are listed",
    "Credential.created_by": "the value counts, which has a version of its own",
    "Version.created_by": "listed as the credential",
    "Rotation.opened_by": "its version is listed",
    "AccessRequest.decided_by": "the grant that came of it is listed",
    "CredentialRequest.decided_by": "the credential that came of it is listed",
    "Lease.decided_by": "a lease ends by itself",
}


def removal(owner: Somebody, ada: Somebody, keep: bool) -> object:
    request = RemoveMember(person_id=ada.id, keep_account_proofs=keep)
    return remove_member(owner.console, request)


def lower_role(owner: Somebody, ada: Somebody, keep: bool) -> object:
    request = ChangeRole(person_id=ada.id, role="member", keep_account_proofs=keep)
    return change_role(owner.console, request)


ENDINGS = pytest.mark.parametrize("end", [removal, lower_role])


@pytest.fixture
def ada(owner: Somebody) -> Somebody:
    """An admin of acme."""
    return join(owner, new_person("ada"), Role.ADMIN)


@pytest.fixture
def backdoor(http: httpx2.Client, owner: Somebody, ada: Somebody) -> Machine:
    """A service account of Ada's that may use everything."""
    store(owner)
    made = machine(http, ada, expiresInDays=365)
    level = {"serviceAccountId": made.client_id, "level": "user", "folderPath": "stripe"}
    give_grant(ada.console, GiveGrant.parse(level))
    return made


def value_through(backdoor: Machine) -> str:
    token = token_of(backdoor.by_secret())
    actor = actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)
    value: str = read(actor, lease(actor).lease_handle).value.get_secret_value()
    return value


@ENDINGS
def test_an_admin_who_is_ended_gets_no_secret_through_an_account_of_theirs(
    owner: Somebody, ada: Somebody, backdoor: Machine, end: Callable[..., object]
) -> None:
    assert value_through(backdoor) == CANARY
    token = token_of(backdoor.by_assertion())

    end(owner, ada, False)

    assert backdoor.by_secret().status_code == 401
    assert backdoor.by_assertion().status_code == 401
    use = partial(actor_from_token, resource=settings.REST_RESOURCE, channel=Channel.REST)
    assert code_of(partial(use, token)) == "auth/invalid-token"
    entries = trail(owner.console.tenant_id, event="service_account.secret_removed")
    assert len(entries) == 1
    assert len(trail(owner.console.tenant_id, event="service_account.key_removed")) == 1


@ENDINGS
def test_secrets_that_are_kept_are_marked_until_they_are_replaced(
    owner: Somebody, ada: Somebody, backdoor: Machine, end: Callable[..., object]
) -> None:
    end(owner, ada, True)

    assert value_through(backdoor) == CANARY
    (kept,) = list_account_secrets(owner.console, backdoor.client_id).secrets
    assert kept.by_former_admin
    assert kinds(show_left_behind(owner.console, ada.id)) >= {"account-secret", "account-key"}


def test_a_secret_of_somebody_else_stays(http: httpx2.Client, owner: Somebody) -> None:
    ada = join(owner, new_person("ada"), Role.ADMIN)
    account = new_account(owner)
    kept = Machine(http, account, opened(new_secret(owner, account)))

    removal(owner, ada, False)

    assert kept.by_secret().status_code == 200
    (secret,) = list_account_secrets(owner.console, account).secrets
    assert not secret.by_former_admin


# -- the list -----------------------------------------------------------------------------------


def kinds(found: LeftBehindOut) -> set[str]:
    return {item.kind.value for item in found.left_behind}


def _invite(owner: Somebody, ada: Somebody) -> None:
    friend = join(owner, new_person("friend"))
    owner_sql(
        "INSERT INTO invitation (id, tenant_id, email, role, state, invited_by_id, expires_at) "
        "VALUES (gen_random_uuid(), %s, %s, 'member', 'accepted', %s, now())",
        owner.console.tenant_id,
        friend.person.email,
        ada.person.pk,
    )


def new_registered_key(ada: Somebody, account: str) -> None:
    data = {"accountId": account, "name": "signer", "jwk": public_jwk()}
    add_account_key(ada.console, AddAccountKey.parse(data))


def _grant(owner: Somebody, ada: Somebody) -> None:
    store(owner)
    grant(ada, owner, "user", folderPath="stripe")


def _read_value(owner: Somebody, ada: Somebody) -> None:
    store(owner)
    read(ada.agent, lease(ada.agent).lease_handle)


# What Ada, an owner for a while, does, so that a thing of the kind is left behind.
DEEDS: dict[LeftBehindKind, Callable[[Somebody, Somebody], Any]] = {
    LeftBehindKind.ACCOUNT_SECRET: lambda owner, ada: new_secret(ada, new_account(owner)),
    LeftBehindKind.ACCOUNT_KEY: lambda owner, ada: new_registered_key(ada, new_account(owner)),
    LeftBehindKind.SERVICE_ACCOUNT: lambda _, ada: create_service_account(
        ada.console, CreateServiceAccount(name="Nightly")
    ),
    LeftBehindKind.SINGLE_SIGN_ON: lambda _, ada: set_up(ada, "https://login.example.org"),
    LeftBehindKind.MEMBER: _invite,
    LeftBehindKind.GROUP: lambda _, ada: create_group(ada.console, CreateGroup(name="Friends")),
    LeftBehindKind.GRANT: _grant,
    LeftBehindKind.CREDENTIAL: _read_value,
}


@pytest.mark.parametrize("kind", LeftBehindKind)
def test_what_is_left_behind_is_listed(owner: Somebody, kind: LeftBehindKind) -> None:
    ada = join(owner, new_person("ada"), Role.OWNER)
    assert kinds(show_left_behind(owner.console, ada.id)) == set()

    DEEDS[kind](owner, ada)
    assert kinds(show_left_behind(owner.console, ada.id)) == {kind.value}

    answer = remove_member(owner.console, RemoveMember(person_id=ada.id, keep_account_proofs=True))
    assert kinds(answer) == kinds(show_left_behind(owner.console, ada.id)) == {kind.value}


def test_what_is_replaced_leaves_the_list(owner: Somebody, ada: Somebody) -> None:
    store(ada)
    assert kinds(show_left_behind(owner.console, ada.id)) == {"credential"}
    removal(owner, ada, keep=False)

    rotate_credential(
        owner.console, RotateCredential.parse({"key": "stripe-api-key", "newValue": "new"})
    )

    assert kinds(show_left_behind(owner.console, ada.id)) == set()


def test_a_stranger_is_not_found(owner: Somebody, outsider: Somebody) -> None:
    assert code_of(partial(show_left_behind, owner.console, outsider.id)) == "resource/not-found"


def test_the_console_lists_before_and_after(owner: Somebody, ada: Somebody) -> None:
    new_secret(ada, new_account(owner))
    browser = signed_in(owner)
    address = f"/team/members/{ada.id}/remove"
    assert "Pipeline: deploys" in page(browser.get(address)).text

    sent = browser.post(address, {"heir_id": "", "keep_account_proofs": "on"})

    assert sent["Location"] == f"/team/members/{ada.id}/left-behind"
    assert "Pipeline: deploys" in page(browser.get(sent["Location"])).text


def test_every_column_that_names_a_maker_is_considered() -> None:
    found = {
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if field.name.endswith("_by")
    }
    assert found == set(MAKERS)
