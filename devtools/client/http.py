"""HTTP for scripted clients and tests."""

import ssl
from functools import cache
from typing import Any

import httpx2


def new_http(**options: Any) -> httpx2.Client:
    """A client without the environment's proxies: what it talks to is on this machine."""
    return httpx2.Client(**{"verify": tls_context(), "trust_env": False, **options})


@cache
def tls_context() -> ssl.SSLContext:
    """Made once, because reading all certificate authorities takes longer than a test."""
    return httpx2.create_ssl_context(trust_env=False)
