"""Using a credential without being answered it: what arrives, what comes back, what is recorded."""

import json
import socket
from typing import Any

import pytest

from access.tenancy import tenant_transaction
from audit.models import Entry
from foundation.errors import (
    Conflict,
    DestinationDenied,
    DestinationFailed,
    DisclosureDenied,
    Invalid,
    InvalidHandle,
    LeaseConsumed,
    LeaseRevoked,
    Unavailable,
    VaultError,
)
from foundation.outgoing import use_slots
from foundation.outgoing.deadline import PinnedBackend
from leases.models import Lease
from leases.operations import release_lease, use
from leases.shapes import ReleaseLease
from tests.disclosure.cases import HEADER_TRICKS, HOSTILE_ADDRESSES, HOSTILE_DESTINATIONS
from tests.disclosure.echo_upstream import ECHO_CASES, EchoUpstream
from tests.disclosure.encodings import traces
from tests.disclosure.private_ca import PrivateCA
from tests.disclosure.sending import HEADER_VALUE, VALUE, leased, listed
from tests.disclosure.sending import use as used
from tests.people import PURPOSE, Somebody, read

INJECTIONS: dict[str, Any] = {
    "bearer": {"type": "bearer"},
    "header": HEADER_VALUE,
    "format": {"type": "header", "name": "Cookie", "format": "session={value}"},
    "basic": {"type": "basic", "user": "api"},
    "basic user": {"type": "basic"},
    "query": {"type": "query", "parameter": "key"},
}


def entries(owner: Somebody) -> list[Entry]:
    """The log about uses, oldest first."""
    with tenant_transaction(owner.console.tenant_id):
        rows = Entry.objects.of(owner.console).filter(event__startswith="credential.use")
        return list(rows.order_by("at", "id"))


def uses(owner: Somebody) -> int:
    """How often the lease was used."""
    with tenant_transaction(owner.console.tenant_id):
        return Lease.objects.of(owner.console).get().uses


def test_no_echo_comes_back(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}")
    leaks, unnoticed = [], []
    for case in ECHO_CASES:
        answer = used(owner, handle, f"https://localhost:{upstream.port}{case.path}")
        wire = json.dumps(answer.wire(), ensure_ascii=False).encode()
        if traces(wire, VALUE.encode()) or traces(answer.body.encode(), VALUE.encode()):
            leaks.append(case)
        if not answer.redactions and case.place != "trailer":
            unnoticed.append(case)
        assert answer.truncated is not case.ends

    assert len(ECHO_CASES) >= 50
    assert (leaks, unnoticed) == ([], [])
    assert upstream.received == [VALUE.encode()] * len(ECHO_CASES)
    assert upstream.connections == len(ECHO_CASES), "no redirect was followed"


@pytest.mark.parametrize("name", INJECTIONS)
def test_every_injection_arrives_and_none_comes_back(
    owner: Somebody, upstream: EchoUpstream, name: str
) -> None:
    host = f"localhost:{upstream.port}"
    value = VALUE.replace("=", "").replace("&", "")
    handle = leased(owner, {"host": host, "inject": INJECTIONS[name]}, value=value)
    for case in (one for one in ECHO_CASES if one.place in ("body", "header")):
        answer = used(owner, handle, f"https://{host}{case.path}")
        sent = upstream.received[-1]
        wire = json.dumps(answer.wire(), ensure_ascii=False).encode()
        assert not traces(wire, sent), case
        assert not traces(wire, value.encode()), case
        assert answer.redactions, case
    if name not in ("basic", "basic user", "format"):
        assert sent == value.encode()


