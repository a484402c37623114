"""deploy/nginx.conf with the real nginx, in front of a web process in production form.

Skipped only where nginx is not installed.
"""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from audit.recording import INSTALLATION
from tests.audit_trail import trail
from tests.disclosure.private_ca import make_ca
from tests.environment import free_port
from tests.people import Somebody
from tests.production import HOST, PROJECT, PUBLIC_URL, running_web
from tests.vaultsite.test_production import SIGN_IN, send_form

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
DEADLINE = 60.0
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused1;
    uwsgi_temp_path {folder}/unused2;
    scgi_temp_path {folder}/unused3;
    access_log {folder}/access.log;
    include {folder}/vault.conf;
}}
"""

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass(frozen=True)
class Proxy:
    """A running nginx, with its ports and its files."""

    https: int
    http: int
    folder: Path
    trust: ssl.SSLContext

    def client(self) -> httpx2.Client:
        """A client that comes through the proxy."""
        return httpx2.Client(
            base_url=f"https://127.0.0.1:{self.https}",
            headers={"Host": HOST},
            verify=self.trust,
            follow_redirects=False,
            timeout=30,
        )


@pytest.fixture(scope="module")
def proxy(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx with the file of the repository; only names, ports and one deadline are changed."""
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    authority = make_ca(folder, HOST, "127.0.0.1")
    https, http = free_port(), free_port()
    with running_web() as web:
        site = (PROJECT / "deploy" / "nginx.conf").read_text()
        for old, new in {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl;\n": "",
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{web};",
            "/etc/nginx/vault.crt": str(authority.server),
            "/etc/nginx/vault.key": str(authority.server),
            "client_body_timeout 30s;": "client_body_timeout 1s;",
        }.items():
            assert old in site, old
            site = site.replace(old, new)
        (folder / "vault.conf").write_text(site)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        trust = ssl.create_default_context(cadata=authority.authority)
        yield from _running(Proxy(https, http, folder, trust))


def _running(proxy: Proxy) -> Iterator[Proxy]:
    assert NGINX is not None
    command = [NGINX, "-p", str(proxy.folder), "-c", str(proxy.folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    try:
        end = time.monotonic() + DEADLINE
        while not _listens(proxy.https):
            assert process.poll() is None, "nginx ended"
            assert time.monotonic() < end
            time.sleep(0.05)
        yield proxy
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def browser(proxy: Proxy, database: None) -> Iterator[httpx2.Client]:
    with proxy.client() as client:
        yield client


def test_pages_come_through_with_hsts_and_without_the_servers_version(
    browser: httpx2.Client,
) -> None:
    page = browser.get(SIGN_IN)
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"]
    assert page.headers["server"] == "nginx"


def test_a_form_comes_through_and_the_address_cannot_be_forged(
    browser: httpx2.Client, owner: Somebody
) -> None:
    sent = send_form(browser, Origin=PUBLIC_URL, **{"X-Forwarded-For": "203.0.113.66"})
    assert sent.status_code == 200
    (entry,) = trail(INSTALLATION, event="session.failed")
    assert entry.address == "127.0.0.1"


def test_http_leads_to_https_and_to_no_other_host(proxy: Proxy) -> None:
    plain = httpx2.get(
        f"http://127.0.0.1:{proxy.http}/team/?a=b", headers={"Host": "evil.example.org"}
    )
    assert plain.status_code == 301
    assert plain.headers["Location"] == f"{PUBLIC_URL}/team/?a=b"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_what_is_for_the_operator_is_not_public(browser: httpx2.Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_bodies_are_limited_and_never_written_to_disk(proxy: Proxy, database: None) -> None:
    with proxy.client() as client:
        assert client.post("/oauth/token", content=b"x" * (512 * 1024 + 1)).status_code == 413
        assert client.post("/oauth/token", content=b"x" * (500 * 1024)).status_code == 400
    error_log = (proxy.folder / "error.log").read_text()
    assert "buffered to a temporary file" not in error_log
    assert not [path for path in (proxy.folder / "bodies").rglob("*") if path.is_file()]


def test_an_import_is_judged_by_its_head(proxy: Proxy, database: None) -> None:
    head = (
        f"POST /api/v1/imports HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {8 * 1024 * 1024 - 1}\r\n\r\n"
    )
    assert _answer(proxy, head.encode()).startswith(b"HTTP/1.1 401 ")


def test_a_body_that_does_not_arrive_is_not_waited_for(proxy: Proxy, database: None) -> None:
    head = f"POST /oauth/token HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\nhalf"
    found = _answer(proxy, head.encode())
    assert found == b"" or found.startswith(b"HTTP/1.1 408 ")


def _answer(proxy: Proxy, sent: bytes) -> bytes:
    """What comes back for these bytes over TLS, up to the end of the head or of the connection."""
    raw = socket.create_connection(("127.0.0.1", proxy.https), DEADLINE)
    with proxy.trust.wrap_socket(raw, server_hostname=HOST) as tls:
        tls.settimeout(DEADLINE)
        tls.sendall(sent)
        found = b""
        while b"\r\n\r\n" not in found and (part := tls.recv(4096)):
            found += part
        return found


def test_live_pages_come_through(proxy: Proxy, database: None) -> None:
    with (
        connect(
            f"wss://{HOST}/ws/live/",
            sock=socket.create_connection(("127.0.0.1", proxy.https), DEADLINE),
            ssl=proxy.trust,
            server_hostname=HOST,
            additional_headers={"Origin": PUBLIC_URL},
            proxy=None,
        ) as page,
        pytest.raises(ConnectionClosed) as closed,
    ):
        page.recv(timeout=DEADLINE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_no_address_is_logged(proxy: Proxy, browser: httpx2.Client) -> None:
    browser.get("/oauth/complete?code=a-secret-code")
    for log in proxy.folder.glob("*.log"):
        assert "a-secret-code" not in log.read_text()


def test_connections_are_kept_shorter_than_by_the_web_process() -> None:
    """Otherwise nginx would send a request on a connection that is just being closed."""
    site = (PROJECT / "deploy" / "nginx.conf").read_text()
    guide = (PROJECT / "docs" / "operations.md").read_text()
    assert "keepalive_timeout 60s;" in site
    assert "--timeout-keep-alive 75" in guide


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_reads_its_file() -> None:
    checked = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
