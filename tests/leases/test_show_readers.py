"""Who still reads the old value while a window is open (R9)."""

from datetime import datetime

import pytest

from credentials.operations import change_window, rotate_credential
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotateCredential
from foundation.errors import Conflict, CredentialNotFound, Denied
from leases.operations import release_lease, show_readers
from leases.shapes import ReadersOut, ReleaseLease
from tests.people import PURPOSE, Somebody, grant, lease, read, store

KEY = "stripe-api-key"


def readers(who: Somebody) -> ReadersOut:
    return show_readers(who.console, DescribeCredential(key=KEY))


def rotate(owner: Somebody, window: int = 600) -> None:
    request = {"key": KEY, "newValue": "sk_live_new", "window": window}
    rotate_credential(owner.console, RotateCredential.parse(request))


def test_it_lists_who_holds_the_old_value(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)
    held = lease(member.agent, ttl=120)
    read(member.agent, held.lease_handle)
    rotate(owner)
    lease(owner.agent)
    (reader,) = readers(owner).readers
    assert (reader.holder, reader.agent) == ("marc@example.org", "Claude Code")
    assert (reader.purpose, reader.uses) == (PURPOSE, 1)
    assert reader.expires_at == held.expires_at


def test_nobody_reads_past_the_window(owner: Somebody) -> None:
    store(owner)
    lease(owner.agent, ttl="1h")
    rotate(owner, window=60)
    shown = readers(owner)
    assert [reader.expires_at for reader in shown.readers] == [shown.closes_at]
    assert isinstance(shown.closes_at, datetime)


def test_a_lease_given_back_is_no_reader(owner: Somebody) -> None:
    store(owner)
    held = lease(owner.agent)
    rotate(owner)
    release_lease(owner.agent, ReleaseLease(lease_handle=held.lease_handle))
    assert readers(owner).readers == []


def test_without_a_window_there_are_none(owner: Somebody) -> None:
    store(owner)
    with pytest.raises(Conflict):
        readers(owner)
    rotate(owner)
    change_window(owner.console, ChangeWindow(key=KEY, window=0))
    with pytest.raises(Conflict):
        readers(owner)


def test_it_takes_a_manager(owner: Somebody, member: Somebody, outsider: Somebody) -> None:
    store(owner)
    rotate(owner)
    grant(owner, member, "user", key=KEY)
    with pytest.raises(Denied):
        readers(member)
    with pytest.raises(CredentialNotFound):
        readers(outsider)
