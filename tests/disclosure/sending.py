"""Credentials that may be sent to a server of the test's own, and their use."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.test import override_settings

from foundation.outgoing import exchanges
from leases.operations import use_credential
from leases.shapes import UseCredential, UsedOut
from tests.disclosure.echo_upstream import EchoUpstream
from tests.disclosure.private_ca import PrivateCA
from tests.people import Somebody, lease, store

VALUE = "sk_live_51Hq9xYzAbC25q7Lm/+=&%"
HEADER_VALUE = {"type": "header", "name": "X-Api-Key"}


@contextmanager
def listed(server: EchoUpstream, ca: PrivateCA | None, **more: object) -> Iterator[None]:
    """The operator's settings that let Vault call the server, also over http."""
    given = {
        "development_destinations": (f"localhost:{server.port}",),
        "destination_ca": ca.authority if ca else None,
        **more,
    }
    exchanges._tls.cache_clear()
    with override_settings(ENVIRONMENT=settings.ENVIRONMENT.model_copy(update=given)):
        yield
    exchanges._tls.cache_clear()


def leased(owner: Somebody, *destinations: object, value: str = VALUE, **policy: object) -> str:
    """The handle of the owner's agent on a new credential with these destinations."""
    wire = [one if isinstance(one, dict) else {"host": one} for one in destinations]
    store(owner, value=value, policy={"destinations": wire or None, **policy})
    return lease(owner.agent).lease_handle


def use(owner: Somebody, handle: str, url: str, **more: object) -> UsedOut:
    """What the owner's agent is answered."""
    data = {"leaseHandle": handle, "method": "GET", "url": url, **more}
    return use_credential(owner.agent, UseCredential.parse(data))
