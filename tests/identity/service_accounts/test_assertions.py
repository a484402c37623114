"""Assertions that are forged, altered, for another server or used twice."""

import base64
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.conf import settings
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from foundation.db.clock import database_now
from identity.operations import add_account_key
from identity.service_accounts.models import AccountProof, UsedAssertion
from identity.shapes import AddAccountKey
from tests.machines import Machine, machine, new_key, token_of
from tests.people import Somebody


def fails(answer: httpx2.Response) -> bool:
    """Whether the assertion was refused without a reason."""
    return (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_issuer_and_token_endpoint_are_the_audience(pipeline: Machine) -> None:
    for audience in (
        settings.PUBLIC_URL,
        f"{settings.PUBLIC_URL}/oauth/token",
        [settings.PUBLIC_URL],
    ):
        assert token_of(pipeline.by_assertion(pipeline.assertion(aud=audience)))


BENT: list[dict[str, Any]] = [
    {"aud": None},
    {"aud": "https://evil.example"},
    {"aud": f"{settings.PUBLIC_URL}/"},
    {"aud": f"{settings.PUBLIC_URL}/oauth"},
    {"aud": f"{settings.PUBLIC_URL}/oauth/token/"},
    {"aud": settings.REST_RESOURCE},
    {"aud": [settings.PUBLIC_URL, "https://evil.example"]},
    {"aud": []},
    {"iss": None},
    {"iss": "somebody-else"},
    {"iss": settings.PUBLIC_URL},
    {"sub": None},
    {"sub": "sa_" + "0" * 32},
    {"exp": None},
    {"exp": "9999999999"},
    {"exp": int(time.time()) + 3600},
    {"exp": int(time.time()) - 1},
    {"exp": True},
    {"exp": 10**30},
    {"iat": int(time.time()) + 3600},
    {"iat": "now"},
    {"nbf": int(time.time()) + 3600},
    {"jti": None},
    {"jti": ""},
    {"jti": 7},
    {"jti": "x" * 201},
]  # fmt: skip


@pytest.mark.parametrize("claims", BENT, ids=range(len(BENT)))
def test_bent_claims_prove_nothing(claims: dict[str, Any], pipeline: Machine) -> None:
    client_id = {"client_id": pipeline.client_id} if "sub" in claims else {}

    assert fails(pipeline.by_assertion(_encoded(pipeline, claims), **client_id))
    assert not UsedAssertion.objects.exists()


def _encoded(one: Machine, claims: dict[str, Any]) -> str:
    """An assertion with any claims, also those that the library refuses to write."""
    header, payload, _ = one.assertion().split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    said = {name: value for name, value in {**said, **claims}.items() if value is not None}
    return _signed(one, json.loads(base64.urlsafe_b64decode(header + "==")), said)


def _signed(one: Machine, header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    message = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(message, one.key)
    return f"{message.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "RS256"},
    {"alg": "ES384"},
    {"kid": "another"},
    {"kid": 7},
    {"jwk": {"kty": "EC"}},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/cert"},
    {"x5c": ["x"]},
    {"crit": ["exp"]},
    {"typ": "at+jwt"},
]


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_a_header_that_leads_elsewhere_proves_nothing(
    header: dict[str, Any], pipeline: Machine
) -> None:
    _, payload, _ = pipeline.assertion().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    bent = _signed(pipeline, {"alg": "ES256", "typ": "JWT", **header}, claims)

    assert fails(pipeline.by_assertion(bent))


def test_unsigned_and_half_signed_prove_nothing(pipeline: Machine) -> None:
    message, signature = pipeline.assertion().rsplit(".", 1)
    for bent in (
        f"{message}.",
        f"{message}.{signature[:-4]}",
        message,
        "",
        "a.b.c",
        "..",
        "x" * 5000,
    ):
        assert fails(pipeline.by_assertion(bent or None, client_assertion=bent))


def test_the_public_key_is_no_shared_secret(pipeline: Machine) -> None:
    """HS256 with the registered public key's bytes as its secret."""
    pem = pipeline.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
    message = f"{header}.{pipeline.assertion().split('.')[1]}"
    mac = base64.urlsafe_b64encode(hmac.digest(pem, message.encode(), "sha256")).rstrip(b"=")

    assert fails(pipeline.by_assertion(f"{message}.{mac.decode()}"))


def test_a_key_that_was_not_registered_proves_nothing(pipeline: Machine) -> None:
    stranger = Machine(pipeline.http, pipeline.client_id, key=new_key())

    assert fails(stranger.by_assertion())


def test_members_may_not_repeat(pipeline: Machine) -> None:
    header, payload, _ = pipeline.assertion().split(".")
    claims = base64.urlsafe_b64decode(payload + "==").decode()
    twice = claims[:-1] + f', "aud": "{settings.PUBLIC_URL}"}}'
    message = f"{header}.{base64.urlsafe_b64encode(twice.encode()).rstrip(b'=').decode()}"
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(algorithm.sign(message.encode(), pipeline.key))

    assert fails(pipeline.by_assertion(f"{message}.{signature.rstrip(b'=').decode()}"))


def test_an_assertion_is_used_once(pipeline: Machine) -> None:
    assertion = pipeline.assertion()

    assert token_of(pipeline.by_assertion(assertion))
    assert fails(pipeline.by_assertion(assertion))
    assert fails(pipeline.by_assertion(pipeline.assertion(jti=_jti(assertion))))
    assert token_of(pipeline.by_assertion())


def test_it_is_used_up_also_where_nothing_came_of_it(pipeline: Machine) -> None:
    assertion = pipeline.assertion()
    assert pipeline.by_assertion(assertion, scope="vault:admin").status_code == 400

    assert fails(pipeline.by_assertion(assertion))


def test_two_accounts_may_choose_the_same_jti(
    pipeline: Machine, http: httpx2.Client, outsider: Somebody
) -> None:
    other = machine(http, outsider)

    assert token_of(pipeline.by_assertion(pipeline.assertion(jti="1")))
    assert token_of(other.by_assertion(other.assertion(jti="1")))


def test_another_kind_of_assertion_proves_nothing(pipeline: Machine) -> None:
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"

    assert fails(pipeline.by_assertion(client_assertion_type=saml))
    assert fails(pipeline.by_assertion(client_assertion_type=None))


def test_the_named_key_is_the_one_that_signed(pipeline: Machine) -> None:
    kid = AccountProof.objects.get(kind="key").kid

    assert token_of(pipeline.by_assertion(pipeline.assertion({"kid": kid})))


@pytest.mark.parametrize("alg", ["EdDSA", "RS256"])
def test_the_other_kinds_of_keys_sign_too(alg: str, pipeline: Machine, owner: Somebody) -> None:
    key: Any = ed25519.Ed25519PrivateKey.generate()
    to_jwk: Any = OKPAlgorithm.to_jwk
    if alg == "RS256":
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        to_jwk = RSAAlgorithm.to_jwk
    data = {
        "accountId": pipeline.client_id,
        "name": "another",
        "jwk": json.loads(to_jwk(key.public_key())),
    }
    add_account_key(owner.console, AddAccountKey.parse(data))

    assert token_of(Machine(pipeline.http, pipeline.client_id, key=key, alg=alg).by_assertion())


def test_the_databases_clock_decides(pipeline: Machine) -> None:
    now = int(database_now().timestamp())
    almost = timedelta(minutes=5)

    assert token_of(pipeline.by_assertion(pipeline.assertion(exp=now + almost.seconds)))
    assert fails(pipeline.by_assertion(pipeline.assertion(exp=now + almost.seconds + 60)))


def _jti(assertion: str) -> str:
    claims = jwt.decode(assertion, options={"verify_signature": False})
    jti: str = claims["jti"]
    return jti
