"""Sealing and unsealing values. The plaintext exists only here and in the reply."""

import json
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from access.tenancy import tenant_transaction
from credentials.keyrings import (
    KEY,
    context,
    decrypt,
    encrypt,
    open_keys,
    root_key,
    root_key_ids,
)
from credentials.models import KeyState, TenantKey, Version
from foundation.errors import Unavailable
from tenants.models import Tenant

# How many of the oldest and of the newest tenants a readiness check looks at.
SAMPLE = 3


class UnsealFailed(Unavailable):
    """A sealed value does not open: tampered with, moved, or its key is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value with its secret fields; never printed."""

    value: str
    fields: dict[str, str]

    def __repr__(self) -> str:
        return "Secret(…)"


def seal(version: Version, secret: Secret, key: TenantKey) -> None:
    """Fill `version` with the sealed secret under a fresh data key wrapped by `key`."""
    data_key = os.urandom(KEY)
    payload = json.dumps({"value": secret.value, "fields": secret.fields}).encode()
    version.sealed_under = key.pk
    version.sealed = encrypt(AESGCM(data_key), payload, _value_bound(version))
    _wrap(version, data_key, key)


def unseal(version: Version) -> Secret:
    """The secret of a version; UnsealFailed (503, no detail) when it does not open."""
    if version.sealed is None:
        raise UnsealFailed
    data_key = _unwrap(version)
    try:
        payload = decrypt(AESGCM(data_key), bytes(version.sealed), _value_bound(version))
    except InvalidTag:
        raise UnsealFailed from None
    opened = json.loads(payload)
    return Secret(opened["value"], opened["fields"])


def rewrap(version: Version, key: TenantKey) -> None:
    """Wrap a version's data key with `key` instead; the sealed value stays unchanged.

    UnsealFailed, without a change, when the data key does not open.
    """
    _wrap(version, _unwrap(version), key)


def shred(version: Version) -> None:
    """Destroy a version's data key, and so its value, for good."""
    version.sealed = None
    version.wrapped_key = None


def active_key(tenant_id: UUID) -> TenantKey:
    """The tenant's active key, made on first use. Needs the tenant's transaction.

    A shared lock keeps it active until the transaction ends; only a rotation of the key waits for
    that. So nothing is ever sealed under a key that is not active.
    """
    while (key_id := _share_active(tenant_id)) is None:
        # There is none yet, or the key was rotated while its lock was waited for.
        if not TenantKey.objects.filter(tenant_id=tenant_id).exists():
            # Of two first writers one row wins, and both use it.
            TenantKey.objects.bulk_create([new_key(tenant_id, 1)], ignore_conflicts=True)
    return TenantKey.objects.get(tenant_id=tenant_id, pk=key_id)


def new_key(tenant_id: UUID, number: int) -> TenantKey:
    """A new random key wrapped by the root key, not saved. Unavailable under a wrong root key."""
    require_known_root_key()
    key = TenantKey(tenant_id=tenant_id, number=number, root_key_id=root_key().id)
    key.wrapped = root_key().wrap(os.urandom(KEY), _key_bound(key))
    return key


def rewrap_tenant_key(key: TenantKey) -> None:
    """Wrap a tenant key with the root key, whichever root key it is under; not saved.

    Unavailable, without a change, when neither root key opens it.
    """
    if key.wrapped is None:
        raise UnsealFailed
    plain = root_key().unwrap(bytes(key.wrapped), _key_bound(key))
    key.root_key_id = root_key().id
    key.wrapped = root_key().wrap(plain, _key_bound(key))


def require_openable(key: TenantKey) -> None:
    """Unavailable when the root key does not open this tenant key."""
    _cipher(key)


def require_openable_keys() -> None:
    """Raise Unavailable when the root key does not open the newest and oldest tenants' keys.

    Asked when the process starts serving, before anybody needs to read a value.
    """
    tenants = Tenant.objects.order_by("pk").values_list("pk", flat=True)
    for tenant_id in {*tenants[:SAMPLE], *tenants.reverse()[:SAMPLE]}:
        with tenant_transaction(tenant_id):
            for key in TenantKey.objects.filter(state=KeyState.ACTIVE, tenant_id=tenant_id):
                require_openable(key)


def require_known_root_key() -> None:
    """Unavailable when keys of tenants are kept and this root key wraps none of them: it is the
    wrong one.
    """
    with connection.cursor() as cursor:
        for known_id in root_key_ids():
            cursor.execute("SELECT root_key_is_known(%s)", [known_id])
            if cursor.fetchone() == (True,):
                return
    raise Unavailable("The root key is not the one that this installation's keys are under.")


def _share_active(tenant_id: UUID) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM tenant_key WHERE tenant_id = %s AND state = %s FOR SHARE",
            [tenant_id, KeyState.ACTIVE],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _cipher(key: TenantKey) -> AESGCM:
    if key.wrapped is None or key.state == KeyState.DESTROYED:
        raise UnsealFailed
    return open_keys.open(key.pk, bytes(key.wrapped), _key_bound(key))


def _key_bound(key: TenantKey) -> bytes:
    return context("tenant-key", key.tenant_id, key.number, key.root_key_id)


def _wrap(version: Version, data_key: bytes, key: TenantKey) -> None:
    wrapped = encrypt(_cipher(key), data_key, _bound(version, "data-key", key.pk))
    version.tenant_key, version.wrapped_key = key, wrapped


def _unwrap(version: Version) -> bytes:
    if version.wrapped_key is None:
        raise UnsealFailed
    bound = _bound(version, "data-key", version.tenant_key_id)
    try:
        return decrypt(_cipher(version.tenant_key), bytes(version.wrapped_key), bound)
    except InvalidTag:
        raise UnsealFailed from None


def _value_bound(version: Version) -> bytes:
    return _bound(version, "value", version.sealed_under)


def _bound(version: Version, field: str, key_id: UUID) -> bytes:
    return context(version.tenant_id, version.credential_id, version.pk, field, key_id)
