"""Handles: every forgery, every other spelling, one answer."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from foundation.db.ids import uuid7
from foundation.errors import InvalidHandle
from leases.handles import PREFIX, Claims, make_handle, open_handle
from leases.models import Lease
from tests.people import Somebody, lease, read, store
from tests.refusals import problem_of, refusal

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LEASE, TENANT, PERSON, CLIENT, VERSION = (uuid7() for _ in range(5))


def _handle(client: UUID | None = CLIENT) -> str:
    return make_handle(
        Lease(
            pk=LEASE,
            tenant_id=TENANT,
            person_id=PERSON,
            client_id=client,
            version_id=VERSION,
            max_expires_at=MOMENT,
        )
    )


def test_a_handle_says_what_it_is_bound_to() -> None:
    assert open_handle(_handle()) == Claims(LEASE, TENANT, PERSON, CLIENT, VERSION, MOMENT)
    assert open_handle(_handle(None)).client_id is None


def test_the_same_lease_has_the_same_handle() -> None:
    assert _handle() == _handle()


def test_a_handle_is_short_and_safe_to_copy() -> None:
    assert len(_handle()) <= 512
    assert set(_handle().removeprefix(PREFIX)) <= set(ALPHABET + "=")


def test_every_other_character_at_every_place_is_refused() -> None:
    handle = _handle()
    for place, real in enumerate(handle):
        for other in ("A", "_", "9", "=", " ", "é"):
            if other != real:
                forged = handle[:place] + other + handle[place + 1 :]
                error = refusal(partial(open_handle, forged))
                assert type(error) is InvalidHandle


def test_every_flipped_bit_is_refused() -> None:
    blob = urlsafe_b64decode(_handle().removeprefix(PREFIX))
    for bit in range(len(blob) * 8):
        forged = bytearray(blob)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidHandle):
            open_handle(PREFIX + urlsafe_b64encode(forged).decode())


def test_every_shorter_and_longer_handle_is_refused() -> None:
    handle = _handle()
    blob = urlsafe_b64decode(handle.removeprefix(PREFIX))
    cut = [handle[:end] for end in range(len(handle))]
    grown = [PREFIX + urlsafe_b64encode(blob + tail).decode() for tail in (b"\0", b"x" * 32)]
    for forged in (*cut, *grown, handle + "=", handle + "A", handle + handle):
        with pytest.raises(InvalidHandle):
            open_handle(forged)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    handle = _handle()
    text = handle.removeprefix(PREFIX)
    blob = urlsafe_b64decode(text)
    body, padding = text.rstrip("="), "=" * (len(text) - len(text.rstrip("=")))
    assert padding, "the last character must have bits to spare for this test to say anything"
    spare = [
        PREFIX + body[:-1] + other + padding
        for other in ALPHABET
        if urlsafe_b64decode(body[:-1] + other + padding) == blob and other != body[-1]
    ]
    assert spare
    others = [
        *spare,
        PREFIX + body,
        text,
        PREFIX.upper() + text,
        PREFIX + PREFIX + text,
        f" {handle}",
        f"{handle}\n",
        PREFIX + text[:40] + "\n" + text[40:],
        PREFIX + text[:40] + "!" + text[40:],
        PREFIX + text.translate(str.maketrans("-_", "+/")) + "=",
    ]
    for spelling in others:
        with pytest.raises(InvalidHandle):
            open_handle(spelling)


@pytest.mark.parametrize(
    "text", ["", PREFIX, "\0", "vlt_lease_\ud800", "eyJhbGciOiJFUzI1NiJ9.e30.x"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InvalidHandle):
        open_handle(text)


def test_a_forgery_is_told_nothing_that_nonsense_is_not_told(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    forged = handle[:60] + ("A" if handle[60] != "A" else "B") + handle[61:]
    for_nobody = _handle()

    nonsense = problem_of(lambda: read(owner.agent, "nonsense"))

    assert problem_of(lambda: read(owner.agent, forged)) == nonsense
    assert problem_of(lambda: read(owner.agent, for_nobody)) == nonsense
    assert handle not in str(nonsense)
