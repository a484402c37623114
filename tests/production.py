"""The web process in production form: as docs/operations.md starts it, behind a TLS proxy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx2
from django.conf import settings

from tests.environment import free_port

PROJECT = Path(__file__).resolve().parents[1]
HOST = "vault.example.org"
PUBLIC_URL = f"https://{HOST}"
DEADLINE = 120.0
UVICORN = (
    *("-m", "uvicorn", "vaultsite.asgi:application"),
    *("--no-access-log", "--no-server-header", "--no-proxy-headers", "--ws-max-size", "1024"),
    *("--http", "vaultsite.http_protocol:DeadlineProtocol"),
)


def production_environment(**changes: str) -> dict[str, str]:
    """This process's settings for its own database, without the marks of development."""
    name = settings.DATABASES["default"]["NAME"]
    url = urlsplit(str(settings.ENVIRONMENT.database_url))
    ours = {
        "VAULTSITE_DEVELOPMENT": "false",
        "VAULTSITE_PUBLIC_URL": PUBLIC_URL,
        "VAULTSITE_DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "VAULTSITE_DATABASE_POOL": "4",
        "VAULTSITE_TRUSTED_PROXIES": "1",
    }
    environment = {**os.environ, **ours, **changes}
    environment.pop("VAULTSITE_DATABASE_OWNER_URL", None)
    return environment


@contextmanager
def running_web(**changes: str) -> Iterator[int]:
    """The port of a web process with these settings changed, until the block is left."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *UVICORN, "--port", str(port)],
        cwd=PROJECT,
        env=production_environment(**changes),
    )
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def through_proxy(port: int) -> httpx2.Client:
    """A client whose requests look as if the TLS proxy had passed them on."""
    headers = {"Host": HOST, "X-Forwarded-For": "192.0.2.10", "X-Forwarded-Proto": "https"}
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers=headers, follow_redirects=False, timeout=30
    )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        try:
            with through_proxy(port) as client:
                if client.get("/livez").status_code == 200:
                    return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the web process did not start")
