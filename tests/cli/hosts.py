"""Hosts that runs of vaultctl reach: names of https servers behind a private authority."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.upstreams import Upstream, https_upstream, machine_proxy
from vaultctl.proxy.authority import Authority

HOST, OTHER = "api.stripe.test", "elsewhere.test"


@dataclass(frozen=True)
class Hosts:
    """A host that credentials may be sent to, and another one."""

    upstream: Upstream
    other: Upstream
    variables: dict[str, str]


@contextmanager
def reachable_hosts(directory: Path) -> Iterator[Hosts]:
    """The hosts, reached as a machine behind a proxy reaches them; `variables` lead there."""
    authority = Authority()
    bundle = directory / "private.pem"
    bundle.write_text(authority.pem)
    with (
        https_upstream(authority, HOST, directory) as upstream,
        https_upstream(authority, OTHER, directory) as other,
        machine_proxy({f"{HOST}:443": upstream.port, f"{OTHER}:443": other.port}) as machine,
    ):
        yield Hosts(upstream, other, {"HTTPS_PROXY": machine, "SSL_CERT_FILE": str(bundle)})
