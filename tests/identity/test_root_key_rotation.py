"""Replacing the root key: afterwards the new one opens everything, and the old one nothing."""

import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from pydantic import SecretStr

from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from audit.recording import INSTALLATION
from credentials.envelope import require_known_root_key, require_openable_keys
from credentials.keyrings import open_keys, root_key
from foundation.errors import Unavailable
from identity.models import SingleSignOn
from identity.oidc_client.sealed_secret import open_secret, seal_secret
from identity.operations import root_key_rotation
from identity.sign_in.factors import FactorAdapter
from identity.tokens import signing_keys
from tests.console.pages import signed_in
from tests.identity.test_second_factors import recovery_codes, with_app
from tests.people import CANARY, Somebody, lease, read, store
from tests.storage import owner_sql

NEW = token_urlsafe(32)
ISSUER, CLIENT, SECRET = "https://id.example.org", "vault", "provider-secret"
UseKeys = Callable[..., None]


@pytest.fixture
def old(settings: LazySettings) -> str:
    """The root key of the tests."""
    text: str = settings.ENVIRONMENT.root_key.get_secret_value()
    return text


@pytest.fixture
def use(settings: LazySettings, old: str) -> Iterator[UseKeys]:
    """Go on with other root keys; afterwards everything is under the tests' own again, because
    signing keys outlive a test.
    """

    def use_keys(first: str, second: str | None = None) -> None:
        keys = {
            "root_key": SecretStr(first),
            "root_key_second": SecretStr(second) if second else None,
        }
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=keys)
        root_key.cache_clear()
        open_keys.forget()
        signing_keys._opened.cache_clear()  # as in a new process

    yield use_keys
    use_keys(old, NEW)
    for step in root_key_rotation.rotation_steps():
        if step.name.startswith("signing key"):
            step.run()
    use_keys(old)


def rotate() -> str:
    """Run the command; what it prints."""
    output = StringIO()
    call_command("rotate_root_key", stdout=output)
    return output.getvalue()


def add_provider(owner: Somebody) -> None:
    """A single sign-on provider with a sealed secret."""
    tenant_id = owner.console.tenant_id
    with tenant_transaction(tenant_id):
        SingleSignOn.objects.create(
            tenant_id=tenant_id,
            issuer=ISSUER,
            oauth_client_id=CLIENT,
            sealed_secret=seal_secret(tenant_id, ISSUER, CLIENT, SECRET),
        )


def add_factors(owner: Somebody) -> str:
    """An authenticator app and recovery codes; the app's seed."""
    browser = signed_in(owner)
    seed = with_app(browser)
    recovery_codes(browser)
    return seed


def require_all_open(owner: Somebody, handle: str, seed: str) -> None:
    """Open one of each kind of thing that a root key wraps."""
    require_known_root_key()
    require_openable_keys()
    assert read(owner.agent, handle).value.get_secret_value() == CANARY
    assert signing_keys.sign(signing_keys.signing_key(), {"sub": "x"}, "at+jwt")
    with tenant_transaction(owner.console.tenant_id):
        assert open_secret(SingleSignOn.objects.get()) == SECRET
    sealed = [
        text
        for factor in Authenticator.objects.all()
        for name in ("secret", "seed")
        if isinstance(text := factor.data.get(name), str)
    ]
    assert len(sealed) == 2
    assert seed in [FactorAdapter().decrypt(text) for text in sealed]


def test_afterwards_the_new_key_opens_everything_and_the_old_one_nothing(
    owner: Somebody, old: str, use: UseKeys
) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    add_provider(owner)
    seed = add_factors(owner)
    signing_keys.signing_key()

    use(old, NEW)
    require_all_open(owner, handle, seed)
    use(NEW, old)
    require_all_open(owner, handle, seed)
    assert "Everything is under VAULTSITE_ROOT_KEY" in rotate()
    use(NEW)
    require_all_open(owner, handle, seed)
    use(old)
    with pytest.raises(Unavailable):
        require_openable_keys()


def test_it_is_recorded_and_running_it_again_changes_nothing(
    owner: Somebody, old: str, use: UseKeys
) -> None:
    store(owner)
    use(NEW, old)
    rotate()
    assert rotate().startswith("0 of ")
    with tenant_transaction(owner.console.tenant_id):
        assert Entry.objects.filter(event=Event.TENANT_ROOT_KEY_ROTATED).count() == 1
    with tenant_transaction(INSTALLATION):
        found = Entry.objects.filter(event=Event.INSTALLATION_ROOT_KEY_ROTATED)
        assert [entry.details["rewrapped"] > 0 for entry in found.order_by("at")] == [True, False]


def test_an_interrupted_rotation_is_continued(
    owner: Somebody, outsider: Somebody, old: str, use: UseKeys
) -> None:
    store(owner)
    store(outsider)
    use(NEW, old)
    first = next(iter(root_key_rotation.rotation_steps()))
    assert first.run()
    assert not first.run()
    rotate()
    use(NEW)
    require_openable_keys()


def test_a_row_that_neither_key_opens_is_named_and_the_others_are_rewrapped(
    owner: Somebody, outsider: Somebody, old: str, use: UseKeys
) -> None:
    store(owner)
    store(outsider)
    damaged = str(owner.console.tenant_id)
    owner_sql("UPDATE tenant_key SET wrapped = wrapped || '\\x00' WHERE tenant_id = %s", damaged)
    use(NEW, old)
    with pytest.raises(CommandError, match=f"Neither root key opens: tenant {damaged}"):
        rotate()
    under = owner_sql("SELECT tenant_id::text, root_key_id FROM tenant_key")
    assert {tenant for tenant, key in under if key == root_key().id} == {
        str(outsider.console.tenant_id)
    }


def test_without_a_second_key_there_is_nothing_to_do(database: None) -> None:
    with pytest.raises(CommandError, match="VAULTSITE_ROOT_KEY_SECOND"):
        rotate()


def test_everything_that_a_root_key_wraps_is_rotated(settings: LazySettings) -> None:
    """A new use of the root key has to be known to the rotation, and then to this test."""
    root: Path = settings.BASE_DIR
    apps = ("access", "audit", "tenants", "credentials", "leases", "identity", "console", "restapi")
    wrapping = {
        str(path.relative_to(root))
        for app in apps
        for path in (root / app).rglob("*.py")
        if re.search(r"root_key\(\)\s*\.wrap\(", path.read_text(encoding="utf-8"))
    }
    assert wrapping == {
        "credentials/envelope.py",
        "identity/oidc_client/sealed_secret.py",
        "identity/operations/root_key_rotation.py",
        "identity/sign_in/factors.py",
        "identity/tokens/signing_keys.py",
    }
