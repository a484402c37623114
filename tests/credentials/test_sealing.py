"""Sealing by itself: every value comes back, nothing else does, no nonce comes twice."""

import os
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from credentials.envelope import Secret, UnsealFailed, seal, unseal
from credentials.keyrings import LocalRootKey, OpenKeys, context, decrypt, encrypt, root_key
from credentials.models import TenantKey, Version
from foundation.errors import Unavailable

KEY = AESGCM(bytes(range(32)))
PARTS = st.lists(st.one_of(st.text(), st.uuids(), st.integers()), max_size=4)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_was_sealed_opens_in_its_place_only(plain: bytes, place: bytes) -> None:
    blob = encrypt(KEY, plain, place)

    assert decrypt(KEY, blob, place) == plain
    with pytest.raises(InvalidTag):
        decrypt(KEY, blob, place + b"x")
    with pytest.raises(InvalidTag):
        decrypt(AESGCM(bytes(32)), blob, place)


@given(st.binary(max_size=64), st.data())
def test_no_changed_blob_opens(plain: bytes, data: st.DataObject) -> None:
    blob = encrypt(KEY, plain, b"place")
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    length = data.draw(st.integers(0, len(blob) - 1))
    flipped = bytearray(blob)
    flipped[bit // 8] ^= 1 << bit % 8

    for forged in (bytes(flipped), blob[:length], blob + b"\0", b""):
        with pytest.raises(InvalidTag):
            decrypt(KEY, forged, b"place")


def test_nonces_do_not_repeat() -> None:
    blobs = {encrypt(KEY, b"same", b"same")[1:13] for _ in range(20_000)}

    assert len(blobs) == 20_000


def test_nonces_do_not_repeat_in_a_forked_process() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, encrypt(KEY, b"", b"")[1:13])
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 12) != encrypt(KEY, b"", b"")[1:13]
    os.close(reader)
    os.close(writer)


@given(PARTS, PARTS)
def test_different_places_never_look_alike(one: list[object], other: list[object]) -> None:
    """Each part stands with its length, so none flows into the next."""
    same = [str(part) for part in one] == [str(part) for part in other]

    assert (context(*map(str, one)) == context(*map(str, other))) == same


PLACE = {
    name: UUID(int=number)
    for number, name in enumerate(("tenant_id", "credential_id", "id", "tenant_key_id"))
}
PLACE["sealed_under"] = PLACE["tenant_key_id"]


def _version_at(place: dict[str, UUID], key: TenantKey) -> Version:
    version = Version(**place)
    key.id = version.tenant_key_id
    version.tenant_key = key
    return version


@pytest.mark.parametrize("name", PLACE)
def test_a_value_is_bound_to_its_tenant_credential_version_and_key(name: str) -> None:
    key = TenantKey(tenant_id=PLACE["tenant_id"], number=1, root_key_id=root_key().id)
    bound = context("tenant-key", key.tenant_id, key.number, key.root_key_id)
    key.wrapped = root_key().wrap(bytes(32), bound)
    right = _version_at(PLACE, key)
    seal(right, Secret("v", {}), key)
    assert unseal(right).value == "v"

    copied, moved = _version_at(PLACE, key), _version_at({**PLACE, name: UUID(int=99)}, key)
    for one in (copied, moved):
        one.sealed, one.wrapped_key = right.sealed, right.wrapped_key

    assert unseal(copied).value == "v"
    with pytest.raises(UnsealFailed):
        unseal(moved)


def test_a_secret_is_not_printed() -> None:
    secret = Secret("canary", {"refreshToken": "canary"})

    assert "canary" not in f"{secret}{secret!r}"


def test_a_root_key_opens_what_it_wrapped_and_no_other_does() -> None:
    right, wrong = LocalRootKey("A" * 43), LocalRootKey("B" * 43)
    wrapped = right.wrap(b"k" * 32, b"place")

    assert right.unwrap(wrapped, b"place") == b"k" * 32
    assert right.id != wrong.id
    assert "AAAA" not in right.id
    for key, place in ((wrong, b"place"), (right, b"another place")):
        with pytest.raises(Unavailable):
            key.unwrap(wrapped, place)


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 45, "A" * 64, "é" * 43])
def test_what_is_no_root_key_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(Unavailable) as caught:
        LocalRootKey(text)

    assert not text or text not in str(caught.value)


def test_opened_keys_are_few_and_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    root = LocalRootKey("A" * 43)
    monkeypatch.setattr("credentials.keyrings.root_key", lambda: root)
    keys = OpenKeys(kept=2)
    wrapped = [root.wrap(bytes([number]) * 32, b"place") for number in range(3)]
    ids = [UUID(int=number) for number in range(3)]
    blob = encrypt(keys.open(ids[0], wrapped[0], b"place"), b"x", b"")

    for number in range(3):
        keys.open(ids[number], wrapped[number], b"place")

    assert decrypt(keys.open(ids[0], wrapped[0], b"place"), blob, b"") == b"x"
    with pytest.raises(Unavailable):
        keys.open(ids[0], wrapped[0][:-1], b"place")
    with pytest.raises(Unavailable):
        keys.open(ids[0], wrapped[0], b"another place")
