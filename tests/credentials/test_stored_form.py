"""What is stored is what was checked: the real ssh-keygen and openssl read every value back."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from credentials.operations import rotate_credential
from credentials.shapes.rotations import RotateCredential
from credentials.types import KINDS
from foundation.errors import Invalid
from tests.credentials.values import KEYS, certificate, pem, refused
from tests.people import Somebody, lease, read, store

needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")

# How keys arrive from clipboards, Windows, YAML blocks, .env files and CI variables.
MANGLED: dict[str, Callable[[str], str]] = {
    "as written": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "no last newline": str.rstrip,
    "blank lines around": lambda text: f"\n\n{text}\n\n",
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "blanks at line ends": lambda text: text.replace("\n", "  \n"),
    "literal newlines": lambda text: text.replace("\n", "\\n"),
    "byte order mark": lambda text: f"\ufeff{text}",
    "one line": lambda text: " ".join(text.split("\n")),
}
FORMS = {
    "openssh": PrivateFormat.OpenSSH,
    "traditional": PrivateFormat.TraditionalOpenSSL,
    "pkcs8": PrivateFormat.PKCS8,
}


def opens_in_ssh(value: str, folder: Path, passphrase: str = "") -> bool:
    file = folder / "key"
    file.touch(0o600)
    file.write_text(value, newline="")
    command = ["ssh-keygen", "-y", "-P", passphrase, "-f", str(file)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def value_of(owner: Somebody, key: str) -> str:
    return read(owner.agent, lease(owner.agent, key).lease_handle).value.get_secret_value()


@needs_ssh_keygen
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", KEYS)
def test_every_stored_ssh_key_opens_in_ssh_keygen(
    algorithm: str, form: str, owner: Somebody, tmp_path: Path
) -> None:
    if (algorithm, form) == ("ed25519", "traditional"):
        pytest.skip("there is no such form")
    text = pem(KEYS[algorithm], FORMS[form])

    for number, mangle in enumerate(MANGLED.values()):
        store(owner, f"key-{number}", type="ssh-key", value=mangle(text))

    for number, name in enumerate(MANGLED):
        assert opens_in_ssh(value_of(owner, f"key-{number}"), tmp_path), name


@needs_ssh_keygen
@pytest.mark.parametrize("mangled", MANGLED)
def test_an_encrypted_key_opens_with_its_passphrase(
    mangled: str, owner: Somebody, tmp_path: Path
) -> None:
    text = MANGLED[mangled](pem(KEYS["ed25519"], PrivateFormat.OpenSSH, "canary pass"))

    store(owner, type="ssh-key", value=text, secretFields={"passphrase": "canary pass"})

    assert opens_in_ssh(value_of(owner, "stripe-api-key"), tmp_path, "canary pass")


@needs_ssh_keygen
def test_a_rotated_key_is_stored_in_the_same_form(owner: Somebody, tmp_path: Path) -> None:
    store(owner, type="ssh-key", value=pem(KEYS["ed25519"], PrivateFormat.OpenSSH))
    new = MANGLED["CRLF"](pem(KEYS["ecdsa"], PrivateFormat.OpenSSH)).rstrip()

    rotate_credential(
        owner.console, RotateCredential.parse({"key": "stripe-api-key", "newValue": new})
    )

    assert opens_in_ssh(value_of(owner, "stripe-api-key"), tmp_path)


@needs_openssl
@pytest.mark.parametrize("mangled", MANGLED)
@pytest.mark.parametrize("shape", ["members", "bundle", "key first"])
def test_every_stored_certificate_opens_in_openssl(
    shape: str, mangled: str, owner: Somebody, tmp_path: Path
) -> None:
    key = pem(KEYS["rsa"], PrivateFormat.PKCS8)
    leaf = certificate("leaf", KEYS["rsa"], "issuer", KEYS["ecdsa"])
    issuer = certificate("issuer", KEYS["ecdsa"])
    mangle = MANGLED[mangled]
    value = {
        "members": json.dumps(
            {"certificate": mangle(leaf), "privateKey": mangle(key), "chain": mangle(issuer)}
        ),
        "bundle": mangle(leaf + issuer + key),
        "key first": mangle(key + leaf + issuer),
    }[shape]

    store(owner, type="tls-certificate", value=value)

    parts = json.loads(value_of(owner, "stripe-api-key"))
    for name, command in [("certificate", "x509"), ("chain", "x509"), ("privateKey", "pkey")]:
        file = tmp_path / name
        file.write_text(parts[name], newline="")
        done = subprocess.run(
            ["openssl", command, "-noout", "-in", str(file)],
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, name


@pytest.mark.parametrize("kind", KINDS)
def test_the_stored_form_is_its_own_stored_form(kind: str) -> None:
    """A value read back and stored again does not change."""
    texts = [
        *(mangle(pem(KEYS["ed25519"], PrivateFormat.PKCS8)) for mangle in MANGLED.values()),
        *(mangle("postgres://u:p@db.example/app\n") for mangle in MANGLED.values()),
        "-----BEGIN X-----\n%%\n-----END X-----",
        " \n",
    ]
    normalize = KINDS[kind].normalize

    once = [normalize(text) for text in texts]

    assert [normalize(text) for text in once] == once


@pytest.mark.parametrize(
    ("start", "word"),
    [
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "puttygen"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nabcd\n-----END ENCRYPTED PRIVATE KEY-----", "-p"),
        ("ssh-ed25519 AAAAC3Nza me@host", "public key"),
        ("-----BEGIN DSA PRIVATE KEY-----\nabcd\n-----END DSA PRIVATE KEY-----", "DSA"),
    ],
    ids=["putty", "encrypted pkcs8", "public", "dsa"],
)
def test_what_is_another_kind_of_key_is_named(start: str, word: str) -> None:
    assert word in refused("ssh-key", start)


def test_a_chain_without_its_key_says_what_is_missing(owner: Somebody) -> None:
    with pytest.raises(Invalid, match=r"privkey\.pem"):
        store(owner, type="tls-certificate", value=certificate("leaf", KEYS["rsa"]))


def test_a_url_is_stored_without_the_newline_that_was_pasted_with_it(owner: Somebody) -> None:
    store(owner, type="database-url", value=" postgres://u:p@db.example/app\r\n")

    assert value_of(owner, "stripe-api-key") == "postgres://u:p@db.example/app"
