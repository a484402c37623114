"""Only a bearer token of the REST resource opens the API."""

import httpx2
import pytest
from django.conf import settings

from foundation.call_limits import CallLimit
from tests.machines import new_token, value_of
from tests.oauth_client import connect, sign_in
from tests.people import PASSWORD, Somebody
from tests.restapi.conftest import TokenOf

PATH = "/api/v1/credentials"
METADATA = f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/api/v1"


def test_without_a_token_the_challenge_names_no_error(http: httpx2.Client) -> None:
    answer = http.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth/invalid-token")
    challenge = answer.headers["www-authenticate"]
    assert f'resource_metadata="{METADATA}"' in challenge
    assert "error" not in challenge


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer a b", "Basic eDp5", "Bearer x.y.z"])
def test_a_wrong_token_is_invalid(http: httpx2.Client, authorization: str) -> None:
    answer = http.get(PATH, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_session_is_no_token(http: httpx2.Client, owner: Somebody) -> None:
    sign_in(http, owner.person.email, PASSWORD)
    assert http.get("/team/").status_code == 200
    assert http.get(PATH).status_code == 401


def test_both_tokens_open_their_own_door_only(
    server: str, http: httpx2.Client, owner: Somebody, token_of: TokenOf
) -> None:
    rest = {"Authorization": f"Bearer {token_of(owner)}"}
    mcp = {"Authorization": f"Bearer {connect(server, owner.person.email, PASSWORD).access}"}

    assert http.get(PATH, headers=rest).status_code == 200
    assert http.get("/api/mcp", headers=mcp).status_code == 405

    for answer in (http.get(PATH, headers=mcp), http.get("/api/mcp", headers=rest)):
        assert answer.status_code == 401
        assert answer.json()["code"] == "auth/audience-mismatch"
        assert "audience mismatch" in answer.headers["www-authenticate"]
        assert "audience mismatch" in answer.json()["detail"]


def test_the_calls_of_one_person_have_a_rate_whatever_their_token(
    http: httpx2.Client,
    owner: Somebody,
    member: Somebody,
    token_of: TokenOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = CallLimit(burst=3, per_second=0.001)
    monkeypatch.setattr("restapi.authentication.CALL_LIMIT", limit)
    first, second = (new_token(owner) for _ in range(2))
    tokens = [value_of(first), value_of(second)] * 2

    answers = [http.get(PATH, headers={"Authorization": f"Bearer {one}"}) for one in tokens]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    other = {"Authorization": f"Bearer {token_of(member)}"}
    assert http.get(PATH, headers=other).status_code == 200
