"""A process alone, on the database of the running test."""

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
def web(redis_url: str = "", **changes: str) -> Iterator[str]:
    """The web process on this test's database, alone; its base URL."""
    with web_process(redis_url, **changes) as (url, _):
        yield url


@contextmanager
def web_process(redis_url: str, **changes: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The same with the process, for a test that ends it."""
    port = free_port()
    url = f"http://localhost:{port}"
    command = ["-m", "uvicorn", "vaultsite.asgi:application", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, *command, "--log-level", "error", "--no-access-log"],
        env=environment(
            VAULTSITE_PUBLIC_URL=url,
            VAULTSITE_REDIS_URL=redis_url or os.environ["VAULTSITE_REDIS_URL"],
            **changes,
        ),
    )
    try:
        _wait(url, process)
        yield url, process
    finally:
        process.terminate()
        process.wait(20)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a process on this test's database."""
    given = {"VAULTSITE_DATABASE_URL": database_url(), "VAULTSITE_DATABASE_POOL": "4", **changes}
    kept = {k: v for k, v in os.environ.items() if k.removesuffix("_FILE") not in given}
    return {**kept, **given}


def database_url() -> str:
    """The application's URL of this test's database."""
    database = urlsplit(str(settings.ENVIRONMENT.database_url))
    return urlunsplit(database._replace(path=f"/{settings.DATABASES['default']['NAME']}"))


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