def test_no_hostile_destination_is_reached(
    owner: Somebody, upstream: EchoUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = leased(
        owner,
        "api.example.com",
        "*.example.org",
        "alias.example.net:8443",
        f"localhost:{upstream.port}",
    )
    asked = _watch(monkeypatch)
    for url in HOSTILE_DESTINATIONS:
        with pytest.raises((Invalid, DestinationDenied)):
            used(owner, handle, url)

    assert len(HOSTILE_DESTINATIONS) >= 60
    assert (asked, upstream.connections, uses(owner)) == ([], 0, 0)


@pytest.mark.parametrize("addresses", HOSTILE_ADDRESSES, ids=" ".join)
def test_an_allowed_name_with_a_hostile_address_is_not_called(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    handle = leased(owner, "api.example.com")
    asked = _watch(monkeypatch, *addresses)

    with pytest.raises(DestinationDenied):
        used(owner, handle, "https://api.example.com/")

    assert asked == ["api.example.com"], "resolved once, nothing connected"
    assert [(one.event, one.outcome) for one in entries(owner)] == [
        ("credential.use_started", "ok"),
        ("credential.used", "denied"),
    ]


def _watch(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Names that are resolved, and addresses that are connected to; nothing leaves the machine."""
    asked: list[str] = []
    genuine = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host in ("localhost", "127.0.0.1"):
            return genuine(host, port, *rest, **more)
        asked.append(host)
        found = addresses or ("93.184.215.14",)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def connect(self: PinnedBackend, *_: Any, **__: Any) -> Any:
        asked.append(f"connected to {self._addresses}")
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(PinnedBackend, "connect_tcp", connect)
    return asked


def test_no_header_trick_reaches(owner: Somebody, upstream: EchoUpstream) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, host)
    for headers in HEADER_TRICKS:
        with pytest.raises(Invalid):
            used(owner, handle, f"https://{host}/", method="POST", headers=headers, body="four")

    assert len(HEADER_TRICKS) >= 30
    assert (upstream.connections, uses(owner)) == (0, 0)


@pytest.mark.parametrize("headers", [{"x-api-key": "mine"}, {"X_API_KEY": "mine"}])
def test_the_injected_header_cannot_be_given(
    owner: Somebody, upstream: EchoUpstream, headers: dict[str, str]
) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, {"host": host, "inject": HEADER_VALUE})

    with pytest.raises(Invalid):
        used(owner, handle, f"https://{host}/", headers=headers)
    assert upstream.connections == 0


@pytest.mark.parametrize("query", ["key=mine", "a=1&KEY=mine", "k%65y=mine", "key[]=1", "a;key=1"])
def test_the_injected_parameter_cannot_be_given(
    owner: Somebody, upstream: EchoUpstream, query: str
) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, {"host": host, "inject": INJECTIONS["query"]})

    with pytest.raises(Invalid):
        used(owner, handle, f"https://{host}/?{query}")
    assert upstream.connections == 0


def test_the_request_arrives_as_it_was_described(owner: Somebody, upstream: EchoUpstream) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, host)
    headers = {"Content-Type": "application/json", "X-Note": "a note"}

    answer = used(
        owner, handle, f"https://{host}/v1/a;b?q=1", method="POST", headers=headers, body='{"n": 1}'
    )

    assert (answer.status, json.loads(answer.body)) == (200, {"ok": True})
    (method, path, got, body), *_ = upstream.requests
    assert (method, path, body) == ("POST", "/v1/a;b?q=1", b'{"n": 1}')
    assert (
        dict(got).items() >= {**headers, "Host": host, "Authorization": f"Bearer {VALUE}"}.items()
    )


def test_http_only_to_a_host_that_the_operator_lists(owner: Somebody) -> None:
    with EchoUpstream(None) as plain, listed(plain, None):
        handle = leased(owner, f"localhost:{plain.port}")
        assert used(owner, handle, f"http://localhost:{plain.port}/").status == 200
        with listed(plain, None, development_destinations=()), pytest.raises(DestinationDenied):
            used(owner, handle, f"http://localhost:{plain.port}/")
        with (
            listed(plain, None, development_destinations=(), private_destinations=("localhost",)),
            pytest.raises(DestinationDenied),
        ):
            used(owner, handle, f"http://localhost:{plain.port}/")
    assert plain.connections == 1


def test_a_host_in_ones_own_network_is_called_when_it_is_listed(
    owner: Somebody, upstream: EchoUpstream, ca: PrivateCA
) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, host)
    with listed(upstream, ca, development_destinations=()):
        with pytest.raises(DestinationDenied):
            used(owner, handle, f"https://{host}/")
        assert upstream.connections == 0
    with listed(upstream, ca, development_destinations=(), private_destinations=("localhost",)):
        assert used(owner, handle, f"https://{host}/").status == 200


def test_a_certificate_that_nobody_vouches_for(owner: Somebody, ca: PrivateCA) -> None:
    with EchoUpstream(ca.server) as server, listed(server, None):
        handle = leased(owner, f"localhost:{server.port}")
        with pytest.raises(DestinationFailed):
            used(owner, handle, f"https://localhost:{server.port}/")
    assert server.received == []


def test_the_log_has_the_start_and_the_outcome_and_nothing_of_the_content(
    owner: Somebody, upstream: EchoUpstream
) -> None:
    host = f"localhost:{upstream.port}"
    handle = leased(owner, host)
    used(
        owner,
        handle,
        f"https://{host}/echo/body/hex?mark=queried",
        method="POST",
        headers={"X-Mark": "headed"},
        body="bodied",
    )

    started, outcome = entries(owner)
    assert (started.event, outcome.event) == ("credential.use_started", "credential.used")
    assert started.purpose == outcome.purpose == PURPOSE
    assert started.details == {"method": "POST", "host": host}
    assert outcome.details == {
        "method": "POST",
        "host": host,
        "status": 200,
        "bytes": outcome.details["bytes"],
        "redactions": 1,
        "truncated": False,
    }
    told = json.dumps([started.details, outcome.details, started.claimed, started.purpose])
    assert not any(word in told for word in ("queried", "headed", "bodied", "echo", VALUE))


def test_a_process_that_dies_in_between_leaves_the_start(
    owner: Somebody, upstream: EchoUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise SystemExit

    handle = leased(owner, f"localhost:{upstream.port}")
    monkeypatch.setattr(use, "exchange", die)
    with pytest.raises(SystemExit):
        used(owner, handle, f"https://localhost:{upstream.port}/")

    assert [one.event for one in entries(owner)] == ["credential.use_started"]
    assert uses(owner) == 1


def test_a_server_that_is_away(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, "localhost:1")
    nobody = listed(upstream, None, private_destinations=("localhost:1",))
    with nobody, pytest.raises(DestinationFailed):
        used(owner, handle, "https://localhost:1/")

    assert [(one.event, one.outcome) for one in entries(owner)] == [
        ("credential.use_started", "ok"),
        ("credential.used", "failed"),
    ]
    assert uses(owner) == 1


def test_a_defect_has_its_outcome_too(
    owner: Somebody, upstream: EchoUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    handle = leased(owner, f"localhost:{upstream.port}")
    monkeypatch.setattr(use, "Redactor", fail)
    with pytest.raises(ZeroDivisionError):
        used(owner, handle, f"https://localhost:{upstream.port}/")
    assert [one.outcome for one in entries(owner)] == ["ok", "failed"]


def test_uses_are_counted_with_reads(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}", maxUses=2)
    read(owner.agent, handle)
    used(owner, handle, f"https://localhost:{upstream.port}/")

    with pytest.raises(LeaseConsumed):
        used(owner, handle, f"https://localhost:{upstream.port}/")
    assert upstream.connections == 1


def test_no_slot_is_free(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}")
    tenant = str(owner.console.tenant_id)
    with (
        use_slots.taken(tenant),
        use_slots.taken(tenant),
        use_slots.taken(tenant),
        use_slots.taken(tenant),
        pytest.raises(Unavailable),
    ):
        used(owner, handle, f"https://localhost:{upstream.port}/")
    assert (upstream.connections, uses(owner)) == (0, 0)


def test_a_value_that_cannot_be_masked_is_not_sent(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}", value="short")
    with pytest.raises(Conflict):
        used(owner, handle, f"https://localhost:{upstream.port}/")
    assert (upstream.connections, uses(owner)) == (0, 0)


def test_what_no_channel_answers_can_be_used(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}", disclosure="broker")

    assert used(owner, handle, f"https://localhost:{upstream.port}/").status == 200
    with pytest.raises(DisclosureDenied) as refused:
        read(owner.agent, handle)
    assert "vault.use_credential" in refused.value.hint
    assert "vaultctl run --purpose 'why you need it' -c stripe-api-key -- " in refused.value.hint


def test_without_destinations(owner: Somebody) -> None:
    handle = leased(owner)
    with pytest.raises(DestinationDenied, match="no destination"):
        used(owner, handle, "https://api.example.com/")


def test_a_lease_that_ended_or_is_somebody_elses(
    owner: Somebody, member: Somebody, upstream: EchoUpstream
) -> None:
    url = f"https://localhost:{upstream.port}/"
    handle = leased(owner, f"localhost:{upstream.port}")
    with pytest.raises(InvalidHandle):
        used(member, handle, url)
    release_lease(owner.agent, ReleaseLease(lease_handle=handle))
    with pytest.raises(LeaseRevoked):
        used(owner, handle, url)
    assert upstream.connections == 0


def test_no_refusal_repeats_what_was_sent(owner: Somebody, upstream: EchoUpstream) -> None:
    handle = leased(owner, f"localhost:{upstream.port}")
    mark = "marked-by-the-caller"
    tries: tuple[dict[str, Any], ...] = (
        {"url": f"https://{mark}.example/"},
        {"url": f"ftp://{mark}/"},
        {"headers": {mark: "a\nb"}},
        {"headers": {"Host": mark}},
        {"method": mark},
    )
    for more in tries:
        given: dict[str, Any] = {"url": f"https://localhost:{upstream.port}/", **more}
        with pytest.raises(VaultError) as refused:
            used(owner, handle, **given)
        assert mark not in json.dumps(refused.value.as_problem())
