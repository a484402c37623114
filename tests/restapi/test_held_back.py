"""An access that ended while the body of a request was on its way does nothing any more (I11)."""

from collections.abc import Callable

import httpx2
import pytest

from tests.held_back import HeldBack
from tests.machines import Machine, new_account, new_secret, new_token, opened, token_of, value_of
from tests.people import PURPOSE, Somebody, store
from tests.storage import owner_sql

Scene = tuple[str, Callable[[], object]]


def _program(http: httpx2.Client, owner: Somebody) -> Scene:
    del http
    created = new_token(owner)
    return value_of(created), lambda: owner_sql(
        "UPDATE identity_personaltoken SET revoked_at=now()"
    )


def _account(http: httpx2.Client, owner: Somebody) -> Scene:
    account = new_account(owner)
    secret = opened(new_secret(owner, account))
    token = token_of(Machine(http, account, secret).by_secret())
    return token, lambda: owner_sql("DELETE FROM identity_accesstoken")


@pytest.mark.parametrize("door", [_program, _account])
def test_a_token_that_ended_before_the_body_came(
    server: str,
    http: httpx2.Client,
    owner: Somebody,
    door: Callable[[httpx2.Client, Somebody], Scene],
) -> None:
    store(owner)
    token, end = door(http, owner)
    headers = {
        "Host": server.removeprefix("http://"),
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    message = {"key": "stripe-api-key", "purpose": PURPOSE}

    with HeldBack(server, "POST", "/api/v1/leases", headers, message) as begun:
        end()
        status, said = begun.send_body()

    assert (status, said["code"]) == (401, "auth/invalid-token")
