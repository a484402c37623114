"""The client credentials grant: a token for REST, within the credential's scopes, while everything
it depends on is active.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import jwt
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from access.actions import Channel
from access.tenancy import tenant_transaction
from foundation.db.ids import parse_public_id
from foundation.errors import AudienceMismatch, Denied, Unauthenticated
from identity.models import AccessToken, Client
from identity.operations import remove_account_key, remove_account_secret
from identity.resource_server.verification import actor_from_token
from identity.service_accounts.models import AccountProof
from tenants.models import ServiceAccount
from tests.identity.looking import log
from tests.machines import Machine, machine, new_secret, opened, token_of
from tests.people import Somebody, lease, new_person, store
from tests.refusals import code_of
from tests.storage import owner_sql


def at_rest(token: str) -> Any:
    """The actor of a token at the REST resource."""
    return actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)


WAYS: dict[str, Callable[[Machine], httpx2.Response]] = {
    "client_secret_basic": lambda one: one.by_basic(),
    "client_secret_post": lambda one: one.by_secret(),
    "private_key_jwt": lambda one: one.by_assertion(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_a_token_for_rest(way: str, pipeline: Machine, owner: Somebody) -> None:
    answer = WAYS[way](pipeline)

    body = answer.json()
    assert set(body) == {"access_token", "expires_in", "token_type", "scope"}
    assert body["scope"] == "vault:read vault:write"
    assert answer.headers["Cache-Control"] == "no-store"
    actor = at_rest(body["access_token"])
    assert (actor.tenant_id, actor.person_id, actor.role) == (owner.console.tenant_id, None, None)
    assert actor.service_account_id == parse_public_id("sa", pipeline.client_id)
    assert actor.scopes == {"vault:read", "vault:write"}


def test_the_token_says_what_rfc_9068_asks_for(pipeline: Machine) -> None:
    claims = jwt.decode(token_of(pipeline.by_secret()), options={"verify_signature": False})

    assert claims["sub"] == claims["client_id"] == pipeline.client_id
    assert claims["aud"] == settings.REST_RESOURCE
    assert claims["iss"] == settings.PUBLIC_URL


def test_it_is_worth_nothing_for_agents(pipeline: Machine) -> None:
    token = token_of(pipeline.by_secret())

    with pytest.raises(AudienceMismatch):
        actor_from_token(token, resource=settings.MCP_RESOURCE, channel=Channel.MCP)


@pytest.mark.parametrize("resource", ["{}/api/mcp", "https://evil.example/", "{}/api", "{}"])
def test_another_resource_is_an_invalid_target(resource: str, pipeline: Machine) -> None:
    answer = pipeline.by_secret(resource=resource.format(settings.PUBLIC_URL))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


def test_rest_may_be_named(pipeline: Machine) -> None:
    assert token_of(pipeline.by_secret(resource=f"{settings.REST_RESOURCE}/"))
    both = [settings.REST_RESOURCE, settings.MCP_RESOURCE]
    assert pipeline.by_secret(resource=both).json()["error"] == "invalid_target"


@pytest.mark.parametrize(
    "scope",
    ["vault:admin", "vault:read vault:admin", "offline_access", "nonsense", "vault:write x"],
)
def test_more_than_the_proof_is_for_is_an_invalid_scope(scope: str, pipeline: Machine) -> None:
    answer = pipeline.by_secret(scope=scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_proof_for_reading_gives_no_more(http: httpx2.Client, owner: Somebody) -> None:
    reader = machine(http, owner, scopes=["vault:read"])

    assert reader.by_secret().json()["scope"] == "vault:read"
    assert reader.by_assertion(scope="vault:write").json()["error"] == "invalid_scope"


def test_less_can_be_asked_for(pipeline: Machine) -> None:
    assert at_rest(token_of(pipeline.by_secret(scope="vault:read"))).scopes == {"vault:read"}


def test_it_acts_by_its_grants_alone(pipeline: Machine, owner: Somebody) -> None:
    store(owner)
    actor = at_rest(token_of(pipeline.by_secret()))
    assert code_of(lambda: lease(actor)) == "credential/not-found"

    owner_sql(
        "INSERT INTO credential_grant (id, tenant_id, service_account_id, credential_id, level, "
        "created_at) SELECT gen_random_uuid(), tenant_id, %s, id, 'user', now() FROM credential",
        actor.service_account_id,
    )

    assert lease(actor).key == "stripe-api-key"


# -- what does not prove anything ----------------------------------------------------------------


def refused(answer: httpx2.Response) -> bool:
    """Whether the client was refused, without a reason in the message."""
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="vault"'
    return not AccessToken.objects.exists()


def test_the_secret_of_another_account_proves_nothing(
    pipeline: Machine, http: httpx2.Client, owner: Somebody, outsider: Somebody
) -> None:
    other = machine(http, outsider)

    assert refused(pipeline.by_secret(client_secret=other.secret))
    assert refused(pipeline.by_assertion(other.assertion(iss=pipeline.client_id)))
    assert refused(pipeline.by_assertion(other.assertion(sub=pipeline.client_id)))


@pytest.mark.parametrize(
    "secret", ["", "x", "vlt_sa_", "vlt_sa_" + "0" * 49, "pbkdf2_sha256$1$x$y"], ids=str
)
def test_a_guessed_secret_proves_nothing(secret: str, pipeline: Machine) -> None:
    assert refused(pipeline.by_secret(client_secret=secret))


def test_what_is_stored_is_no_secret(pipeline: Machine) -> None:
    stored = AccountProof.objects.get(kind="secret").secret_digest

    assert refused(pipeline.by_secret(client_secret=stored))


def test_two_proofs_at_once_are_none(pipeline: Machine) -> None:
    assert refused(pipeline.by_secret(headers=pipeline.basic()))
    assert refused(
        pipeline.by_assertion(client_id=pipeline.client_id, client_secret=pipeline.secret)
    )


def test_the_body_may_not_name_another_client(
    pipeline: Machine, http: httpx2.Client, owner: Somebody
) -> None:
    assert refused(pipeline.by_basic(client_id="somebody-else"))
    assert token_of(pipeline.by_basic(client_id=pipeline.client_id))


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic eA==", "Basic //8=", "Bearer x", "Basic AAA=:AAA="]
)
def test_broken_credentials_prove_nothing(header: str, pipeline: Machine) -> None:
    assert refused(pipeline.ask(headers={"Authorization": header}))


def test_a_refusal_stands_in_the_tenants_log(pipeline: Machine, owner: Somebody) -> None:
    pipeline.by_secret(client_secret="vlt_sa_wrong")

    (entry,) = log("token.issued", owner.console.tenant_id)
    assert (entry.outcome, entry.details["reason"]) == ("denied", "not proven")
    assert entry.service_account_id == parse_public_id("sa", pipeline.client_id)
    assert "vlt_sa_wrong" not in str(entry.details)


def test_many_failures_have_to_wait(pipeline: Machine, settings: Any) -> None:
    settings.IDENTITY_LIMITS = {**settings.IDENTITY_LIMITS, "token": [(2, 60)]}
    for _ in range(2):
        assert pipeline.ask(headers=Machine(pipeline.http, pipeline.client_id).basic()).status_code
    assert pipeline.by_basic().status_code == 429


# -- what ends it --------------------------------------------------------------------------------


def test_without_its_secret_a_token_ends_at_once(pipeline: Machine, owner: Somebody) -> None:
    by_secret, by_key = token_of(pipeline.by_secret()), token_of(pipeline.by_assertion())
    secret = AccountProof.objects.get(kind="secret")

    remove_account_secret(owner.console, f"proof_{secret.pk.hex}")

    with pytest.raises(Unauthenticated):
        at_rest(by_secret)
    assert at_rest(by_key)
    remove_account_key(owner.console, f"proof_{AccountProof.objects.get().pk.hex}")
    with pytest.raises(Unauthenticated):
        at_rest(by_key)
    assert pipeline.by_secret().status_code == pipeline.by_assertion().status_code == 401


def test_secrets_are_rolled_without_a_gap(pipeline: Machine, owner: Somebody) -> None:
    old = AccountProof.objects.get(kind="secret")
    following = Machine(
        pipeline.http, pipeline.client_id, opened(new_secret(owner, pipeline.client_id))
    )
    assert token_of(pipeline.by_secret())
    token = token_of(following.by_secret())

    remove_account_secret(owner.console, f"proof_{old.pk.hex}")

    assert at_rest(token)
    assert pipeline.by_secret().status_code == 401
    assert token_of(following.by_secret())


@pytest.mark.parametrize("kind", ["secret", "key"])
def test_an_expired_proof_proves_nothing(kind: str, pipeline: Machine) -> None:
    way = pipeline.by_secret if kind == "secret" else pipeline.by_assertion
    assert token_of(way())
    proof = AccountProof.objects.get(kind=kind)
    proof.expires_at = proof.created_at
    proof.save()

    assert way().status_code == 401


def test_a_token_lives_no_longer_than_its_proof(pipeline: Machine) -> None:
    proof = AccountProof.objects.get(kind="secret")
    proof.expires_at = proof.created_at + timedelta(seconds=90)
    proof.save()

    assert pipeline.by_secret().json()["expires_in"] <= 90


ENDINGS = {
    "tenant suspended": "UPDATE tenant SET suspended_at = now()",
    "client stopped": "UPDATE identity_client SET state = 'suspended' WHERE tenant_id IS NOT NULL",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_it_lives_by_ends_it(ending: str, pipeline: Machine) -> None:
    token = token_of(pipeline.by_secret())
    owner_sql(ENDINGS[ending])

    with pytest.raises(Unauthenticated):
        at_rest(token)
    assert pipeline.by_secret().status_code == pipeline.by_assertion().status_code == 401


@pytest.mark.parametrize(
    ("state", "refusal"), [("suspended", Denied), ("removed", Unauthenticated)]
)
def test_a_stopped_account_does_nothing_more(
    state: str, refusal: type[Exception], pipeline: Machine, owner: Somebody
) -> None:
    actor = at_rest(token_of(pipeline.by_secret()))
    with tenant_transaction(owner.console.tenant_id):
        ServiceAccount.objects.of(owner.console).update(state=state)

    with pytest.raises(refusal):
        lease(actor)
    assert pipeline.by_secret().status_code == 401


def test_a_call_asks_the_database_once(pipeline: Machine, django_assert_num_queries: Any) -> None:
    token = token_of(pipeline.by_secret())
    at_rest(token)
    with django_assert_num_queries(1):
        at_rest(token)


def test_its_use_is_noted(pipeline: Machine, owner: Somebody) -> None:
    token_of(pipeline.by_secret())

    assert AccountProof.objects.get(kind="secret").last_used_at
    with tenant_transaction(owner.console.tenant_id):
        account = ServiceAccount.objects.of(owner.console).get()
    assert account.last_used_at
    assert account.last_address == "127.0.0.1"


# -- what else it cannot do ----------------------------------------------------------------------


def test_it_can_ask_no_person_for_anything(pipeline: Machine, browser: httpx2.Client) -> None:
    query = f"response_type=code&client_id={pipeline.client_id}&state=x&scope=vault:read"
    page = browser.get(f"/oauth/authorize?{query}&redirect_uri=http://localhost:1/x")

    assert page.status_code == 400
    assert "location" not in page.headers


def test_it_has_no_other_grant(pipeline: Machine) -> None:
    for grant in ("authorization_code", "refresh_token"):
        answer = pipeline.by_secret(grant_type=grant, code="x", refresh_token="x")
        assert answer.status_code in {400, 401}
        assert "access_token" not in answer.json()


def test_the_database_knows_no_other_confidential_client(owner: Somebody) -> None:
    for wrong in (
        {"client_type": "confidential"},
        {"client_type": "public", "tenant_id": owner.console.tenant_id},
        {"client_type": "public", "client_secret": "x"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            given = {"client_secret": "", "hash_client_secret": False, **wrong}
            Client.objects.create(authorization_grant_type="authorization-code", **given)


def test_nobody_gets_a_persons_id(pipeline: Machine) -> None:
    """People's ids and accounts' are disjoint (RFC 9068 §5)."""
    person = new_person("somebody")

    assert refused(pipeline.by_secret(client_id=str(person.pk)))
    assert refused(pipeline.by_secret(client_id=person.pk.hex))
