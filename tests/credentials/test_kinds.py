"""What every credential type has in common, and the types that are free text."""

import base64

import jwt
import pytest

from credentials.types import KINDS, MAXIMUM_VALUE_BYTES, examine, merge_metadata
from tests.credentials.values import NOW, refused, told

CANARY = "kanarienvogel"
TOO_LARGE = pytest.param("é" * (MAXIMUM_VALUE_BYTES // 2 + 1), id="64 KiB and 1 character")


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("value", ["", "\0", "a\0b", "\ud800", TOO_LARGE])
def test_every_type_refuses_what_no_value_can_be(kind: str, value: str) -> None:
    assert "64 KiB" in refused(kind, value)


@pytest.mark.parametrize("kind", ["api-key", "generic-secret", "oauth-token"])
@pytest.mark.parametrize("value", ["x", " spaces stay ", "two\nlines", "ключ", "x" * 2**16])
def test_free_text_tells_nothing(kind: str, value: str) -> None:
    assert told(kind, value) == {}


@pytest.mark.parametrize("value", [base64.b64encode(b"\0\1").decode(), "AAEC\nAwQF\r\n", "AA=="])
def test_a_binary_value_is_stored_as_base64(value: str) -> None:
    assert examine("generic-secret", value, {}, {"encoding": "base64"}) == {}


@pytest.mark.parametrize("value", ["not base64!", "AAE", "AAE===", "AB==", "AA-_", "\n", "A A="])
def test_a_binary_value_must_be_the_base64_it_says(value: str) -> None:
    assert "base64" in refused("generic-secret", value, {"encoding": "base64"})
    assert examine("generic-secret", value, {}, {"encoding": "utf-8"}) == {}


def test_an_unknown_type_is_refused_by_naming_the_known() -> None:
    assert "generic-secret" in refused("kanarienvogel", "some value")


@pytest.mark.parametrize(
    "when",
    [
        "2027-01-31T12:00:00Z",
        "2027-01-31t12:00:00z",
        "2027-01-31T12:00:00.123456789+05:30",
        "2028-02-29T23:59:59-00:00",
    ],
)
def test_a_token_end_is_taken_as_the_caller_says(when: str) -> None:
    token = jwt.encode({"exp": int(NOW.timestamp())}, "k" * 32)
    given = {"tokenExpiresAt": when}
    assert merge_metadata(examine("oauth-token", token, {}, given), given) == given


@pytest.mark.parametrize(
    "when",
    [
        "",
        "tomorrow",
        "1795694400",
        "2027-01-31",
        "2027-01-31T12:00:00",
        "2027-01-31 12:00:00Z",
        "20270131T120000Z",
        "2027-W05-1T12:00:00Z",
        "2027-02-30T12:00:00Z",
        "2027-01-31T25:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2027-01-31T12:00:00Z\n",
        "２027-01-31T12:00:00Z",
    ],
)
def test_a_token_end_must_be_an_rfc_3339_instant(when: str) -> None:
    assert "RFC 3339" in refused("oauth-token", "gho_x", {"tokenExpiresAt": when})


def test_a_jwt_tells_its_own_end() -> None:
    token = jwt.encode({"exp": int(NOW.timestamp())}, "k" * 32)
    assert told("oauth-token", token) == {"tokenExpiresAt": "2026-11-23T12:00:00Z"}


def _unsigned(claims: str) -> str:
    header, payload = (base64.urlsafe_b64encode(one.encode()) for one in ('{"alg":"none"}', claims))
    return f"{header.decode()}.{payload.decode()}."


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        "..",
        "é.é.é",
        jwt.encode({"sub": "no end"}, "k" * 32),
        _unsigned('{"exp": true}'),
        _unsigned('{"exp": "1795694400"}'),
        _unsigned('{"exp": 1e400}'),
        _unsigned('{"exp": NaN}'),
        _unsigned('{"exp": -1e18}'),
        _unsigned("[" * 5000),
        _unsigned("[]"),
    ],
)
def test_what_only_looks_like_a_jwt_is_free_text(token: str) -> None:
    assert told("oauth-token", token) == {}


def test_the_callers_metadata_wins_on_a_clash() -> None:
    assert merge_metadata({"host": "a", "port": "1"}, {"host": "b"}) == {"host": "b", "port": "1"}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "value",
    [
        f"{CANARY}\0",
        f"{CANARY}://user:{CANARY}@host/db",
        f"postgresql://{CANARY}:{CANARY}@",
        f"postgresql://user:{CANARY}#{CANARY}@host/{CANARY}",
        f"postgresql://host:{CANARY}/db",
        f"postgresql://[{CANARY}]/db",
        f'{{"{CANARY}": 1}}',
        f'{{"certificate": "{CANARY}", "privateKey": "{CANARY}"}}',
        f"-----BEGIN {CANARY} PRIVATE KEY-----\n{CANARY}\n-----END {CANARY} PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_no_refusal_shows_any_part_of_the_value(kind: str, value: str) -> None:
    if kind in ("api-key", "generic-secret", "oauth-token"):
        value += "\0"
    assert CANARY not in refused(kind, value, {"encoding": CANARY}, passphrase=CANARY)
