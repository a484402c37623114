"""The proxy of `vaultctl run`: who is given the value, and that nothing of it comes back."""

import base64
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from disclosure.destinations import parse_destinations
from tests.cli.upstreams import Upstream, http_upstream, https_upstream, machine_proxy
from tests.disclosure.echo_upstream import ECHO_CASES, EchoUpstream
from tests.disclosure.encodings import traces
from tests.disclosure.private_ca import make_ca
from vaultctl.errors import VaultctlError
from vaultctl.leasing import HeldLease
from vaultctl.proxy.authority import Authority
from vaultctl.proxy.broker import Broker
from vaultctl.proxy.credentials import ProxiedCredential, build_redactor
from vaultctl.proxy.environment import proxy_environment
from vaultctl.proxy.exchange import Exchange
from vaultctl.proxy.network import is_refused
from vaultctl.proxy.server import Proxy, serving
from vaultctl.proxy.upstream import Upstream as Way
from vaultctl.running.plan import Part
from vaultctl.running.plan import Way as Ways

VALUE = "sk_live_7hG2/kPq+9wZ~canary"
HOST, OTHER = "api.stripe.test", "elsewhere.test"
BEARER = [{"host": HOST}]


@dataclass
class Lease:
    """In force until a test says otherwise."""

    reason: str = ""

    def check(self) -> str:
        return self.reason


@dataclass
class Setup:
    """The proxy of one run with an upstream for each of two hosts."""

    directory: Path
    upstream: Upstream
    other: Upstream
    plain: Upstream
    address: str
    authorities: Path
    lease: Lease
    part: Part
    environment: dict[str, str] = field(repr=False)

    @property
    def placeholder(self) -> str:
        return self.part.placeholder

    def program(self, **settings: Any) -> httpx2.Client:
        """A program that the run started."""
        context = ssl.create_default_context(cafile=str(self.authorities))
        given = {"proxy": self.address, "verify": context, "trust_env": False, "timeout": 20}
        return httpx2.Client(**{**given, **settings})

    def get(self, path: str, host: str = HOST, **headers: str) -> httpx2.Response:
        """One request with the placeholder as a bearer token, unless headers are given."""
        sent = headers or {"Authorization": f"Bearer {self.placeholder}"}
        with self.program() as http:
            return http.get(f"https://{host}{path}", headers=sent)


@pytest.fixture
def destinations() -> list[dict[str, Any]]:
    """The rule of the credential; tests override it."""
    return BEARER


@pytest.fixture
def setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, destinations: list[dict[str, Any]]
) -> Iterator[Setup]:
    private = Authority()
    bundle = tmp_path / "private.pem"
    bundle.write_text(private.pem)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with (
        https_upstream(private, HOST, tmp_path) as upstream,
        https_upstream(private, OTHER, tmp_path) as other,
        http_upstream() as plain,
        machine_proxy(
            {
                f"{HOST}:443": upstream.port,
                f"{HOST}:8443": upstream.port,
                f"{OTHER}:443": other.port,
            }
            | {f"{HOST}:80": plain.port}
        ) as machine,
    ):
        monkeypatch.setenv("HTTPS_PROXY", machine)
        lease = Lease()
        part = Part("stripe-api-key", "STRIPE", Ways.PROXY, parse_destinations(destinations))
        with proxied(part, lease, tmp_path) as (proxy, address):
            environment = proxy_environment(os.environ, address, proxy.authority, tmp_path)
            yield Setup(
                tmp_path,
                upstream,
                other,
                plain,
                address,
                Path(environment["SSL_CERT_FILE"]),
                lease,
                part,
                environment,
            )


@contextmanager
def proxied(part: Part, lease: Lease, directory: Path) -> Iterator[tuple[Proxy, str]]:
    """The proxy of a run with one credential, and its address."""
    credential = ProxiedCredential(part, cast(HeldLease, lease), VALUE)
    way = Way(dict(os.environ), build_redactor([credential]))
    proxy = Proxy(Exchange((credential,), way, cast(Broker, None)), Authority(), directory)
    with serving(proxy) as address:
        yield proxy, address
    way.close()


