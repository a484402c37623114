"""The keys that sign access tokens: created, sealed, rotated, published."""

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db.models import Exists, OuterRef, Q
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from credentials.keyrings import context, root_key
from foundation.db.clock import database_now
from identity.models import AccessToken, SigningKey

PUBLISHED_AHEAD = 300  # seconds; as long as the key set may be cached
DEFAULT_ALG = "ES256"
ALGORITHMS = ("ES256", "RS256")
ACCESS_TOKEN_TYPE = "at+jwt"  # RFC 9068 §2.1

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def signing_key() -> SigningKey:
    """The key that signs now; the first one is created when it is first needed."""
    return _current(database_now()) or _first_key()


def rotate(alg: str = DEFAULT_ALG, *, compromised: bool = False) -> SigningKey:
    """Create the next key. It is published now and signs in PUBLISHED_AHEAD seconds.

    With `compromised` it signs at once and every earlier key is withdrawn: all access tokens end,
    and clients return with their refresh tokens.
    """
    now = database_now()
    if compromised:
        SigningKey.objects.filter(withdrawn_at=None).update(withdrawn_at=now, sealed_jwk=None)
    newest = SigningKey.objects.order_by("-number").first()
    key = _make(alg, newest.number + 1 if newest else 1)
    key.active_from = now if compromised else now + timedelta(seconds=PUBLISHED_AHEAD)
    key.save(force_insert=True)
    return key


def sign(key: SigningKey, claims: dict[str, Any], typ: str) -> str:
    """A JWT of `claims` under `key`. Raises Unavailable when the root key does not open it."""
    private = _opened(key.pk, key.alg, bytes(key.sealed_jwk or b""))
    return jwt.encode(claims, private, algorithm=key.alg, headers={"typ": typ, "kid": key.kid})


@lru_cache(maxsize=64)
def public_key(key_id: UUID) -> tuple[str, PublicKey]:
    """The algorithm and public half of a key, which never change; SigningKey.DoesNotExist.

    Whether the key is still trusted is not cached: every call reads the token's row.
    """
    key = SigningKey.objects.get(pk=key_id)
    return key.alg, cast(PublicKey, _algorithm(key.alg).from_jwk(key.public_jwk))


def published() -> list[dict[str, Any]]:
    """The public keys to publish: those that sign now or next, and those of tokens in force."""
    now = database_now()
    current = _current(now) or _first_key()
    in_force = AccessToken.objects.filter(signing_key=OuterRef("pk"), expires__gt=now)
    oldest = current.number if _settled(current, now) else current.number - 1
    keys = SigningKey.objects.filter(withdrawn_at=None).filter(
        Q(number__gte=oldest) | Exists(in_force)
    )
    return [
        {**key.public_jwk, "kid": key.kid, "alg": key.alg, "use": "sig"}
        for key in keys.order_by("number")
    ]


def forget_old_keys() -> None:
    """Destroy the private half of keys that no longer sign; delete those without tokens."""
    now = database_now()
    current = _current(now)
    if current is None or not _settled(current, now):
        return
    old = SigningKey.objects.filter(number__lt=current.number)
    old.filter(sealed_jwk__isnull=False).update(sealed_jwk=None)
    old.filter(~Exists(AccessToken.objects.filter(signing_key=OuterRef("pk")))).delete()


def _current(now: datetime) -> SigningKey | None:
    ready = SigningKey.objects.filter(withdrawn_at=None, active_from__lte=now)
    return ready.order_by("-number").first()


def _settled(current: SigningKey, now: datetime) -> bool:
    # A request that chose the previous key may not have committed its token yet.
    return current.active_from + timedelta(seconds=PUBLISHED_AHEAD) < now


def _first_key() -> SigningKey:
    key = _make(DEFAULT_ALG, 1)
    key.active_from = database_now()
    # Two requests may get here at once: one row wins, and both use it.
    SigningKey.objects.bulk_create([key], ignore_conflicts=True)
    return SigningKey.objects.get(number=1)


def _make(alg: str, number: int) -> SigningKey:
    key = SigningKey(number=number, alg=alg, root_key_id=root_key().id)
    private, key.public_jwk = _generate(alg)
    key.sealed_jwk = root_key().wrap(private.encode(), _bound(key.pk, alg))
    return key


def reseal(key: SigningKey) -> None:
    """Seal the private key with the root key, whichever root key it is under; not saved."""
    bound = _bound(key.pk, key.alg)
    plain = root_key().unwrap(bytes(key.sealed_jwk or b""), bound)
    key.root_key_id, key.sealed_jwk = root_key().id, root_key().wrap(plain, bound)


def _generate(alg: str) -> tuple[str, dict[str, Any]]:
    """A new pair as JWKs, the private one as JSON text."""
    if alg == "RS256":
        rsa_key = rsa.generate_private_key(public_exponent=65_537, key_size=3072)
        public = RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True)
        return RSAAlgorithm.to_jwk(rsa_key), public
    ec_key = ec.generate_private_key(ec.SECP256R1())
    return ECAlgorithm.to_jwk(ec_key), ECAlgorithm.to_jwk(ec_key.public_key(), as_dict=True)


@lru_cache(maxsize=4)
def _opened(key_id: UUID, alg: str, sealed: bytes) -> PrivateKey:
    plain = json.loads(root_key().unwrap(sealed, _bound(key_id, alg)))
    return cast(PrivateKey, _algorithm(alg).from_jwk(plain))


def _bound(key_id: UUID, alg: str) -> bytes:
    return context("signing-key", key_id, alg)


def _algorithm(alg: str) -> type[ECAlgorithm] | type[RSAAlgorithm]:
    return RSAAlgorithm if alg == "RS256" else ECAlgorithm
