"""Tokens that are forged, altered, for another resource or expired: none is accepted."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection
from django.db.models import F

from foundation.errors import Unauthenticated
from identity.models import AccessToken
from identity.resource_server.verification import challenge
from identity.tokens.signing_keys import public_key, sign, signing_key
from tests.identity.looking import holds, refused, who_is
from tests.oauth_client import Tokens


def encoded(part: dict[str, Any] | str) -> str:
    """A part of a token; text is taken as it is, so that members can repeat."""
    raw = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def signed_by(key: Any, header: dict[str, Any] | str, claims: dict[str, Any] | str) -> str:
    """A token with any claims, signed by a private key."""
    message = f"{encoded(header)}.{encoded(claims)}"
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(
        message.encode(), key
    )
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def our_key() -> Any:
    """The installation's own private key, for what even a stolen one cannot do."""
    from identity.tokens import signing_keys

    row = signing_key()
    return signing_keys._opened(row.pk, row.alg, bytes(row.sealed_jwk or b""))


def reissued(token: str, **changes: Any) -> str:
    """The token signed by our own key again, with other claims, under its own row."""
    header, claims = parts(token)
    claims = {k: v for k, v in {**claims, **changes}.items() if v is not None}
    forged = sign(signing_key(), claims, header["typ"])
    row = AccessToken.objects.get(pk=parts(token)[1]["jti"])
    row.token_checksum = hashlib.sha256(forged.encode()).hexdigest()
    row.save()
    return forged


def test_a_token_says_what_rfc_9068_asks_for(tokens: Tokens) -> None:
    header, claims = parts(tokens.access)
    assert (header["typ"], header["alg"], set(header)) == ("at+jwt", "ES256", {"typ", "alg", "kid"})
    actor = who_is(tokens.access)
    assert claims["iss"] == settings.PUBLIC_URL
    assert claims["aud"] == settings.MCP_RESOURCE
    assert claims["sub"] == str(actor.person_id)
    assert claims["client_id"] == tokens.client_id
    assert claims["jti"] == actor.token_id
    assert claims["exp"] - claims["iat"] == tokens.expires_in
    assert claims["scope"] == "vault:read vault:write"


BENT_HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "ES384"},
    {"alg": "HS256"},
    {"typ": "JWT"},
    {"typ": "id+jwt"},
    {"typ": "application/at+jwt"},
    {"typ": None},
    {"kid": "0" * 32},
    {"kid": "../../etc/passwd"},
    {"kid": None},
    {"kid": 7},
    {"jwk": {"kty": "EC"}},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/cert"},
    {"x5c": ["x"]},
    {"crit": ["exp"]},
    {"b64": False},
]

BENT_CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"iss": settings.PUBLIC_URL + "/"},
    {"aud": [settings.MCP_RESOURCE]},
    {"aud": [settings.MCP_RESOURCE, settings.REST_RESOURCE]},
    {"aud": None},
    {"sub": None},
    {"sub": 1},
    {"sub": "01a20a61-64a9-74f0-9ead-280b3ee1720c"},
    {"client_id": None},
    {"client_id": "somebody-else"},
    {"exp": None},
    {"exp": "9999999999"},
    {"exp": 9999999999.5},
    {"exp": True},
    {"iat": None},
    {"jti": None},
    {"jti": "x"},
    {"jti": "01a20a61-64a9-74f0-9ead-280b3ee1720c"},
    {"scope": None},
]


def test_a_header_that_is_not_exactly_ours_is_refused(tokens: Tokens) -> None:
    ours, claims = parts(tokens.access)
    for header in BENT_HEADERS:
        bent = {name: value for name, value in {**ours, **header}.items() if value is not None}
        assert not holds(signed_by(our_key(), bent, claims)), header


def test_claims_must_be_whole_and_agree_with_the_row(tokens: Tokens) -> None:
    for claims in BENT_CLAIMS:
        assert not holds(reissued(tokens.access, **claims)), claims
    elsewhere = reissued(tokens.access, aud=settings.REST_RESOURCE)
    with pytest.raises(Unauthenticated):
        who_is(elsewhere, settings.REST_RESOURCE)
    assert holds(reissued(tokens.access))


def test_members_may_not_repeat(tokens: Tokens) -> None:
    header, claims = parts(tokens.access)
    twice = json.dumps(claims)[:-1] + ', "scope": "vault:admin"}'
    assert not holds(signed_by(our_key(), header, twice))
    twice = json.dumps(header)[:-1] + ', "alg": "ES256"}'
    assert not holds(signed_by(our_key(), twice, claims))


def test_another_installations_key_signs_nothing(tokens: Tokens) -> None:
    theirs = ec.generate_private_key(ec.SECP256R1())
    assert not holds(signed_by(theirs, *parts(tokens.access)))


def test_the_public_key_is_no_shared_secret(tokens: Tokens) -> None:
    header, claims = parts(tokens.access)
    _, public = public_key(signing_key().pk)
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    message = f"{encoded(header | {'alg': 'HS256'})}.{encoded(claims)}"
    mac = hmac.digest(pem, message.encode(), "sha256")
    assert not holds(f"{message}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_signature_that_was_bent_is_refused(tokens: Tokens) -> None:
    message, signature = tokens.access.rsplit(".", 1)
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = raw[:32], int.from_bytes(raw[32:], "big")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    mirrored = r + (order - s).to_bytes(32, "big")  # ECDSA's other valid signature
    other = base64.urlsafe_b64encode(mirrored).rstrip(b"=").decode()
    assert not holds(f"{message}.{other}")
    assert not holds(f"{message}.{signature[:-2]}")


def test_what_is_no_token_is_refused(database: None) -> None:
    for token in ("", "x", "a.b", "a.b.c", "..", "a.b.c.d", "ä.b.c", "e30.e30.e30", "W10.W10.W10"):
        assert refused(token)
    assert refused("\x00.a.b")
    assert refused("a" * 5000)


def test_a_token_ends_on_its_second_by_the_databases_clock(tokens: Tokens) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    AccessToken.objects.update(expires=now + timedelta(seconds=30))
    assert holds(tokens.access)
    AccessToken.objects.update(expires=now)
    assert "expired" in refused(tokens.access)


def test_a_token_whose_row_is_gone_does_not_hold(tokens: Tokens) -> None:
    AccessToken.objects.all().delete()
    assert not holds(tokens.access)


def test_a_call_asks_the_database_once(tokens: Tokens, django_assert_num_queries: Any) -> None:
    who_is(tokens.access)
    with django_assert_num_queries(1):
        who_is(tokens.access)


def test_the_refusal_does_not_quote_the_token(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated) as error:
        who_is(tokens.access[:-4])
    assert tokens.access[:20] not in str(error.value)


def test_a_challenge_points_to_the_resources_metadata() -> None:
    assert challenge(settings.MCP_RESOURCE) == (
        'Bearer scope="vault:read vault:write", resource_metadata="'
        f'{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/api/mcp"'
    )
    told = challenge(
        settings.REST_RESOURCE,
        error="insufficient_scope",
        scope="vault:read vault:write",
        description='say "please"\r\nX: y',
    )
    assert told.startswith(
        'Bearer error="insufficient_scope", error_description="say  please   X: y"'
    )
    assert told.endswith('/.well-known/oauth-protected-resource/api/v1"')


def test_a_later_clock_does_not_revive(tokens: Tokens) -> None:
    AccessToken.objects.update(expires=F("expires") - timedelta(days=1))
    assert not holds(tokens.access)
