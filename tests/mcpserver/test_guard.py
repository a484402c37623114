"""What every request passes before a message is read, and in which order."""

import json

import httpx2
import pytest
from django.conf import settings

from tests.held_back import all_received
from tests.mcpserver.agent import PATH, Agent
from tests.oauth_client import connect
from tests.people import PASSWORD, Somebody

METADATA = f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/api/mcp"
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD")


def test_a_right_request_passes(agent: Agent) -> None:
    answer = agent.ask("tools/list")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


def test_both_spellings_of_the_address_serve(agent: Agent) -> None:
    message = agent.message("tools/list")
    for path in (PATH, f"{PATH}/"):
        answer = agent.http.post(path, json=message, headers=agent.headers(message))
        assert answer.status_code == 200


@pytest.mark.parametrize("method", METHODS)
def test_without_a_token_every_method_is_challenged(http: httpx2.Client, method: str) -> None:
    answer = http.request(method, PATH)

    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert f'resource_metadata="{METADATA}"' in challenge
    assert 'scope="vault:read vault:write"' in challenge
    assert "error" not in challenge
    assert "offline_access" not in challenge


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer a b", "Basic b2xpdmlhOng=", "Bearer x", "Bearer a.b.c", "Bearer é"],
)
def test_a_wrong_token_is_challenged_as_invalid(http: httpx2.Client, authorization: str) -> None:
    answer = http.post(PATH, headers=[(b"Authorization", authorization.encode())])

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "auth/invalid-token"


def test_two_tokens_are_one_too_many(agent: Agent) -> None:
    headers = [("Authorization", f"Bearer {agent.token}")] * 2
    assert agent.http.post(PATH, headers=headers).status_code == 401


def test_a_token_in_the_address_is_no_token(agent: Agent) -> None:
    assert agent.http.post(f"{PATH}?access_token={agent.token}").status_code == 401


def test_a_token_for_the_rest_api_is_told_audience_mismatch(
    server: str, http: httpx2.Client, owner: Somebody
) -> None:
    tokens = connect(server, owner.person.email, PASSWORD, resource=settings.REST_RESOURCE)

    answer = Agent(http, tokens.access).ask("tools/list")

    assert answer.status_code == 401
    assert "audience mismatch" in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "auth/audience-mismatch"
    assert tokens.access not in answer.text + str(answer.headers)


def test_with_a_token_only_post_is_served(agent: Agent) -> None:
    headers = {"Authorization": f"Bearer {agent.token}", "Accept": "*/*"}
    for method in set(METHODS) - {"POST"}:
        answer = agent.http.request(method, PATH, headers=headers)
        assert (method, answer.status_code, answer.headers["allow"]) == (method, 405, "POST")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:1", "localhost.evil.example", "127.0.0.1:80"]
)
def test_another_host_is_refused_before_the_token_is_looked_at(
    http: httpx2.Client, host: str
) -> None:
    answer = http.post(PATH, headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == -32600
    assert host not in answer.text


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost", "http://localhost:1", "*"]
)
def test_another_origin_is_refused_before_the_token_is_looked_at(
    http: httpx2.Client, origin: str
) -> None:
    answer = http.post(PATH, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["jsonrpc"] == "2.0"


def test_our_own_origin_is_allowed(agent: Agent) -> None:
    answer = agent.send(agent.message("tools/list"), Origin=settings.PUBLIC_URL)
    assert answer.status_code == 200


def test_only_plain_json_is_read(agent: Agent) -> None:
    message = agent.message("tools/list")
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        assert agent.send(message, Content_Type=media_type).status_code == 415, media_type
    assert agent.send(message, Content_Encoding="gzip").status_code == 415


def test_a_charset_on_the_content_type_does_no_harm(agent: Agent) -> None:
    message = agent.message("tools/list")
    answer = agent.send(message, Content_Type="Application/JSON; charset=utf-8")
    assert answer.status_code == 200


def padded(agent: Agent, size: int) -> bytes:
    """A right tools/list of exactly `size` bytes."""
    body = httpx2.Request("POST", "http://x", json=agent.message("tools/list")).content
    return body + b" " * (size - len(body))


def test_a_body_of_512_kib_passes_and_one_byte_more_does_not(agent: Agent) -> None:
    assert agent.post(padded(agent, 512 * 1024)).status_code == 200
    assert agent.post(padded(agent, 512 * 1024 + 1)).status_code == 413


def test_a_body_without_a_length_is_counted_as_it_comes(agent: Agent) -> None:
    chunks = (b" " * 1024 for _ in range(513))
    headers = agent.headers(agent.message("tools/list"))

    answer = agent.http.post(PATH, content=chunks, headers=headers)

    assert answer.status_code == 413
    assert answer.json()["code"] == "input/too-large"


def test_a_token_is_asked_for_before_a_large_body_is_read(http: httpx2.Client) -> None:
    answer = http.post(PATH, content=b" " * (600 * 1024))
    assert answer.status_code == 401


def test_a_revoked_token_is_refused_from_the_next_request_on(
    server: str, http: httpx2.Client, owner: Somebody
) -> None:
    tokens = connect(server, owner.person.email, PASSWORD)
    agent = Agent(http, tokens.access)
    assert agent.ask("tools/list").status_code == 200

    gone = {"token": tokens.access, "client_id": tokens.client_id}
    assert http.post("/oauth/revoke", data=gone).status_code == 200

    assert agent.ask("tools/list").status_code == 401


def test_blanks_around_a_header_do_not_belong_to_it(agent: Agent, server: str) -> None:
    """RFC 9110 §5.5; over a socket, because client libraries strip them."""
    message = agent.message("tools/call", {"name": "vault.list_credentials", "arguments": {}})
    body = json.dumps(message)
    headers = agent.headers(message) | {"Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value} \t \r\n" for name, value in headers.items())
    host = server.removeprefix("http://")
    request = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n{body}"
    assert b"HTTP/1.1 200" in all_received(server, request.encode())
