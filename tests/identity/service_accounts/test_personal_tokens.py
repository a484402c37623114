"""Personal tokens: for REST, within scopes and credentials, and ended with the membership."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from access.actions import Channel
from access.actor import Actor
from access.levels import Role
from credentials.operations import (
    create_credential,
    describe_credential,
    list_credentials,
    search_credentials,
)
from credentials.shapes.credentials import (
    CreateCredential,
    DescribeCredential,
    ListCredentials,
    SearchCredentials,
)
from devtools.client.http import new_http
from foundation.db.ids import parse_public_id
from foundation.errors import (
    AudienceMismatch,
    CredentialNotFound,
    Denied,
    InsufficientScope,
    Invalid,
    NotFound,
    QuotaExceeded,
    StepUpRequired,
    Unauthenticated,
    VaultError,
)
from identity.operations import (
    create_personal_token,
    list_personal_tokens,
    revoke_personal_token,
)
from identity.resource_server.verification import actor_from_token
from identity.service_accounts.models import PersonalToken
from identity.shapes import CreatePersonalToken, ListPersonalTokens
from tests.audit_trail import new_entries, told
from tests.machines import new_token, value_of
from tests.people import CANARY, Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of, refusal
from tests.storage import owner_sql


def at_rest(token: str, address: str = "") -> Actor:
    """The actor of a token at the REST resource."""
    rest = settings.REST_RESOURCE
    return actor_from_token(token, resource=rest, channel=Channel.REST, address=address)


def held(who: Somebody, **more: Any) -> Actor:
    """Somebody with a personal token."""
    return at_rest(value_of(new_token(who, **more)))


def mine(who: Somebody, **more: Any) -> list[str]:
    """The ids of the tokens that somebody is shown."""
    page = list_personal_tokens(who.console, ListPersonalTokens.parse(more))
    return [one.token_id for one in page.tokens]


def test_a_token_is_shown_once_and_kept_as_a_hash(owner: Somebody) -> None:
    created = new_token(owner)
    value = value_of(created)

    assert re.fullmatch(r"vlt_pat_[0-9A-Za-z]{49}", value)
    assert created.wire()["token"] == value
    assert value not in f"{created!r}{created.model_dump()}"
    assert value not in str(list_personal_tokens(owner.console, ListPersonalTokens()).wire())
    assert value not in str(owner_sql("SELECT t::text FROM identity_personaltoken t"))


def test_it_acts_as_the_person_who_made_it(owner: Somebody, member: Somebody) -> None:
    created = new_token(member, scopes=["vault:read", "vault:write"])
    actor = at_rest(value_of(created))

    assert (actor.person_id, actor.tenant_id) == (member.person.pk, member.console.tenant_id)
    assert (actor.role, actor.channel, actor.agent_id) == (Role.MEMBER, Channel.REST, None)
    assert actor.scopes == {"vault:read", "vault:write"}
    assert actor.client_id == parse_public_id("pat", created.token_id)
    store(owner)
    assert code_of(lambda: lease(actor)) == "access/permission-denied"
    grant(owner, member, "user", key="stripe-api-key")
    assert read(actor, lease(actor).lease_handle).value.get_secret_value() == CANARY


def test_a_handle_is_bound_to_the_token_that_leased(owner: Somebody) -> None:
    store(owner)
    first, second = held(owner), held(owner)
    handle = lease(first).lease_handle

    for other in (second, owner.console, owner.agent):
        assert code_of(lambda other=other: read(other, handle)) == "lease/invalid-handle"  # type: ignore[misc]
    assert read(first, handle)


def test_agents_cannot_use_it(owner: Somebody, server: str) -> None:
    value = value_of(new_token(owner))

    with pytest.raises(AudienceMismatch):
        actor_from_token(value, resource=settings.MCP_RESOURCE, channel=Channel.MCP)
    with new_http(base_url=server) as http:
        headers = {"Authorization": f"Bearer {value}"}
        answer = http.post("/api/mcp", json={}, headers=headers)
        assert http.get("/api/v1/credentials", headers=headers).status_code == 200
    assert answer.status_code == 401
    assert answer.json()["code"] == "auth/audience-mismatch"


@pytest.mark.parametrize(
    "bend",
    [
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value: value + "0",
        lambda value: value[:-1],
        lambda value: value.swapcase(),
        lambda _: "vlt_pat_",
        lambda _: "vlt_pat_" + "0" * 49,
        lambda value: value.replace("vlt_pat_", "vlt_sa_"),
    ],
)
def test_what_is_not_exactly_it_does_not_hold(bend: Callable[[str], str], owner: Somebody) -> None:
    with pytest.raises(Unauthenticated):
        at_rest(bend(value_of(new_token(owner))))


def test_a_call_asks_the_database_once(owner: Somebody, django_assert_num_queries: Any) -> None:
    value = value_of(new_token(owner))
    at_rest(value)
    with django_assert_num_queries(1):
        at_rest(value)


def test_its_use_is_noted_once_a_minute(owner: Somebody) -> None:
    value = value_of(new_token(owner))
    at_rest(value, "192.0.2.1")
    at_rest(value, "192.0.2.2")
    (shown,) = list_personal_tokens(owner.console, ListPersonalTokens()).tokens
    assert shown.last_address == "192.0.2.1"
    assert shown.last_used_at is not None

    row = PersonalToken.objects.get()
    row.last_used_at = shown.last_used_at - timedelta(seconds=61)
    row.save()
    at_rest(value, "192.0.2.2")

    (shown,) = list_personal_tokens(owner.console, ListPersonalTokens()).tokens
    assert shown.last_address == "192.0.2.2"


# -- making one ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"expiresInDays": 366},
        {"expiresInDays": 0},
        {"expiresInDays": None},
        {"scopes": []},
        {"scopes": ["offline_access"]},
        {"name": " "},
        {"credentials": []},
        {"token": "vlt_pat_mine"},
    ],
    ids=str,
)
def test_what_a_token_cannot_be_is_refused(owner: Somebody, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        new_token(owner, **wrong)


def test_an_end_is_required() -> None:
    with pytest.raises(Invalid):
        CreatePersonalToken.parse({"name": "forever", "scopes": ["vault:read"]})


def test_only_who_governs_takes_admin_into_a_token(owner: Somebody, member: Somebody) -> None:
    assert "vault:admin" in held(owner, scopes=["vault:admin"]).scopes
    with pytest.raises(Denied):
        new_token(member, scopes=["vault:admin"])


def test_admin_in_a_token_is_worth_what_the_person_is(owner: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    actor = held(admin, scopes=["vault:admin"])
    assert list_personal_tokens(actor, ListPersonalTokens(everybody=True))
    owner_sql("UPDATE membership SET role = 'member' WHERE person_id = %s", admin.person.pk)

    with pytest.raises(Denied):
        list_personal_tokens(actor, ListPersonalTokens(everybody=True))


def test_scopes_do_not_grow(owner: Somebody) -> None:
    reader = held(owner)

    with pytest.raises(InsufficientScope):
        create_credential(
            reader, CreateCredential.parse({"key": "x", "type": "api-key", "value": "v"})
        )
    with pytest.raises(InsufficientScope):
        list_personal_tokens(reader, ListPersonalTokens(everybody=True))


def test_a_token_makes_no_token(owner: Somebody) -> None:
    request = CreatePersonalToken(name="x", scopes=["vault:read"], expires_in_days=1)

    with pytest.raises(Denied):
        create_personal_token(held(owner, scopes=["vault:admin"]), request)
    with pytest.raises(Denied):
        create_personal_token(owner.agent, request)
    with pytest.raises(StepUpRequired):
        create_personal_token(replace(owner.console, recently_authenticated=False), request)


def test_a_repeated_creation_answers_without_the_token(owner: Somebody, member: Somebody) -> None:
    once = new_token(owner, idempotencyKey="once")
    with new_entries(owner.console.tenant_id) as entries:
        again = new_token(owner, idempotencyKey="once")

    assert (again.token, again.token_id) == (None, once.token_id)
    assert entries == []
    assert new_token(member, idempotencyKey="once").token is not None
    with pytest.raises(Invalid):
        new_token(owner, idempotencyKey="once", name="another")


def test_fifty_are_enough(owner: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.operations.personal_tokens.MOST", 2)
    first = new_token(owner)
    new_token(owner)
    with pytest.raises(QuotaExceeded):
        new_token(owner)

    revoke_personal_token(owner.console, first.token_id)
    new_token(owner)


# -- narrowed to credentials ---------------------------------------------------------------------


def test_a_narrowed_token_reaches_its_credentials_and_nothing_else(owner: Somebody) -> None:
    store(owner)
    store(owner, "other-key")
    everything = ["vault:read", "vault:write", "vault:admin"]
    actor = held(owner, credentials=["stripe-api-key"], scopes=everything)

    assert read(actor, lease(actor).lease_handle)
    listed = list_credentials(actor, ListCredentials()).credentials
    assert [one.key for one in listed] == ["stripe-api-key"]
    found = search_credentials(actor, SearchCredentials(query="other-key")).credentials
    assert "other-key" not in [one.key for one in found]
    elsewhere: list[Callable[[], object]] = [
        lambda: lease(actor, "other-key"),
        lambda: describe_credential(actor, DescribeCredential(key="other-key")),
        lambda: create_credential(
            actor,
            CreateCredential.parse(
                {"key": "new", "type": "api-key", "value": "v", "folderPath": "stripe"}
            ),
        ),
        lambda: list_personal_tokens(actor, ListPersonalTokens(everybody=True)),
    ]
    for call in elsewhere:
        assert isinstance(refusal(call), (NotFound, Denied))


def test_it_cannot_be_narrowed_to_what_one_does_not_see(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    store(owner)
    for who, key in ((member, "stripe-api-key"), (outsider, "stripe-api-key"), (owner, "nothing")):
        with pytest.raises(CredentialNotFound):
            new_token(who, credentials=[key])


def test_a_narrowed_token_ends_no_other(owner: Somebody) -> None:
    store(owner)
    other = new_token(owner)
    own = new_token(owner, credentials=["stripe-api-key"], scopes=["vault:write"])
    actor = at_rest(value_of(own))

    with pytest.raises(NotFound):
        revoke_personal_token(actor, other.token_id)
    revoke_personal_token(actor, own.token_id)


# -- ending --------------------------------------------------------------------------------------


def test_revoking_ends_it_with_its_leases(owner: Somebody) -> None:
    store(owner)
    created = new_token(owner)
    value = value_of(created)
    lease(at_rest(value))

    with new_entries(owner.console.tenant_id) as entries:
        revoke_personal_token(owner.console, created.token_id)
        revoke_personal_token(owner.console, created.token_id)

    assert told(entries) == [("lease.revoked", "ok"), ("personal_token.revoked", "ok")]
    assert refusal(lambda: at_rest(value)).code == "auth/invalid-token"
    (shown,) = list_personal_tokens(owner.console, ListPersonalTokens()).tokens
    assert shown.state == "revoked"


def test_others_tokens_are_for_who_governs(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    theirs, own = new_token(member), new_token(owner)

    assert mine(member) == [theirs.token_id]
    assert set(mine(owner, everybody=True)) == {theirs.token_id, own.token_id}
    assert isinstance(refusal(lambda: mine(member, everybody=True)), Denied)
    for who, token in ((member, own), (outsider, theirs)):
        unknown = refusal(lambda who=who, token=token: revoke(who, token.token_id))  # type: ignore[misc]
        assert unknown.as_problem() == _of_nothing(who)
    revoke(owner, theirs.token_id)


def revoke(who: Somebody, token_id: str) -> None:
    """Revoke at the console."""
    revoke_personal_token(who.console, token_id)


def _of_nothing(who: Somebody) -> dict[str, Any]:
    return refusal(lambda: revoke(who, "pat_" + "0" * 32)).as_problem()


ENDINGS: dict[str, str] = {
    "membership suspended": "UPDATE membership SET suspended_at = now() WHERE role = 'member'",
    "person switched off": "UPDATE person SET is_active = false",
    "tenant suspended": "UPDATE tenant SET suspended_at = now()",
    "its time over": "UPDATE identity_personaltoken SET expires_at = now()",
    "another membership": "UPDATE membership SET id = gen_random_uuid() WHERE role = 'member'",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_it_lives_by_ends_it(ending: str, member: Somebody) -> None:
    value = value_of(new_token(member))
    owner_sql(ENDINGS[ending])

    with pytest.raises(Unauthenticated):
        at_rest(value)


def test_pages_follow_each_other(owner: Somebody) -> None:
    made = [new_token(owner).token_id for _ in range(3)]

    first = list_personal_tokens(owner.console, ListPersonalTokens(limit=2))
    rest = list_personal_tokens(owner.console, ListPersonalTokens(cursor=first.next_cursor))

    assert [one.token_id for one in (*first.tokens, *rest.tokens)] == made[::-1]
    assert rest.next_cursor is None


def test_a_machine_has_no_tokens_of_its_own(owner: Somebody) -> None:
    nobody = replace(owner.console, person_id=None, service_account_id=owner.person.pk)

    with pytest.raises(VaultError):
        list_personal_tokens(nobody, ListPersonalTokens())
