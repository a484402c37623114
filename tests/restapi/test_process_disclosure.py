"""`disclosure: process` over HTTP, with each kind of token that REST takes."""

from collections.abc import Callable, Mapping

import httpx2
import pytest
from django.conf import settings

from credentials.operations import give_grant
from credentials.shapes.grants import GiveGrant
from tests.machines import Machine, new_account, new_secret, new_token, opened, value_of
from tests.oauth_client import connect
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store
from tests.restapi.faces import OverRest, both_faces

KEY = "stripe-api-key"


def of_a_self_registered_client(http: httpx2.Client, owner: Somebody) -> str:
    """What any program on the network can become, if the person allows it."""
    tokens = connect(
        str(http.base_url), owner.person.email, PASSWORD, resource=settings.REST_RESOURCE
    )
    return tokens.access


def of_a_registered_client(http: httpx2.Client, owner: Somebody) -> str:
    """vaultctl, for example."""
    _, rest = both_faces(http, owner)
    assert isinstance(rest, OverRest)
    return rest.token


def of_a_person(_: httpx2.Client, owner: Somebody) -> str:
    """A personal token."""
    return value_of(new_token(owner))


def of_a_service_account(http: httpx2.Client, owner: Somebody) -> str:
    """A machine's token, with a grant."""
    account = new_account(owner)
    wish = {"serviceAccountId": account, "level": "user", "key": KEY}
    give_grant(owner.console, GiveGrant.parse(wish))
    machine = Machine(http, account, opened(new_secret(owner, account)))
    answer = machine.by_secret()
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


TOKENS: Mapping[Callable[[httpx2.Client, Somebody], str], bool] = {
    of_a_self_registered_client: False,
    of_a_registered_client: True,
    of_a_person: True,
    of_a_service_account: True,
}


@pytest.mark.parametrize("token_of", TOKENS, ids=lambda one: str(one.__name__))
def test_a_value_for_programs_is_for_those_that_nobody_can_register_alone(
    http: httpx2.Client, owner: Somebody, token_of: Callable[[httpx2.Client, Somebody], str]
) -> None:
    store(owner, policy={"disclosure": "process"})
    bearer = {"Authorization": f"Bearer {token_of(http, owner)}"}
    wish = {"key": KEY, "purpose": PURPOSE}
    leased = http.post("/api/v1/leases", json=wish, headers=bearer)
    assert leased.status_code in {200, 201}, leased.text

    handle = {"leaseHandle": leased.json()["leaseHandle"]}
    answer = http.post("/api/v1/leases/read", json=handle, headers=bearer)

    if TOKENS[token_of]:
        assert answer.json()["value"] == CANARY
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "access/disclosure-denied")
        assert "vaultctl run" in answer.json()["hint"]
        assert CANARY not in answer.text
