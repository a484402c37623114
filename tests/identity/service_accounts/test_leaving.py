"""Leaving a tenant ends tokens and credentials; a new password ends personal tokens."""

import pytest
from django.conf import settings

from access.actions import Channel
from access.actor import Actor
from access.levels import Role
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import tenant_transaction
from foundation.db.ids import parse_public_id
from foundation.errors import Unauthenticated
from identity.resource_server.verification import actor_from_token
from identity.service_accounts.models import AccountProof
from tenants.operations import add_member, remove_member
from tenants.shapes.members import RemoveMember
from tests.audit_trail import trail
from tests.console.pages import signed_in
from tests.machines import Machine, new_token, token_of, value_of
from tests.people import PASSWORD, Somebody, lease, new_tenant, somebody, store

NEWER = "a new long phrase"
CHANGE = {"oldpassword": PASSWORD, "password1": NEWER, "password2": NEWER}


def at_rest(token: str) -> Actor:
    """The actor of a token at REST; Unauthenticated when it is invalid."""
    return actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)


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
        ended = AccessRevoked(reason="removed", service_account_id=account, leaves=True)
        announce_revoked(owner.console, ended)

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
