"""The grammars of keys, folders, tags, metadata and descriptions."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.validators import (
    check_description,
    check_folder_path,
    check_key,
    check_metadata,
    check_secret_fields,
    check_tag,
    check_tags,
)
from foundation.errors import Invalid

BAD_NAMES = [
    "",
    " ",
    ".",
    "..",
    ".hidden",
    "-x",
    "_x",
    " stripe",
    "stripe ",
    "stripe\n",
    "stripe\0key",
    "stripe\r\nkey",
    "stripe/key",
    "..%2fstripe",
    "%2e%2e",
    "stripe key",
    "ſtripe",
    "stripe\u200b",
    "\u202estripe",
    "strіpe",  # a Cyrillic letter is the point
    "\u212a",
    "é",
    "*",
    "a+b",
    "x" * 129,
    pytest.param("x" * 10_000_000, id="10 MB"),
]


@pytest.mark.parametrize("name", ["a", "9", "stripe-api-key", "A.b_c-d", "x" * 128, "a..b"])
def test_keys_and_tags_of_the_grammar_pass(name: str) -> None:
    assert check_key(name) == name
    assert check_tag(name) == name
    assert check_folder_path(name) == name


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("check", [check_key, check_tag])
def test_other_keys_and_tags_are_refused(check: Callable[[str], str], name: str) -> None:
    with pytest.raises(Invalid):
        check(name)


@pytest.mark.parametrize("path", ["", "stripe", "a/b", "/".join("abcdefgh")])
def test_folders_of_up_to_eight_segments_pass(path: str) -> None:
    assert check_folder_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a",
        "a/",
        "a//b",
        "a/./b",
        "a/../b",
        "../a",
        "a\\b",
        "a/b\n",
        "a/ b",
        "/".join("abcdefghi"),
        *(name for name in BAD_NAMES if name not in ("", "stripe/key")),
    ],
)
def test_other_folders_are_refused(path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_folder_path(path)
    assert refusal.value.field == "folderPath"


def test_tags_are_a_sorted_set_of_at_most_32() -> None:
    assert check_tags(["b", "a", "b"]) == ["a", "b"]
    with pytest.raises(Invalid):
        check_tags([f"t{n}" for n in range(33)])


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "PASSWORD",
        "dbPassword",
        "db_password",
        "db-password",
        "secret",
        "clientSecret",
        "token",
        "refreshToken",
        "refresh_token",
        "passphrase",
        "privateKey",
        "private_key",
        "PrivateKeys",
        "apiKey",
        "APIKey",
        "API_KEY",
        "x-api-key",
        "apikey",
        "refreshtoken",
        "accessToken2",
        "oauth2.token",
        "secretAccessKey",
        "encryption_key",
        "tokenValue",
        "passwordHash",
        "credentials",
        "passwd",
        "db-pwd",
        "pass",
    ],
)
def test_metadata_keys_that_name_a_secret_are_refused_with_a_hint(key: str) -> None:
    with pytest.raises(Invalid, match="secretFields"):
        check_metadata({key: "x"})


@pytest.mark.parametrize(
    "key",
    [
        "service",
        "tokenExpiresAt",
        "token_expires_at",
        "hasPassphrase",
        "requires-password",
        "secretRotation",
        "passwordPolicy",
        "apiKeyPrefix",
        "accessKeyId",
        "token-url",
        "keySize",
        "publicKey",
        "rotateEvery",
        "tokenizer",
        "secretary",
        "compass",
        "2",
    ],
)
def test_metadata_that_speaks_about_secrets_passes(key: str) -> None:
    assert check_metadata({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    "metadata",
    [
        {f"k{n}": "x" for n in range(33)},
        {"service": "x" * 1025},
        {"service": "é" * 513},
        {"service": "a\0b"},
        {"service": "a\x1b[2Jb"},
        {"service": "a\u202eb"},
        {"service": "\ud800"},
        {"service": "\U000e0041"},
        {"ser vice": "x"},
    ],
)
def test_metadata_over_its_limits_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        check_metadata(metadata)
    assert refusal.value.field == "metadata"


def test_descriptions_are_visible_text_of_at_most_a_kibibyte() -> None:
    assert check_description("für Zahlungen\n– Testmodus") == "für Zahlungen\n– Testmodus"
    for wrong in ("x" * 1025, "a\0", "a\u200b", "\U000e0041"):
        with pytest.raises(Invalid):
            check_description(wrong)


@pytest.mark.parametrize(
    "fields",
    [
        {f"f{n}": "x" for n in range(17)},
        {"refreshToken": ""},
        {"refreshToken": "x" * (16 * 1024 + 1)},
        {"refreshToken": "a\0b"},
        {"refreshToken": "\ud800"},
        {"refresh token": "x"},
    ],
)
def test_secret_fields_over_their_limits_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        check_secret_fields(fields)
    assert refusal.value.field == "secretFields"


CHECKS: list[Callable[[str], Any]] = [
    check_key,
    check_folder_path,
    check_tag,
    lambda text: check_tags([text]),
    lambda text: check_metadata({text: "x"}),
    lambda text: check_metadata({"service": text + "\0"}),
    lambda text: check_description(text + "\0"),
    lambda text: check_secret_fields({"field": text + "\0"}),
]


@pytest.mark.parametrize("check", CHECKS)
@given(text=st.text(max_size=20))
def test_no_refusal_shows_what_was_given(check: Callable[[str], Any], text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check(f" CANARY {text}")
    assert "CANARY" not in str(refusal.value.as_problem())