def secrets_in(data: bytes) -> list[str]:
    """The forms of the value that appear somewhere."""
    raw = VALUE.encode()
    forms = {"raw": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for pad in range(3):
        encoded = base64.b64encode(b"x" * pad + raw)
        forms[f"base64 at {pad}"] = encoded[4:-4] if pad else encoded[:-4]
    forms["beginning"] = raw[:16]
    return [name for name, form in forms.items() if form in data]


def whole(answer: httpx2.Response) -> bytes:
    """Everything that a program sees of an answer."""
    lines = [name + b": " + text for name, text in answer.headers.raw]
    reason = answer.extensions.get("reason_phrase", b"")
    return b"\n".join([bytes(reason), *lines, answer.content])


def test_the_host_is_given_the_value_and_the_program_never_sees_it(setup: Setup) -> None:
    answer = setup.get("/echo")
    assert setup.upstream.last.headers["Authorization"] == f"Bearer {VALUE}"
    assert setup.upstream.last.headers["Host"] == HOST
    assert answer.status_code == 200
    assert b"[redacted]" in answer.content
    assert secrets_in(whole(answer)) == []


@pytest.mark.parametrize(
    "path", ["/echo", "/header", "/gzip", "/split", "/redirect", "/failure", "/"]
)
def test_nothing_of_the_value_comes_back(setup: Setup, path: str) -> None:
    answer = setup.get(path)
    assert VALUE in setup.upstream.last.headers["Authorization"]
    assert secrets_in(whole(answer)) == []
    assert answer.status_code in (200, 302, 401)


def test_no_echo_of_the_shared_suite_comes_back(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suite that `vault.use_credential` passes too."""
    (tmp_path / "echo").mkdir()
    ca = make_ca(tmp_path / "echo", HOST)
    bundle = tmp_path / "echo" / "authority.pem"
    bundle.write_text(ca.authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with (
        EchoUpstream(ca.server) as upstream,
        machine_proxy({f"{HOST}:443": upstream.port}) as machine,
    ):
        monkeypatch.setenv("HTTPS_PROXY", machine)
        with proxied(setup.part, Lease(), tmp_path) as (proxy, address):
            trusted = ssl.create_default_context(cadata=proxy.authority.pem)
            with setup.program(proxy=address, verify=trusted) as http:
                for case in ECHO_CASES:
                    got = answer_to(http, case.path, setup.placeholder)
                    assert traces(got, VALUE.encode()) == [], case
        assert set(upstream.received) == {VALUE.encode()}
        assert len(upstream.received) == len(ECHO_CASES)


def answer_to(http: httpx2.Client, path: str, placeholder: str) -> bytes:
    """Everything of an answer, or its first 200 KB."""
    headers = {"Authorization": f"Bearer {placeholder}"}
    with http.stream("GET", f"https://{HOST}{path}", headers=headers) as answer:
        got = b"\n".join(name + b": " + text for name, text in answer.headers.raw)
        for chunk in answer.iter_bytes():
            got += chunk
            if len(got) > 200_000:
                break
    return got


def test_an_answer_that_cannot_be_checked_is_refused(setup: Setup) -> None:
    answer = setup.get("/brotli")
    assert answer.status_code == 502
    assert secrets_in(whole(answer)) == []


def test_an_endless_answer_streams_and_is_redacted(setup: Setup) -> None:
    got = b""
    with setup.program() as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        with http.stream("GET", f"https://{HOST}/endless", headers=headers) as answer:
            for chunk in answer.iter_bytes():
                got += chunk
                if got.count(b"[redacted]") > 5:
                    break
    assert secrets_in(got) == []


def test_an_answer_that_breaks_off_ends_in_an_error(setup: Setup) -> None:
    with pytest.raises(httpx2.HTTPError):
        setup.get("/cut")


def test_a_request_without_the_placeholder_is_passed_on_as_it_is(setup: Setup) -> None:
    setup.get("/", Authorization="Bearer the program's own", Cookie="a=1")
    assert setup.upstream.last.headers["Authorization"] == "Bearer the program's own"
    assert setup.upstream.last.headers["Cookie"] == "a=1"


def test_another_host_is_tunnelled_and_sees_the_placeholder(setup: Setup) -> None:
    context = ssl.create_default_context(cafile=str(setup.directory / "private.pem"))
    with setup.program(verify=context) as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        assert http.get(f"https://{OTHER}/echo", headers=headers).status_code == 200
    assert setup.other.last.headers["Authorization"] == f"Bearer {setup.placeholder}"


def test_another_port_of_the_host_has_no_rule(setup: Setup) -> None:
    context = ssl.create_default_context(cafile=str(setup.directory / "private.pem"))
    with setup.program(verify=context) as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        http.get(f"https://{HOST}:8443/", headers=headers)
    assert setup.upstream.last.headers["Authorization"] == f"Bearer {setup.placeholder}"


def test_the_connection_counts_and_not_what_the_request_says(setup: Setup) -> None:
    bearer = f"Bearer {setup.placeholder}"
    setup.get("/", Authorization=bearer, Host=OTHER, **{"X-Forwarded-Host": OTHER})
    assert setup.upstream.last.headers["Host"] == HOST
    assert "X-Forwarded-Host" not in setup.upstream.last.headers


def test_plain_http_is_never_given_the_value(setup: Setup) -> None:
    with setup.program() as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        answer = http.post(f"http://{HOST}/echo", headers=headers, content=b"hello")
    assert answer.status_code == 200
    assert setup.plain.last.headers["Authorization"] == f"Bearer {setup.placeholder}"
    assert setup.plain.last.body == b"hello"
    assert "Proxy-Authorization" not in setup.plain.last.headers


def test_a_lease_that_ended_is_refused_with_the_reason(setup: Setup) -> None:
    assert setup.get("/").status_code == 200
    setup.lease.reason = "The lease is revoked."
    answer = setup.get("/")
    assert answer.status_code == 403
    assert "stripe-api-key: The lease is revoked." in answer.json()["error"]["message"]
    with setup.program() as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        posted = http.post(f"https://{HOST}/", headers=headers, content=b"x" * 500_000)
    assert posted.status_code == 403
    assert len(setup.upstream.seen) == 1


def test_the_proxy_is_for_the_runs_program_only(setup: Setup) -> None:
    port = setup.address.rpartition(":")[2]
    for other in (f"http://127.0.0.1:{port}", f"http://vaultctl:wrong@127.0.0.1:{port}"):
        with setup.program(proxy=other) as http, pytest.raises(httpx2.ProxyError):
            http.get(f"https://{HOST}/")
    assert setup.upstream.seen == []


def test_bodies_of_both_framings_arrive_whole(setup: Setup) -> None:
    body = os.urandom(300_000)
    headers = {"Authorization": f"Bearer {setup.placeholder}"}
    with setup.program() as http:
        http.post(f"https://{HOST}/", headers=headers, content=body)
        assert setup.upstream.last.body == body
        parts = (body[at : at + 7000] for at in range(0, len(body), 7000))
        http.put(f"https://{HOST}/", headers=headers, content=parts)
    assert setup.upstream.last.body == body
    assert VALUE in setup.upstream.last.headers["Authorization"]


def test_a_connection_serves_several_requests(setup: Setup) -> None:
    headers = {"Authorization": f"Bearer {setup.placeholder}"}
    with setup.program() as http:
        for method in ("GET", "HEAD", "POST", "DELETE", "GET"):
            assert http.request(method, f"https://{HOST}/x", headers=headers).status_code == 200
    assert [one.method for one in setup.upstream.seen] == ["GET", "HEAD", "POST", "DELETE", "GET"]


def test_trace_is_refused_because_it_echoes(setup: Setup) -> None:
    with setup.program() as http:
        headers = {"Authorization": f"Bearer {setup.placeholder}"}
        assert http.request("TRACE", f"https://{HOST}/", headers=headers).status_code == 400
    assert setup.upstream.seen == []


@pytest.mark.parametrize(
    "destinations",
    [[{"host": HOST, "inject": {"type": "header", "name": "X-Api-Key", "format": "k {value}"}}]],
)
def test_a_header_of_its_own(setup: Setup) -> None:
    answer = setup.get("/echo", **{"x-api-key": setup.placeholder})
    assert setup.upstream.last.headers["X-Api-Key"] == f"k {VALUE}"
    assert secrets_in(whole(answer)) == []
    assert setup.placeholder not in str(setup.upstream.last.headers)


@pytest.mark.parametrize(
    "destinations", [[{"host": HOST, "inject": {"type": "basic", "user": "api"}}]]
)
def test_basic_and_its_encoded_form(setup: Setup) -> None:
    token = base64.b64encode(f"api:{setup.placeholder}".encode()).decode()
    answer = setup.get("/echo", Authorization=f"Basic {token}")
    sent = base64.b64encode(f"api:{VALUE}".encode())
    assert setup.upstream.last.headers["Authorization"] == f"Basic {sent.decode()}"
    assert secrets_in(whole(answer)) == []
    for form in (sent, sent.hex().encode(), base64.b64encode(sent)[:-4]):
        assert form not in answer.content


@pytest.mark.parametrize(
    "destinations", [[{"host": HOST, "inject": {"type": "query", "parameter": "key"}}]]
)
def test_a_parameter_of_the_query(setup: Setup) -> None:
    with setup.program() as http:
        answer = http.get(f"https://{HOST}/echo?a=1&key={setup.placeholder}")
    assert setup.upstream.last.path.startswith("/echo?a=1&key=sk_live_")
    assert setup.placeholder not in setup.upstream.last.path
    assert secrets_in(whole(answer)) == []


def test_a_host_that_cannot_prove_itself_gets_nothing(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Authority()
    (tmp_path / "inner").mkdir()
    with (
        https_upstream(stranger, HOST, tmp_path / "inner") as impostor,
        machine_proxy({f"{HOST}:443": impostor.port}) as machine,
    ):
        monkeypatch.setenv("HTTPS_PROXY", machine)
        with (
            proxied(setup.part, Lease(), tmp_path) as (_, address),
            setup.program(proxy=address, verify=False) as http,
        ):
            headers = {"Authorization": f"Bearer {setup.placeholder}"}
            answer = http.get(f"https://{HOST}/", headers=headers)
    assert answer.status_code == 502
    assert impostor.seen == []


@pytest.mark.parametrize(
    ("address", "always", "in_a_sandbox"),
    [
        ("169.254.169.254", True, True),
        ("::ffff:169.254.169.254", True, True),
        ("fe80::1", True, True),
        ("0.0.0.0", True, True),
        ("224.0.0.1", True, True),
        ("10.0.0.1", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("93.184.216.34", False, False),
    ],
)
def test_addresses_that_programs_do_not_reach(
    address: str, always: bool, in_a_sandbox: bool
) -> None:
    assert is_refused(address, public_only=False) is always
    assert is_refused(address, public_only=True) is in_a_sandbox


@pytest.mark.parametrize("value", ["short", "aaaaaaaaaaaa", "password"])
def test_a_value_that_cannot_be_taken_out_of_answers_is_not_used(setup: Setup, value: str) -> None:
    credential = ProxiedCredential(setup.part, cast(HeldLease, Lease()), value)
    with pytest.raises(VaultctlError, match="cannot be taken out") as refused:
        build_redactor([credential])
    assert value not in refused.value.message.split()


def test_the_variables_of_the_program(setup: Setup) -> None:
    found = setup.environment
    assert {found[name] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY")} == {setup.address}
    assert found["NO_PROXY"] == "localhost,127.0.0.1,::1"
    bundle = Path(found["NODE_EXTRA_CA_CERTS"]).read_text()
    assert (setup.directory / "private.pem").read_text() in bundle
    assert VALUE not in str(found)
