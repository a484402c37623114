"""A real server for tests that come in over HTTP: uvicorn with the product's own application."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import uvicorn
from django.conf import settings

from devtools.client.http import new_http
from vaultsite.http_protocol import DeadlineProtocol

DEADLINE = 120.0  # for a server that is stuck, not for a machine that is slow


@contextmanager
def running_server() -> Iterator[str]:
    """Serve vaultsite.asgi at PUBLIC_URL from a thread of this process until the block is left."""
    from vaultsite.asgi import application

    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=urlsplit(settings.PUBLIC_URL).port or 80,
        lifespan="on",
        http=DeadlineProtocol,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield settings.PUBLIC_URL
    finally:
        server.should_exit = True
        thread.join(10)


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + DEADLINE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("the test server did not start")
        time.sleep(0.02)


def browser(base_url: str) -> httpx2.Client:
    """An HTTP client that keeps cookies and follows no redirect by itself."""
    return new_http(base_url=base_url, follow_redirects=False, timeout=30)
