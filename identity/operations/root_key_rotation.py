"""Wrapping with the root key what a second one still wraps: tenants' keys, signing keys, second
factors and the secrets of single sign-on. Values and data keys are not touched.

Every row is a transaction of its own, and is recognised by not opening with the root key alone. So
the rotation can be interrupted and run again.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.transaction import atomic

from access.actions import Channel
from access.actor import Actor, system_actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import INSTALLATION, record_in_transaction
from credentials.envelope import rewrap_tenant_key
from credentials.keyrings import root_key, wrapping_root_key
from credentials.models import TenantKey
from foundation.errors import Unavailable
from identity.models import SigningKey, SingleSignOn
from identity.oidc_client.sealed_secret import open_secret, seal_secret
from identity.sign_in.factors import SEALED_FOR
from identity.tokens.signing_keys import reseal
from tenants.models import Tenant

SEALED_MEMBERS = ("secret", "seed")
SEALED_LISTS = ("migrated_codes",)


@dataclass(frozen=True)
class Step:
    """One row, or one tenant, that may have to be wrapped anew; `run` says whether it had to be.

    Raises Unavailable when neither root key opens it.
    """

    name: str
    run: Callable[[], bool]


def rotation_steps() -> Iterator[Step]:
    """Everything that a root key wraps."""
    for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        yield Step(f"tenant {tenant_id}", partial(_rewrap_tenant, tenant_id))
    for key_id in SigningKey.objects.order_by("pk").values_list("pk", flat=True):
        yield Step(f"signing key {key_id}", partial(_rewrap_signing_key, key_id))
    for factor_id in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        yield Step(f"second factor {factor_id}", partial(_rewrap_factor, factor_id))


def record_rotation(rewrapped: int) -> None:
    """The entry of the installation, when everything is under the root key."""
    with atomic():
        record_in_transaction(
            _operator(INSTALLATION),
            Event.INSTALLATION_ROOT_KEY_ROTATED,
            root_key=root_key().id,
            rewrapped=rewrapped,
        )


def _rewrap_tenant(tenant_id: UUID) -> bool:
    with tenant_transaction(tenant_id):
        keys = TenantKey.objects.filter(tenant_id=tenant_id, wrapped__isnull=False)
        others = list(keys.exclude(root_key_id=root_key().id).select_for_update())
        for key in others:
            rewrap_tenant_key(key)
            key.save(update_fields=["root_key_id", "wrapped"])
        providers = SingleSignOn.objects.filter(tenant_id=tenant_id).select_for_update()
        resealed = [row for row in providers if _reseal_provider(row)]
        if others or resealed:
            record_in_transaction(
                _operator(tenant_id),
                Event.TENANT_ROOT_KEY_ROTATED,
                root_key=root_key().id,
                keys=len(others),
                providers=len(resealed),
            )
    return bool(others or resealed)


def _reseal_provider(row: SingleSignOn) -> bool:
    try:
        open_secret(row, wrapping_root_key())
    except Unavailable:
        plain = open_secret(row)
    else:
        return False
    row.sealed_secret = seal_secret(row.tenant_id, row.issuer, row.oauth_client_id, plain)
    row.save(update_fields=["sealed_secret"])
    return True


def _rewrap_signing_key(key_id: UUID) -> bool:
    with atomic():
        key = SigningKey.objects.select_for_update().get(pk=key_id)
        if key.sealed_jwk is None or key.root_key_id == root_key().id:
            return False
        reseal(key)
        key.save(update_fields=["root_key_id", "sealed_jwk"])
    return True


def _rewrap_factor(factor_id: Any) -> bool:
    with atomic():
        factor = Authenticator.objects.select_for_update().get(pk=factor_id)
        before = dict(factor.data)
        for name in SEALED_MEMBERS:
            if isinstance(before.get(name), str):
                factor.data[name] = _resealed(before[name])
        for name in SEALED_LISTS:
            if name in before:
                factor.data[name] = [_resealed(text) for text in before[name]]
        if factor.data == before:
            return False
        factor.save(update_fields=["data"])
    return True


def _resealed(text: str) -> str:
    sealed = b64decode(text)
    try:
        wrapping_root_key().unwrap(sealed, SEALED_FOR)
    except Unavailable:
        plain = root_key().unwrap(sealed, SEALED_FOR)
        return b64encode(root_key().wrap(plain, SEALED_FOR)).decode()
    return text


def _operator(tenant_id: UUID) -> Actor:
    return system_actor("rotate-root-key", tenant_id, Channel.COMMAND)
