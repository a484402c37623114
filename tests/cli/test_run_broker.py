"""`vaultctl run -c` of a credential that only the server uses: this machine never has the value."""

import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from foundation.outgoing import exchanges
from tests.audit_trail import told, trail
from tests.cli.hosts import HOST
from tests.cli.installation import Vaultctl
from tests.cli.test_run_proxy import RUN, python
from tests.cli.upstreams import Upstream, https_upstream
from tests.people import CANARY, Somebody, store
from vaultctl.proxy.authority import Authority

POST = f"""
import json
request = urllib.request.Request(
    "https://{HOST}:%d/echo?page=2",
    data=json.dumps({{"amount": 5}}).encode(),
    headers={{"Authorization": "Bearer " + os.environ["KEY"], "X-Own": "1"}},
)
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""


@dataclass(frozen=True)
class Brokered:
    """The host, which the server reaches."""

    upstream: Upstream

    @property
    def host(self) -> str:
        return f"{HOST}:{self.upstream.port}"


@pytest.fixture
def brokered(
    tmp_path: Path, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Brokered]:
    """Only the operator's network has the host's name."""
    authority = Authority()
    resolve = socket.getaddrinfo

    def resolved(host: Any, *rest: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host == HOST else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with https_upstream(authority, HOST, tmp_path) as upstream:
        found = Brokered(upstream)
        given = {"private_destinations": (found.host,), "destination_ca": authority.pem}
        exchanges._tls.cache_clear()
        with override_settings(ENVIRONMENT=settings.ENVIRONMENT.model_copy(update=given)):
            policy = {"disclosure": "broker", "destinations": [{"host": found.host}]}
            store(owner, policy=policy)
            yield found
        exchanges._tls.cache_clear()


def test_the_server_makes_the_programs_requests(
    vaultctl: Vaultctl, owner: Somebody, brokered: Brokered
) -> None:
    out = vaultctl.good(*RUN, *python(POST % brokered.upstream.port))
    seen = brokered.upstream.last
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"
    assert (seen.method, seen.body, seen.headers["X-Own"]) == ("POST", b'{"amount": 5}', "1")
    assert seen.path == "/echo?page=2"
    assert "[redacted]" in out
    assert CANARY not in out
    events = told(trail(owner.console.tenant_id, credential_key="stripe-api-key"))
    assert ("credential.used", "ok") in events
    assert ("credential.read", "ok") not in events


def test_what_the_server_refuses_reaches_the_program(
    vaultctl: Vaultctl, owner: Somebody, brokered: Brokered
) -> None:
    script = f"""
headers = {{"Authorization": "Bearer " + os.environ["KEY"]}}
data = bytes(range(256))
request = urllib.request.Request("https://{brokered.host}/", data=data, headers=headers)
try:
    urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
    out = vaultctl.good(
        *RUN, sys.executable, "-c", "import os, urllib.request, urllib.error" + script
    )
    assert out.startswith("413 ")
    assert brokered.upstream.seen == []
