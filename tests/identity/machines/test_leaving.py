"""What leaves a tenant takes its tokens and proofs along; a new password ends what the old made."""

import pytest
from django.conf import settings

from access.actions import Door
from access.actor import Actor
from access.endings import Ended, announce
from access.errors import Unauthenticated
from access.ids import parse_public_id
from access.levels import Role
from access.tenancy import tenant_transaction
from identity.machines.models import AccountProof
from identity.verification import actor_from_token
from tenants.operations import add_member, remove_member
from tenants.shapes import RemoveMember
from tests.console.pages import signed_in
from tests.machines import Machine, new_token, token_of, value_of
from tests.people import PASSWORD, Somebody, lease, new_tenant, somebody, store
from tests.trail import trail

NEWER = "a new long phrase"
CHANGE = {"oldpassword": PASSWORD, "password1": NEWER, "password2": NEWER}


def at_rest(token: str) -> Actor:
    """Whom the token stands for at REST; Unauthenticated when it does not hold."""
    return actor_from_token(token, resource=settings.REST_RESOURCE, door=Door.REST)


def test_a_removed_members_token_ends_and_coming_back_revives_nothing(
    owner: Somebody, member: Somebody
) -> None:
    value = value_of(new_token(member))
    at_rest(value)

    remove_member(owner.console, RemoveMember(person_id=member.id))

    with pytest.raises(Unauthenticated):
        at_rest(value)
    add_member(owner.console, member.person, "member")
    with pytest.raises(Unauthenticated):
        at_rest(value)


def test_a_removed_accounts_proofs_are_gone(pipeline: Machine, owner: Somebody) -> None:
    token = token_of(pipeline.by_secret())
    account = parse_public_id("sa", pipeline.client_id)

    with tenant_transaction(owner.console.tenant_id):
        ended = Ended(reason="removed", service_account_id=account, leaves=True)
        announce(owner.console, ended)

    assert not AccountProof.objects.exists()
    with pytest.raises(Unauthenticated):
        at_rest(token)


def test_a_new_password_ends_them_in_every_tenant(owner: Somebody) -> None:
    elsewhere = somebody(owner.person, new_tenant("second", owner.person), Role.OWNER)
    store(owner)
    here, there = value_of(new_token(owner)), value_of(new_token(elsewhere))
    lease(at_rest(here))

    assert signed_in(owner).post("/account/password/change/", CHANGE).status_code == 302

    for value in (here, there):
        with pytest.raises(Unauthenticated):
            at_rest(value)
    for tenant in (owner.console.tenant_id, elsewhere.console.tenant_id):
        (entry,) = trail(tenant, event="personal_token.revoked")
        assert entry.details["reason"] == "password changed"
    assert trail(owner.console.tenant_id, event="lease.revoked")


def test_anothers_password_ends_nothing(owner: Somebody, member: Somebody) -> None:
    value = value_of(new_token(owner))

    assert signed_in(member).post("/account/password/change/", CHANGE).status_code == 302

    assert at_rest(value)
