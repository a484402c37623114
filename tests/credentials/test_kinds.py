"""What each credential type checks when a value is stored, and what it tells."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from access.errors import Invalid
from credentials.kinds import KINDS, MAXIMUM_VALUE_BYTES, examine, merge_metadata
from credentials.naming import check_metadata

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Key = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KEYS: dict[str, Key] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
}


def pem(key: Key, form: PrivateFormat, passphrase: str | None = None) -> str:
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock).decode()


def told(kind: str, value: str, **secret_fields: str) -> dict[str, str]:
    facts = examine(kind, value, secret_fields, {})
    assert check_metadata(facts) == facts
    return facts


def refused(kind: str, value: str, metadata: dict[str, str] | None = None, **fields: str) -> str:
    with pytest.raises(Invalid) as refusal:
        examine(kind, value, fields, metadata or {})
    return str(refusal.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("value", ["", "\0", "a\0b", "\ud800", "x" * (MAXIMUM_VALUE_BYTES + 1)])
def test_every_type_refuses_what_no_value_can_be(kind: str, value: str) -> None:
    refused(kind, value)


@pytest.mark.parametrize("kind", ["api-key", "generic-secret", "oauth-token"])
@pytest.mark.parametrize("value", ["x", " spaces are kept ", "ключ", "x" * MAXIMUM_VALUE_BYTES])
def test_free_text_tells_nothing(kind: str, value: str) -> None:
    assert told(kind, value) == {}


def test_a_binary_value_must_be_the_base64_it_says() -> None:
    encoding = {"encoding": "base64"}
    assert examine("generic-secret", base64.b64encode(b"\0\1").decode(), {}, encoding) == {}
    refused("generic-secret", "not base64!", encoding)


def test_an_unknown_type_is_refused() -> None:
    assert "CANARY" not in refused("CANARY", "x")


@pytest.mark.parametrize("when", ["tomorrow", "2027-01-31", "2027-01-31T12:00:00", ""])
def test_a_token_expiry_must_be_an_instant(when: str) -> None:
    refused("oauth-token", "gho_x", {"tokenExpiresAt": when})


def test_a_jwt_tells_its_own_expiry() -> None:
    token = jwt.encode({"exp": int(NOW.timestamp())}, "k" * 32)
    assert told("oauth-token", token) == {"tokenExpiresAt": "2026-11-23T12:00:00Z"}
    given = {"tokenExpiresAt": "2030-01-01T00:00:00Z"}
    assert merge_metadata(examine("oauth-token", token, {}, given), given) == given
    assert told("oauth-token", "a.b.c") == {}


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_an_openssh_key_tells_algorithm_and_fingerprint(algorithm: str) -> None:
    facts = told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH))
    assert facts["algorithm"] == algorithm
    assert facts["fingerprint"].startswith("SHA256:")
    assert facts["hasPassphrase"] == "false"
    assert facts.get("keySize") == ("2048" if algorithm == "rsa" else None)


@pytest.mark.parametrize("algorithm", ["rsa", "ecdsa"])
def test_older_formats_tell_the_same(algorithm: str) -> None:
    older = told("ssh-key", pem(KEYS[algorithm], PrivateFormat.TraditionalOpenSSL))
    assert older == told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH))


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_an_encrypted_openssh_key_shows_its_public_half(algorithm: str) -> None:
    locked = pem(KEYS[algorithm], PrivateFormat.OpenSSH, "open sesame")
    unlocked = told("ssh-key", pem(KEYS[algorithm], PrivateFormat.OpenSSH))
    expected = unlocked | {"hasPassphrase": "true"}
    assert told("ssh-key", locked) == expected
    assert told("ssh-key", locked, passphrase="open sesame") == expected
    refused("ssh-key", locked, passphrase="wrong")


def test_an_encrypted_older_key_tells_only_what_it_is() -> None:
    locked = pem(KEYS["rsa"], PrivateFormat.TraditionalOpenSSL, "open sesame")
    assert told("ssh-key", locked) == {"algorithm": "rsa", "hasPassphrase": "true"}
    assert "fingerprint" in told("ssh-key", locked, passphrase="open sesame")
    refused("ssh-key", locked, passphrase="wrong")


def test_damaged_and_foreign_keys_are_refused() -> None:
    good = pem(KEYS["ed25519"], PrivateFormat.OpenSSH)
    lines = good.splitlines()
    for wrong in (
        "hello",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        good.replace("-----END", "-----FIN"),
        "\n".join([lines[0], "AAAA", lines[-1]]),
        "\n".join([lines[0], *lines[2:]]),
        "\n".join([lines[0], "!!!!", *lines[2:]]),
        good.replace("OPENSSH", "RSA"),
        good.replace("OPENSSH", "DSA"),
        pem(KEYS["ecdsa"], PrivateFormat.PKCS8),
    ):
        refused("ssh-key", wrong)


def certificate(
    name: str, key: Key, issuer: str | None = None, signer: Key | None = None, names: int = 1
) -> str:
    def subject(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    san = x509.SubjectAlternativeName([x509.DNSName(f"h{n}.acme.example") for n in range(names)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject(issuer or name))
        .public_key(key.public_key())
        .serial_number(0xCAFE)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=90))
        .add_extension(san, critical=False)
    )
    signing = signer or key
    algorithm = None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signing, algorithm).public_bytes(Encoding.PEM).decode()


def bundle(**parts: str) -> str:
    return json.dumps(parts)


LEAF, ROOT = KEYS["ecdsa"], KEYS["rsa"]
LEAF_KEY = pem(LEAF, PrivateFormat.PKCS8)


def test_a_certificate_tells_who_and_until_when() -> None:
    value = bundle(
        certificate=certificate("acme.example", LEAF, "Acme Root", ROOT),
        privateKey=LEAF_KEY,
        chain=certificate("Acme Root", ROOT),
    )
    assert told("tls-certificate", value) == {
        "subject": "acme.example",
        "issuer": "Acme Root",
        "notBefore": "2026-11-23T12:00:00Z",
        "notAfter": "2027-02-21T12:00:00Z",
        "sans": "h0.acme.example",
        "serialNumber": "cafe",
    }


def test_a_long_list_of_names_is_cut_to_what_metadata_holds() -> None:
    value = bundle(certificate=certificate("a", LEAF, names=200), privateKey=LEAF_KEY)
    sans = told("tls-certificate", value)["sans"]
    assert sans.startswith("h0.acme.example,h1.acme.example")
    assert not sans.endswith(",")


def test_an_encrypted_certificate_key_needs_its_passphrase() -> None:
    locked = pem(LEAF, PrivateFormat.PKCS8, "open sesame")
    value = bundle(certificate=certificate("a", LEAF), privateKey=locked)
    assert told("tls-certificate", value, passphrase="open sesame")["subject"] == "a"
    refused("tls-certificate", value)
    refused("tls-certificate", value, passphrase="wrong")


def test_certificates_that_do_not_hold_together_are_refused() -> None:
    good = certificate("a", LEAF)
    other = certificate("b", ROOT)
    for wrong in (
        "not json",
        "[]",
        "{}",
        bundle(certificate=good),
        bundle(certificate=good, chain=other),
        bundle(certificate=good, privateKey=LEAF_KEY, extra="x"),
        json.dumps({"certificate": good, "privateKey": 1}),
        f'{{"certificate": {json.dumps(good)}, "certificate": "x", "privateKey": "x"}}',
        "[" * 5000,
        bundle(certificate="x", privateKey=LEAF_KEY),
        bundle(certificate=good + other, privateKey=LEAF_KEY),
        bundle(certificate=good, privateKey="x"),
        bundle(certificate=good, privateKey=pem(ROOT, PrivateFormat.PKCS8)),
        bundle(certificate=good, privateKey=LEAF_KEY, chain=other),
        bundle(certificate=good, privateKey=LEAF_KEY, chain="x"),
    ):
        refused("tls-certificate", wrong)


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        (
            "postgresql://app:hunter2@db.example:5432/shop?sslmode=require",
            {
                "driver": "postgresql",
                "host": "db.example",
                "port": "5432",
                "database": "shop",
                "username": "app",
                "ssl": "true",
            },
        ),
        (
            "postgres://db.example/shop?sslmode=disable&password=hunter2",
            {"driver": "postgresql", "host": "db.example", "database": "shop", "ssl": "false"},
        ),
        (
            "mysql://a%40b:hunter2@[2001:db8::1]:3306/shop",
            {
                "driver": "mysql",
                "host": "2001:db8::1",
                "port": "3306",
                "database": "shop",
                "username": "a@b",
            },
        ),
        (
            "mongodb://u:hunter2@a.example:1,b.example:2/shop",
            {
                "driver": "mongodb",
                "host": "a.example,b.example",
                "port": "1,2",
                "database": "shop",
                "username": "u",
            },
        ),
        (
            "mongodb+srv://u:hunter2@cluster.example/shop",
            {
                "driver": "mongodb",
                "host": "cluster.example",
                "database": "shop",
                "username": "u",
                "ssl": "true",
            },
        ),
        (
            "redis://:hunter2@cache.example/0",
            {"driver": "redis", "host": "cache.example", "database": "0"},
        ),
        ("rediss://cache.example", {"driver": "redis", "host": "cache.example", "ssl": "true"}),
        (
            "mssql://sa:hunter2@db.example:1433/shop",
            {
                "driver": "mssql",
                "host": "db.example",
                "port": "1433",
                "database": "shop",
                "username": "sa",
            },
        ),
        ("sqlite:///var/lib/shop.db", {"driver": "sqlite", "database": "var/lib/shop.db"}),
    ],
)
def test_a_database_url_tells_everything_but_its_password(url: str, facts: dict[str, str]) -> None:
    assert told("database-url", url) == facts
    assert "hunter2" not in json.dumps(told("database-url", url))


@pytest.mark.parametrize(
    "url",
    [
        "db.example/shop",
        "http://db.example/shop",
        "oracle://db.example/shop",
        "postgresql:///shop",
        "postgresql://app:hunter2@/shop",
        "postgresql://db.example:0/shop",
        "postgresql://db.example:65536/shop",
        "postgresql://db.example:port/shop",
        "postgresql://[::1/shop",
        " postgresql://db.example/shop",
        "postgresql://db.example/shop\n",
        "postgresql://u:hun/ter2@db.example/shop",
        "postgresql://u:1234/hunter2@db.example/shop",
        "postgresql://u:1234#hunter2@db.example/shop",
        "postgresql://u:1234?hunter2@db.example/shop",
    ],
)
def test_other_database_urls_are_refused_without_being_shown(url: str) -> None:
    assert "hunter2" not in refused("database-url", url)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_refusal_shows_any_part_of_the_value(kind: str) -> None:
    for value in ("CANARY\0", "postgresql://CANARY:CANARY@", '{"CANARY": 1}', "-----BEGIN CANARY"):
        try:
            examine(kind, value, {}, {})
        except Invalid as refusal:
            assert "CANARY" not in str(refusal.as_problem())
