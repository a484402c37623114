"""Invariant I13: nothing that others need is held during a call to another system.

Every place that calls one is enumerated. Each is run, and at the moment of its connection this
thread has no database connection, no transaction is open, and no lock of the product is taken.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings

from foundation.outgoing.deadline import PinnedBackend
from foundation.outgoing.slots import slots, use_slots
from identity.authorization_server.client_documents import failures
from leases.operations import use_credential
from leases.shapes import UseCredential
from tests.console.pages import signed_in
from tests.contracts.models import OURS
from tests.contracts.test_outgoing import APPS
from tests.disclosure.echo_upstream import SENDABLE
from tests.environment import free_port
from tests.identity.oidc_providers import running_provider, set_up
from tests.people import Somebody, lease, store
from tests.storage import owner_sql

WAYS_OUT = frozenset({"call", "exchange"})


def sign_in_through_a_provider(owner: Somebody) -> None:
    """Discovery, token and keys."""
    with running_provider() as provider:
        set_up(owner, provider.issuer)
        browser = Client()
        location = browser.get("/account/sso/acme/")["Location"]
        answer = browser.get(provider.callback(location, owner.person.email))
        assert answer["Location"] == "/"


def use_a_credential(owner: Somebody) -> None:
    """One request with a value."""
    store(owner, policy={"destinations": [{"host": SENDABLE}]})
    handle = lease(owner.agent).lease_handle
    data = {"leaseHandle": handle, "method": "GET", "url": f"http://{SENDABLE}/"}
    assert use_credential(owner.agent, UseCredential.parse(data)).status == 200


def name_a_metadata_document(owner: Somebody) -> None:
    """A signed-in person is led here by a client that registered nowhere."""
    failures.forget()
    document = f"https://localhost:{free_port()}/agent/metadata.json"
    allowed = settings.ENVIRONMENT.model_copy(update={"private_providers": ("localhost",)})
    asked = {"client_id": document, "response_type": "code", "redirect_uri": "http://localhost/x"}
    with override_settings(ENVIRONMENT=allowed):
        assert signed_in(owner).get("/oauth/authorize", asked).status_code == 400


# The modules that call another system through the guard, and what makes them do it.
CALLERS: dict[str, tuple[Callable[[Somebody], None], int]] = {
    "identity/authorization_server/client_documents.py": (name_a_metadata_document, 1),
    "identity/oidc_client/documents.py": (sign_in_through_a_provider, 3),
    "leases/operations/use.py": (use_a_credential, 1),
}


def _callers() -> Iterator[str]:
    root = Path(settings.BASE_DIR)
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            tree = ast.parse(path.read_text())
            names = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module == "foundation.outgoing"
                for alias in node.names
            }
            if names & WAYS_OUT:
                yield str(path.relative_to(root))


def test_every_caller_of_another_system_has_a_case() -> None:
    assert set(_callers()) == set(CALLERS)


def _locks() -> dict[str, Any]:
    """The locks of modules, and of the objects in them."""
    kind = type(Lock())
    found: dict[str, Any] = {}
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] not in {*OURS, "foundation", "mcpserver"}:
            continue
        for name, thing in list(vars(module).items()):
            parts = vars(thing) if hasattr(thing, "__dict__") else {}
            for part, value in {"": thing, **parts}.items():
                if isinstance(value, kind):
                    found[f"{module_name}.{name}.{part}"] = value
    return found


def test_the_locks_of_the_product_are_found() -> None:
    assert {id(slots._lock), id(use_slots._lock)} <= set(map(id, _locks().values()))


@pytest.mark.usefixtures("sendable")
@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_is_held_during_a_call(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch, caller: str
) -> None:
    run, times = CALLERS[caller]
    connect = PinnedBackend.connect_tcp
    held: list[dict[str, object]] = []

    def look(self: PinnedBackend, *arguments: Any, **more: Any) -> Any:
        held.append(
            {
                "connections": [
                    one.alias
                    for one in connections.all(initialized_only=True)
                    if one.connection is not None and one.alias == "default"
                ],
                "locks": [name for name, lock in _locks().items() if lock.locked()],
                "rows": owner_sql(
                    "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype ="
                    " 'virtualxid' AND datname = current_database() AND usename = %s",
                    settings.DATABASES["default"]["USER"],
                ),
            }
        )
        return connect(self, *arguments, **more)

    monkeypatch.setattr(PinnedBackend, "connect_tcp", look)
    run(owner)

    assert held == [{"connections": [], "locks": [], "rows": []}] * times
