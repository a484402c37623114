"""TLS certificates: what they tell, and certificates, keys and chains that do not fit together."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from tests.credentials.values import KEYS, bundle, certificate, pem, refused, told

LEAF, MIDDLE, ROOT = KEYS["ecdsa"], KEYS["ed25519"], KEYS["rsa"]
LEAF_KEY = pem(LEAF, PrivateFormat.PKCS8)
SELF_SIGNED = certificate("acme.example", LEAF)
OF_MIDDLE = certificate("acme.example", LEAF, "Acme Middle", MIDDLE)
MIDDLE_CA = certificate("Acme Middle", MIDDLE, "Acme Root", ROOT)
ROOT_CA = certificate("Acme Root", ROOT)


def test_a_certificate_tells_who_and_until_when() -> None:
    value = bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=MIDDLE_CA + ROOT_CA)
    assert told("tls-certificate", value) == {
        "subject": "acme.example",
        "issuer": "Acme Middle",
        "notBefore": "2026-11-23T12:00:00Z",
        "notAfter": "2027-02-21T12:00:00Z",
        "sans": "acme.example",
        "serialNumber": "cafe",
    }


@pytest.mark.parametrize("chain", [MIDDLE_CA, None])
def test_the_chain_need_not_reach_the_root(chain: str | None) -> None:
    value = bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=chain)
    assert told("tls-certificate", value)["issuer"] == "Acme Middle"


@pytest.mark.parametrize("algorithm", sorted(KEYS))
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_every_common_key_format_is_taken(algorithm: str, form: PrivateFormat) -> None:
    key = KEYS[algorithm]
    if algorithm == "ed25519":
        form = PrivateFormat.PKCS8
    value = bundle(certificate=certificate("a", key, names=()), privateKey=pem(key, form))
    assert "sans" not in told("tls-certificate", value)


def test_of_many_names_as_many_as_metadata_holds_are_kept_whole() -> None:
    names = tuple(f"host-{number}.acme.example" for number in range(200))
    value = bundle(certificate=certificate("a", LEAF, names=names), privateKey=LEAF_KEY)
    facts = told("tls-certificate", value)
    kept = facts["sans"].split(",")
    assert tuple(kept) == names[: len(kept)]
    assert len(kept) > 30
    assert int(facts["sansOmitted"]) == len(names) - len(kept)


def test_a_name_that_would_break_the_list_is_left_out_and_counted() -> None:
    odd = certificate("a", LEAF, names=("a.example,evil.example", "b.example"))
    facts = told("tls-certificate", bundle(certificate=odd, privateKey=LEAF_KEY))
    assert (facts["sans"], facts["sansOmitted"]) == ("b.example", "1")


def test_a_name_with_invisible_characters_is_left_out() -> None:
    odd = certificate("acme\u202eexample", LEAF)
    assert "subject" not in told("tls-certificate", bundle(certificate=odd, privateKey=LEAF_KEY))


OTHER_KEY = pem(ROOT, PrivateFormat.PKCS8)
FORGED_MIDDLE = certificate("Acme Middle", ROOT)
DOUBLE = f'{{"certificate": {json.dumps(SELF_SIGNED)}, "certificate": "x", "privateKey": "x"}}'


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("not json", "JSON object"),
        ("[]", "JSON object"),
        ("{}", "JSON object"),
        ("[" * 5000, "JSON object"),
        (DOUBLE, "JSON object"),
        (bundle(certificate=SELF_SIGNED), "JSON object"),
        (bundle(certificate=SELF_SIGNED, chain=ROOT_CA), "JSON object"),
        (bundle(certificate=SELF_SIGNED, private_key=LEAF_KEY), "JSON object"),
        (bundle(certificate=SELF_SIGNED, privateKey=LEAF_KEY, extra="x"), "JSON object"),
        (bundle(certificate=SELF_SIGNED, privateKey=1), "JSON object"),
        (bundle(certificate=SELF_SIGNED, privateKey=LEAF_KEY, chain=[ROOT_CA]), "JSON object"),
        (bundle(certificate="x", privateKey=LEAF_KEY), "X.509"),
        (bundle(certificate=LEAF_KEY, privateKey=LEAF_KEY), "X.509"),
        (bundle(certificate=SELF_SIGNED[:-40], privateKey=LEAF_KEY), "X.509"),
        (bundle(certificate=SELF_SIGNED + ROOT_CA, privateKey=LEAF_KEY), "exactly one"),
        (bundle(certificate=SELF_SIGNED, privateKey="x"), "unencrypted PEM key"),
        (bundle(certificate=SELF_SIGNED, privateKey=LEAF_KEY + "x" * 8192), "8 KiB"),
        (bundle(certificate=SELF_SIGNED, privateKey=OTHER_KEY), "does not belong"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=""), "chain"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain="x"), "chain"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=ROOT_CA), "issued"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=ROOT_CA + MIDDLE_CA), "issued"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=FORGED_MIDDLE), "issued"),
        (bundle(certificate=OF_MIDDLE, privateKey=LEAF_KEY, chain=MIDDLE_CA * 11), "at most 10"),
    ],
)
def test_what_does_not_hold_together_is_refused_by_its_rule(value: str, rule: str) -> None:
    assert rule in refused("tls-certificate", value)


def test_an_encrypted_key_is_not_opened_for_anybody() -> None:
    locked = bundle(
        certificate=SELF_SIGNED, privateKey=pem(LEAF, PrivateFormat.PKCS8, "open sesame")
    )
    assert "unencrypted" in refused("tls-certificate", locked)
    assert "unencrypted" in refused("tls-certificate", locked, passphrase="open sesame")
