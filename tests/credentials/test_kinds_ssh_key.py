"""SSH keys: what they tell in the clear and with their passphrase, and what is no key."""

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.credentials.values import KEYS, Key, pem, refused, told

PASSPHRASE = "open sesame"


def public_blob(key: Key) -> bytes:
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])


def string(text: bytes) -> bytes:
    return len(text).to_bytes(4) + text


def container(blob: bytes, rounds: int = 24, keys: int = 1, private: int = 160) -> str:
    """An encrypted OpenSSH key (PROTOCOL.key) whose private part nobody can open."""
    options = string(b"s" * 16) + rounds.to_bytes(4)
    head = string(b"aes256-ctr") + string(b"bcrypt") + string(options)
    data = (
        b"openssh-key-v1\0" + head + keys.to_bytes(4) + string(blob) + string(os.urandom(private))
    )
    body = base64.encodebytes(data).decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}-----END OPENSSH PRIVATE KEY-----\n"


def body_of(key: str, *lines: str) -> str:
    first, *_, last = key.strip().splitlines()
    return "\n".join([first, *lines, last])


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_an_openssh_key_tells_algorithm_and_fingerprint(algorithm: str) -> None:
    digest = hashlib.sha256(public_blob(KEYS[algorithm])).digest()
    expected = {
        "algorithm": algorithm,
        "fingerprint": "SHA256:" + base64.b64encode(digest).decode().rstrip("="),
        "hasPassphrase": "false",
    }
    if algorithm == "rsa":
        expected["keySize"] = "2048"
    assert told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH)) == expected


@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
def test_older_formats_tell_the_same(algorithm: str) -> None:
    older = told("ssh-key", pem(KEYS[algorithm], PrivateFormat.TraditionalOpenSSL))
    assert older == told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH))


def test_line_ends_of_windows_and_blank_lines_around_are_no_hindrance() -> None:
    key = pem(KEYS["ed25519"], PrivateFormat.OpenSSH)
    assert told("ssh-key", "\r\n" + key.replace("\n", "\r\n") + "\n\n") == told("ssh-key", key)


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_an_encrypted_openssh_key_shows_its_public_half(algorithm: str) -> None:
    locked = pem(KEYS[algorithm], PrivateFormat.OpenSSH, PASSPHRASE)
    expected = told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH))
    expected["hasPassphrase"] = "true"
    assert told("ssh-key", locked) == expected
    assert told("ssh-key", locked, passphrase=PASSPHRASE) == expected


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("wrong", ["wrong", "", "open sesame ", "Open sesame"])
def test_a_passphrase_that_does_not_open_the_key_is_refused(
    form: PrivateFormat, wrong: str
) -> None:
    assert "passphrase" in refused("ssh-key", pem(KEYS["rsa"], form, PASSPHRASE), passphrase=wrong)


def test_an_encrypted_older_key_tells_only_what_it_is_unless_it_opens() -> None:
    locked = pem(KEYS["rsa"], PrivateFormat.TraditionalOpenSSL, PASSPHRASE)
    assert told("ssh-key", locked) == {"algorithm": "rsa", "hasPassphrase": "true"}
    opened = told("ssh-key", locked, passphrase=PASSPHRASE)
    unlocked = told("ssh-key", pem(KEYS["rsa"], PrivateFormat.OpenSSH))
    assert opened == unlocked | {"hasPassphrase": "true"}


def test_a_passphrase_beside_a_key_that_needs_none_is_kept_in_peace() -> None:
    key = pem(KEYS["ed25519"], PrivateFormat.OpenSSH)
    assert told("ssh-key", key, passphrase=PASSPHRASE)["hasPassphrase"] == "false"


def test_what_is_larger_than_any_key_is_not_even_read() -> None:
    assert told("ssh-key", container(BLOB, private=4096))["algorithm"] == "ed25519"
    assert "8 KiB" in refused("ssh-key", container(BLOB, private=8192))


def test_a_key_that_would_take_hours_to_open_is_not_tried() -> None:
    slow = container(public_blob(KEYS["ed25519"]), rounds=2**32 - 1)
    assert "256 rounds" in refused("ssh-key", slow, passphrase=PASSPHRASE)
    assert told("ssh-key", slow)["algorithm"] == "ed25519"


GOOD = pem(KEYS["ed25519"], PrivateFormat.OpenSSH)
BLOB = public_blob(KEYS["ed25519"])
ED448 = ed448.Ed448PrivateKey.generate()
NOT_NIST = ec.generate_private_key(ec.SECP256K1())
MIDDLE = GOOD.strip().splitlines()[1:-1]
CLOSED = container(BLOB)
ON_A_TOKEN = string(b"sk-ssh-ed25519@openssh.com") + BLOB[-36:] + string(b"ssh:")
NISTP256 = public_blob(KEYS["ecdsa"])
COMPRESSED = NISTP256[:-69] + string(b"\x02" + NISTP256[-64:-32])


@pytest.mark.parametrize(
    "wrong",
    [
        "hello",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        GOOD.replace("-----END", "-----FIN"),
        GOOD.replace("OPENSSH", "RSA"),
        GOOD.replace("OPENSSH", "DSA"),
        GOOD.replace("OPENSSH ", ""),
        GOOD + GOOD,
        "a comment\n" + GOOD,
        body_of(GOOD, "AAAA"),
        body_of(GOOD, *MIDDLE[1:]),
        body_of(GOOD, *MIDDLE[:-1]),
        body_of(GOOD, "!!!!", *MIDDLE[1:]),
        body_of(GOOD, *MIDDLE, "-" * 5),
        body_of(GOOD, *["A" * 64] * 200),
        container(b""),
        container(BLOB[:-1]),
        container(BLOB, keys=2),
        container(b"", private=0),
        container(BLOB, private=0),
        container(ON_A_TOKEN),
        container(COMPRESSED),
        body_of(CLOSED, *CLOSED.strip().splitlines()[1:-2]),
        pem(NOT_NIST, PrivateFormat.TraditionalOpenSSL),
        pem(KEYS["rsa"], PrivateFormat.PKCS8, PASSPHRASE),
        ED448.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
)
def test_damaged_and_foreign_keys_are_refused(wrong: str) -> None:
    refused("ssh-key", wrong)


def test_an_encrypted_older_key_needs_at_least_its_headers_and_a_body() -> None:
    locked = pem(KEYS["rsa"], PrivateFormat.TraditionalOpenSSL, PASSPHRASE)
    for damage in ("DEK-Info: ", "Proc-Type: 4,ENCRYPTED\n"):
        refused("ssh-key", locked.replace(damage, ""))
    headers = locked.splitlines()[1:3]
    refused("ssh-key", body_of(locked, *headers))
    refused("ssh-key", body_of(locked, *headers, "", "AAAAA"))
    refused("ssh-key", body_of(locked, *headers, "", "ключ"))
