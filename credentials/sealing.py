"""Seal and unseal a version's value. The plaintext exists here and in the reply, nowhere else."""

import json
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from access.errors import Unavailable
from credentials.keyrings import KEY, context, decrypt, encrypt, open_keys, root_key
from credentials.models import KeyState, TenantKey, Version


class UnsealFailed(Unavailable):
    """A sealed value does not open: tampered, moved, or under a key that is gone."""


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
    version.tenant_key = key
    version.sealed = encrypt(AESGCM(data_key), payload, _bound(version, "value"))
    version.wrapped_key = encrypt(_cipher(key), data_key, _bound(version, "data-key"))


def unseal(version: Version) -> Secret:
    """The secret of a version; UnsealFailed (503, no detail) when it does not open."""
    if version.sealed is None or version.wrapped_key is None:
        raise UnsealFailed
    try:
        data_key = decrypt(
            _cipher(version.tenant_key), bytes(version.wrapped_key), _bound(version, "data-key")
        )
        payload = decrypt(AESGCM(data_key), bytes(version.sealed), _bound(version, "value"))
    except InvalidTag:
        raise UnsealFailed from None
    opened = json.loads(payload)
    return Secret(opened["value"], opened["fields"])


def shred(version: Version) -> None:
    """Destroy a version's data key and with it the value, for good."""
    version.sealed = None
    version.wrapped_key = None


def active_key(tenant_id: UUID) -> TenantKey:
    """The tenant's active key; made on first use. Needs the tenant's transaction."""
    key = TenantKey.objects.filter(tenant_id=tenant_id, state=KeyState.ACTIVE).first()
    return key or _first_key(tenant_id)


def require_openable(key: TenantKey) -> None:
    """Unavailable when the root key does not open this tenant key."""
    _cipher(key)


def _first_key(tenant_id: UUID) -> TenantKey:
    _require_known_root_key()
    key = TenantKey(tenant_id=tenant_id, number=1, root_key_id=root_key().id)
    key.wrapped = root_key().wrap(os.urandom(KEY), _key_bound(key))
    # Two first writers may meet here: one row wins, both go on with it.
    TenantKey.objects.bulk_create([key], ignore_conflicts=True)
    return TenantKey.objects.get(tenant_id=tenant_id, state=KeyState.ACTIVE)


def _require_known_root_key() -> None:
    """Refuse to start a tenant under a root key that opens nobody else's: it is a wrong one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT root_key_is_known(%s)", [root_key().id])
        if cursor.fetchone() != (True,):
            raise Unavailable(
                "The root key is not the one that this installation's keys are under."
            )


def _cipher(key: TenantKey) -> AESGCM:
    if key.wrapped is None or key.state == KeyState.DESTROYED:
        raise UnsealFailed
    return open_keys.open(key.pk, bytes(key.wrapped), _key_bound(key))


def _key_bound(key: TenantKey) -> bytes:
    return context("tenant-key", key.tenant_id, key.number, key.root_key_id)


def _bound(version: Version, field: str) -> bytes:
    return context(
        version.tenant_id, version.credential_id, version.pk, field, version.tenant_key_id
    )
