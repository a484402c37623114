"""The public keys that service accounts register: few kinds, strong enough, and surely public."""

import base64
import hashlib
import json
from typing import Any, NamedTuple, NoReturn, cast

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from foundation.errors import Invalid, Malformed
from foundation.schema.strict_json import parse_strict_object

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

KINDS = "EC on P-256, Ed25519, or RSA"
PRIVATE = "this is a private key. Take it out of use and register the public half of another"
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_LONGEST = 2800  # a member: base64url of more than the largest modulus


class _Kind(NamedTuple):
    alg: str
    library: Any
    members: tuple[str, ...]


_KINDS = {
    ("EC", "P-256"): _Kind("ES256", ECAlgorithm, ("crv", "kty", "x", "y")),
    ("OKP", "Ed25519"): _Kind("EdDSA", OKPAlgorithm, ("crv", "kty", "x")),
    ("RSA", None): _Kind("RS256", RSAAlgorithm, ("e", "kty", "n")),
}


_LIBRARIES: dict[type, Any] = {
    ec.EllipticCurvePublicKey: ECAlgorithm,
    ed25519.Ed25519PublicKey: OKPAlgorithm,
    rsa.RSAPublicKey: RSAAlgorithm,
}


class RegisteredKey(NamedTuple):
    """A key as it is stored: its defining members, its only algorithm, and its id."""

    jwk: dict[str, str]
    alg: str
    kid: str


def register(jwk: dict[str, Any]) -> RegisteredKey:
    """The key in `jwk`; Invalid names the rule, never a part of the key.

    Only the members that define the key are kept (RFC 7638 §3.2), so that nothing is ever fetched
    or trusted by reference: no `x5u`, no `jku`, no certificate.
    """
    if _PRIVATE & set(jwk):
        _refuse(PRIVATE)
    kind = _kind_of(jwk)
    _require_for_signatures(jwk, kind.alg)
    kept = {name: jwk.get(name) for name in kind.members}
    if not all(isinstance(value, str) and len(value) <= _LONGEST for value in kept.values()):
        _refuse("a member of the key is missing or no text")
    whole = cast(dict[str, str], kept)
    _require_strong(load(whole, kind.alg))
    return RegisteredKey(whole, kind.alg, _name(jwk) or _thumbprint(whole))


def jwk_in(text: str) -> dict[str, Any]:
    """A pasted key as a JWK, from JSON or PEM (RFC 7468 §13); Invalid when it is neither.

    `register` detects a private JWK; a private PEM is detected here.
    """
    if not text.lstrip().startswith("-----BEGIN"):
        try:
            return parse_strict_object(text.encode())
        except (Malformed, UnicodeEncodeError):
            _refuse("a public key as JWK (JSON) or as PEM (-----BEGIN PUBLIC KEY-----)")
    if "PRIVATE KEY" in text:
        _refuse(PRIVATE)
    try:
        key = load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        _refuse("it is no valid public key")
    library = next((one for kind, one in _LIBRARIES.items() if isinstance(key, kind)), None)
    if library is None:
        _refuse(KINDS)
    jwk: dict[str, Any] = library.to_jwk(key, as_dict=True)
    return jwk


def load(jwk: dict[str, str], alg: str) -> PublicKey:
    """The key for verifying; Invalid when it is not a valid key."""
    library = next(kind.library for kind in _KINDS.values() if kind.alg == alg)
    try:
        return cast(PublicKey, library.from_jwk(jwk))
    except (jwt.PyJWTError, ValueError, TypeError):
        _refuse("it is no valid public key")


def _kind_of(jwk: dict[str, Any]) -> _Kind:
    kty = jwk.get("kty")
    curve = None if kty == "RSA" else jwk.get("crv")
    known = isinstance(kty, str) and (curve is None or isinstance(curve, str))
    kind = _KINDS.get((kty, curve)) if known else None  # type: ignore[arg-type]  # known: both texts
    if kind is None:
        _refuse(KINDS)
    return kind


def _require_for_signatures(jwk: dict[str, Any], alg: str) -> None:
    if jwk.get("alg", alg) != alg:
        _refuse(f"a key of this kind is for {alg}")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        _refuse("the key is not for verifying signatures")


def _require_strong(key: PublicKey) -> None:
    if not isinstance(key, rsa.RSAPublicKey):
        return
    if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        _refuse(f"an RSA key has {_SMALLEST_RSA} to {_LARGEST_RSA} bits")
    if key.public_numbers().e != 65_537:
        _refuse("an RSA key has the exponent 65537")


def _name(jwk: dict[str, Any]) -> str:
    kid = jwk.get("kid", "")
    if not isinstance(kid, str) or len(kid) > 100 or not kid.isprintable() or not kid.isascii():
        _refuse("kid is at most 100 printable ASCII characters")
    return kid


def _thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638 §3."""
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def _refuse(rule: str) -> NoReturn:
    raise Invalid(f"jwk: {rule}.", "jwk")
