"""Listing and searching: exactly what may be seen, page by page, best first."""

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials.operations import (
    archive_credential,
    delete_credential,
    rotate_credential,
)
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from credentials.shapes.rotations import RotateCredential
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.credentials.shelves import found, keys, listed
from tests.people import CANARY, Somebody, grant, store
from tests.refusals import code_of, problem_of


def test_everything_is_listed_in_the_order_of_folder_and_key(shelf: Somebody) -> None:
    page = listed(shelf.agent)

    assert keys(page) == ["root-key", "db", "stripe-api-key", "stripe-live"]
    assert page.folders == ["databases", "stripe"]
    assert page.next_cursor is None
    assert CANARY not in str(page.wire())


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"folderPath": ""}, ["root-key"]),
        ({"folderPath": "stripe"}, ["stripe-api-key"]),
        ({"folderPath": "stripe", "recursive": True}, ["stripe-api-key", "stripe-live"]),
        (
            {"folderPath": "", "recursive": True},
            ["root-key", "db", "stripe-api-key", "stripe-live"],
        ),
        ({"type": "generic-secret"}, ["db"]),
        ({"tag": "payments"}, ["stripe-api-key", "stripe-live"]),
        ({"tag": "payments", "folderPath": "stripe/live"}, ["stripe-live"]),
        ({"tag": "pay"}, []),
        ({"tag": "payments", "type": "generic-secret"}, []),
    ],
)
def test_filters_narrow_together(
    shelf: Somebody, asked: dict[str, Any], expected: list[str]
) -> None:
    assert keys(listed(shelf.agent, **asked)) == expected


def test_folders_are_those_right_below(shelf: Somebody) -> None:
    assert listed(shelf.agent, folderPath="stripe").folders == ["stripe/live"]
    assert listed(shelf.agent, folderPath="stripe/live").folders == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_hold_everything_once(shelf: Somebody, limit: int) -> None:
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        page = listed(shelf.agent, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(page.credentials) <= limit
        seen += keys(page)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == ["root-key", "db", "stripe-api-key", "stripe-live"]


def test_a_cursor_holds_while_credentials_come_and_go(shelf: Somebody) -> None:
    first = listed(shelf.agent, limit=2)
    store(shelf, "before", folderPath="")
    store(shelf, "zebra", folderPath="zoo")
    delete_credential(shelf.console, DescribeCredential(key="db"))

    second = listed(shelf.agent, limit=10, cursor=first.next_cursor)

    assert keys(second) == ["stripe-api-key", "stripe-live", "zebra"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "bnVsbA",
        "W10",
        "WzEsMl0",
        "WyJhIl0",
        "WyJcdTAwMDAiLCJiIl0",
        "WyJcdWQ4MDAiLCJiIl0",
        "x" * 1025,
    ],
)
def test_a_cursor_of_ones_own_making_is_refused(shelf: Somebody, cursor: str) -> None:
    if cursor:
        assert code_of(partial(listed, shelf.agent, cursor=cursor)) == "input/invalid"
    assert code_of(partial(found, shelf.agent, "stripe", cursor=cursor)) == "input/invalid"


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0}, {"limit": 201}, {"limit": True}, {"limit": "5"}, {"recursive": 1},
        {"type": "password"}, {"tag": "a b"}, {"folderPath": "/"}, {"folderPath": "a//b"},
        {"folder": "stripe"}, {"query": "x"},
    ],
)  # fmt: skip
def test_malformed_questions_are_refused(asked: dict[str, Any]) -> None:
    assert code_of(partial(ListCredentials.parse, asked)) == "input/invalid"


def test_a_folder_that_is_unknown_or_out_of_sight_is_one_answer(
    shelf: Somebody, member: Somebody
) -> None:
    change_settings(shelf.console, ChangeSettings(baseline_level="none"))
    grant(shelf, member, "viewer", folderPath="stripe")

    unknown = problem_of(partial(listed, shelf.agent, folderPath="no/such"))

    assert unknown["code"] == "folder/not-found"
    assert problem_of(partial(listed, member.agent, folderPath="databases")) == unknown
    assert keys(listed(member.agent, folderPath="stripe")) == ["stripe-api-key"]


def test_a_member_sees_only_what_is_theirs(shelf: Somebody, member: Somebody) -> None:
    change_settings(shelf.console, ChangeSettings(baseline_level="none"))
    assert (listed(member.agent).credentials, listed(member.agent).folders) == ([], [])

    grant(shelf, member, "user", key="stripe-live")

    page = listed(member.agent)
    assert [(one.key, one.access) for one in page.credentials] == [("stripe-live", "user")]
    assert page.folders == ["stripe"]
    assert keys(found(member.agent, "stripe")) == ["stripe-live"]
    assert keys(found(member.agent, "db")) == []


def test_archived_is_listed_as_such_and_deleted_is_not(shelf: Somebody) -> None:
    archive_credential(shelf.console, DescribeCredential(key="db"))
    delete_credential(shelf.console, DescribeCredential(key="root-key"))

    shown = {one.key: one.state for one in listed(shelf.agent).credentials}

    assert shown["db"] == "archived"
    assert "root-key" not in shown
    assert "root-key" not in keys(found(shelf.agent, "root-key"))


def test_the_current_versions_number_is_shown(shelf: Somebody) -> None:
    rotate_credential(shelf.console, RotateCredential(key="db", generate=True))

    (shown,) = (one for one in listed(shelf.agent).credentials if one.key == "db")

    assert shown.version == 2


def test_looking_leaves_no_entry_but_a_refusal_does(shelf: Somebody) -> None:
    with new_entries(shelf.console.tenant_id) as entries:
        listed(shelf.agent)
        found(shelf.agent, "stripe")
        code_of(partial(listed, shelf.agent, folderPath="no/such"))

    assert told(entries) == [("access.denied", "denied")]


def test_a_page_costs_the_same_however_much_it_shows(shelf: Somebody) -> None:
    queries = _queries(shelf)
    for number in range(8):
        store(shelf, f"more-{number}", folderPath=f"more/{number}")

    assert _queries(shelf) == queries <= 10


def _queries(who: Somebody) -> int:
    with CaptureQueriesContext(connection) as captured:
        listed(who.agent)
    return len(captured)
