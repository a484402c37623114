"""Under a wrong root key every route answers 503, and nothing is written."""

from secrets import token_urlsafe

import pytest

from tests.alone import web
from tests.oauth_client import reach
from tests.people import Somebody, lease, store
from tests.storage import dump
from vaultsite.root_key_gate import RootKeyGate

REQUESTS = [
    ("POST", "/api/mcp"),
    ("POST", "/api/v1/leases"),
    ("POST", "/api/v1/leases/read"),
    ("GET", "/api/v1/credentials"),
    ("POST", "/api/v1/credentials"),
    ("POST", "/oauth/register"),
    ("POST", "/oauth/token"),
    ("GET", "/account/login/"),
    ("GET", "/credentials/"),
    ("GET", "/oauth/jwks"),
    ("GET", "/nothing-here"),
]


def test_every_route_but_the_probes_is_unavailable_and_nothing_is_written(
    owner: Somebody,
) -> None:
    store(owner)
    lease(owner.agent)
    before = dump()
    with web(VAULTSITE_ROOT_KEY=token_urlsafe(32)) as url, reach(url) as http:
        for method, path in REQUESTS:
            answer = http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (503, "service/unavailable"), path
        assert http.get("/livez").status_code == 200
        ready = http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["keys"] == (
        "the root key is not the one of this installation; put the right key file back"
    )
    assert dump() == before


def test_the_gate_opens_when_the_right_keys_are_there(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(owner)
    gate = RootKeyGate()
    assert gate.check()
    with monkeypatch.context() as other:
        other.setattr("credentials.envelope.root_key_ids", lambda: ["local-0000000000000000"])
        assert not gate.check()
        assert not gate.is_open
    assert gate.check()
    assert gate.is_open
