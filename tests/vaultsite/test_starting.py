"""How the processes start: hardened, and not at all with an unsafe database role."""

import ctypes
import os
import resource
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.environment import free_port

PR_GET_DUMPABLE = 3

WEB = ["-m", "uvicorn", "vaultsite.asgi:application", "--port", str(free_port())]
WORKER = ["-m", "celery", "-A", "vaultsite.celery", "worker", "--concurrency", "1"]


def in_test_database(url: str) -> str:
    """The address of this process's own database."""
    name = settings.DATABASES["default"]["NAME"]
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.mark.parametrize("program", [WEB, WORKER], ids=["web", "worker"])
def test_a_role_that_row_level_security_does_not_bind_stops_the_start(
    database: None, program: list[str]
) -> None:
    owner = in_test_database(str(settings.ENVIRONMENT.database_owner_url))
    ended = subprocess.run(
        [sys.executable, *program],
        env={**os.environ, "VAULTSITE_DATABASE_URL": owner},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "VAULTSITE_DATABASE_URL must not name the owner of the tables" in said
    assert f":{urlsplit(owner).password}@" not in said


def test_a_running_process_leaves_no_core_and_shows_its_memory_to_nobody(server: str) -> None:
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


def test_a_websocket_is_refused(server: str) -> None:
    address = server.replace("http://", "ws://")
    with pytest.raises(InvalidStatus) as caught, connect(f"{address}/ws/live"):
        pass
    assert caught.value.response.status_code == 403
