"""Keys of service accounts: public, strong, of few kinds; nothing else of them is kept."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from foundation.errors import Conflict, Invalid
from identity.operations import add_account_key, list_account_keys, remove_account_key
from identity.service_accounts.public_keys import register
from identity.shapes import AccountKeyOut, AddAccountKey
from tests.machines import new_account, new_key, public_jwk
from tests.people import Somebody
from tests.refusals import refusal


def add(owner: Somebody, account: str, jwk: dict[str, Any], **more: Any) -> AccountKeyOut:
    """Register a key."""
    data = {"accountId": account, "name": "signer", "jwk": jwk, **more}
    return add_account_key(owner.console, AddAccountKey.parse(data))


def rsa_jwk(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    """A public RSA key."""
    key = rsa.generate_private_key(public_exponent=exponent, key_size=bits)
    jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return jwk


def ed25519_jwk() -> dict[str, Any]:
    """A public Ed25519 key."""
    jwk: dict[str, Any] = json.loads(
        OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key())
    )
    return jwk


def test_three_kinds_of_keys_have_one_algorithm_each() -> None:
    assert register(public_jwk()).alg == "ES256"
    assert register(ed25519_jwk()).alg == "EdDSA"
    assert register(rsa_jwk(2048)).alg == "RS256"


def test_what_defines_the_key_is_kept_and_nothing_else() -> None:
    jwk = public_jwk()

    kept = register({**jwk, "x5u": "https://evil.example/", "jku": "https://evil.example/", "z": 1})

    assert kept.jwk == {name: jwk[name] for name in ("crv", "kty", "x", "y")}


def test_a_key_is_named_by_its_kid_or_its_thumbprint() -> None:
    """The thumbprint of RFC 7638's own example."""
    example = {
        "kty": "RSA",
        "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
        "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR"
        "0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhA"
        "I4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    }

    assert register(example).kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert register({**example, "kid": "2026-11"}).kid == "2026-11"


WEAK: list[dict[str, Any]] = [
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256", "x": 7, "y": 7},
    {"kty": "EC", "crv": ["P-256"]},
    {"kty": ["RSA"]},
    {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    {"kty": "RSA", "n": "A" * 5000, "e": "AQAB"},
    {"kty": "OKP", "crv": "X25519", "x": "AA"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    {},
]


@pytest.mark.parametrize("jwk", WEAK, ids=range(len(WEAK)))
def test_weak_and_broken_keys_are_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as error:
        register(jwk)
    assert error.value.field == "jwk"


def test_a_short_rsa_key_is_refused() -> None:
    for jwk in (rsa_jwk(1024), rsa_jwk(2048, exponent=3)):
        with pytest.raises(Invalid):
            register(jwk)


def test_a_private_key_is_refused_without_an_echo() -> None:
    jwk = json.loads(ECAlgorithm.to_jwk(new_key()))

    with pytest.raises(Invalid) as error:
        register(jwk)

    assert "private" in error.value.detail
    assert jwk["d"] not in str(error.value.as_problem())


@pytest.mark.parametrize(
    "claim",
    [{"alg": "RS256"}, {"alg": "none"}, {"use": "enc"}, {"key_ops": ["sign"]}, {"kid": "x" * 101}],
    ids=str,
)
def test_a_key_for_something_else_is_refused(claim: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        register(public_jwk() | claim)


def test_an_account_has_each_key_once_and_five_at_most(owner: Somebody) -> None:
    account, other = new_account(owner), new_account(owner, "Other")
    first = add(owner, account, public_jwk())
    assert isinstance(refusal(lambda: add(owner, account, public_jwk())), Conflict)
    add(owner, other, public_jwk())
    for _ in range(4):
        add(owner, account, public_jwk(new_key()))
    assert isinstance(refusal(lambda: add(owner, account, public_jwk(new_key()))), Conflict)

    remove_account_key(owner.console, first.proof_id)

    add(owner, account, ed25519_jwk())
    listed = list_account_keys(owner.console, account).keys
    assert [one.alg for one in listed] == ["EdDSA", "ES256", "ES256", "ES256", "ES256"]


def test_a_repeated_registration_is_one(owner: Somebody) -> None:
    account = new_account(owner)
    once = add(owner, account, public_jwk(), idempotencyKey="once")

    assert add(owner, account, public_jwk(), idempotencyKey="once") == once
    with pytest.raises(Invalid):
        add(owner, account, ed25519_jwk(), idempotencyKey="once")


def test_a_point_that_is_on_no_curve_is_refused() -> None:
    jwk = public_jwk(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(Invalid):
        register({**jwk, "x": jwk["y"]})
