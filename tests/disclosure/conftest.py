"""An echoing server that Vault may call, with a certificate of a private authority."""

from collections.abc import Iterator

import pytest

from tests.disclosure.echo_upstream import EchoUpstream
from tests.disclosure.private_ca import PrivateCA, make_ca
from tests.disclosure.sending import listed


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> PrivateCA:
    return make_ca(tmp_path_factory.mktemp("ca"), "localhost")


@pytest.fixture
def upstream(ca: PrivateCA) -> Iterator[EchoUpstream]:
    """Listed by the operator, who also trusts its authority."""
    with EchoUpstream(ca.server) as server, listed(server, ca):
        yield server
