"""The web process alone, on the database of the running test."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest
from django.conf import settings

from tests.environment import free_port

DEADLINE = 120.0  # for a process that is stuck, not for a machine that is slow


@contextmanager
def web(redis_url: str) -> Iterator[str]:
    """The web process on this test's database, alone; its base URL."""
    with web_process(redis_url) as (url, _):
        yield url


@contextmanager
def web_process(redis_url: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The same with the process, for a test that ends it."""
    port = free_port()
    url = f"http://localhost:{port}"
    database = urlsplit(str(settings.ENVIRONMENT.database_url))
    name = settings.DATABASES["default"]["NAME"]
    changes = {
        "VAULTSITE_PUBLIC_URL": url,
        "VAULTSITE_REDIS_URL": redis_url,
        "VAULTSITE_DATABASE_URL": urlunsplit(database._replace(path=f"/{name}")),
        "VAULTSITE_DATABASE_POOL": "4",
    }
    command = [sys.executable, "-m", "uvicorn", "vaultsite.asgi:application", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--no-access-log"], env={**os.environ, **changes}
    )
    try:
        _wait(url, process)
        yield url, process
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx2.get(f"{url}/livez", trust_env=False)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the web process did not start")
