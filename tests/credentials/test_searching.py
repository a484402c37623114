"""Searching: best first, and only among what may be seen."""

from functools import partial

import pytest

from credentials.operations import (
    update_credential,
)
from credentials.shapes.credentials import SearchCredentials, UpdateCredential
from tests.credentials.shelves import found, keys
from tests.people import CANARY, Somebody
from tests.refusals import code_of
from tests.storage import owner_sql


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("stripe-api-key", "stripe-api-key"),
        ("STRIPE-API-KEY", "stripe-api-key"),
        ("stripe-a", "stripe-api-key"),
        ("strpie-api", "stripe-api-key"),
        ("live", "stripe-live"),
        ("databases", "db"),
        ("the shop", "db"),
        ("generic-secret", "db"),
    ],
)
def test_key_tag_type_folder_and_description_are_searched(
    shelf: Somebody, query: str, best: str
) -> None:
    page = found(shelf.agent, query)

    assert page.credentials[0].key == best
    scores = [one.score for one in page.credentials]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@pytest.mark.parametrize(
    "query", ["%", "_", "%%%", "'", '"', "\\", "';--", "a' OR 'a'='a", "(", "*", "é", "🔑"]
)
def test_signs_mean_themselves(shelf: Somebody, query: str) -> None:
    assert len(found(shelf.agent, query).credentials) < 4


@pytest.mark.parametrize("query", ["", "   ", "x" * 201, "a\0b", "\u202e", None, 7])
def test_a_question_that_says_nothing_is_refused(query: object) -> None:
    assert code_of(partial(SearchCredentials.parse, {"query": query})) == "input/invalid"


def test_filters_narrow_a_search(shelf: Somebody) -> None:
    assert keys(found(shelf.agent, "stripe", tag="live")) == ["stripe-live"]
    assert keys(found(shelf.agent, "stripe", folderPath="stripe/live")) == ["stripe-live"]
    assert keys(found(shelf.agent, "stripe", type="generic-secret")) == []


def test_pages_of_a_search(shelf: Somebody) -> None:
    whole = keys(found(shelf.agent, "stripe"))
    first = found(shelf.agent, "stripe", limit=1)
    assert first.next_cursor is not None

    second = found(shelf.agent, "stripe", limit=1, cursor=first.next_cursor)

    assert keys(first) + keys(second) == whole[:2]


def test_what_changed_is_found_by_what_it_is_now(shelf: Somebody) -> None:
    update_credential(
        shelf.console, UpdateCredential.parse({"key": "db", "newKey": "warehouse", "tags": ["ice"]})
    )

    assert keys(found(shelf.agent, "warehouse"))[:1] == ["warehouse"]
    assert keys(found(shelf.agent, "ice"))[:1] == ["warehouse"]


def test_a_value_is_not_found(shelf: Somebody) -> None:
    assert keys(found(shelf.agent, CANARY)) == []
    assert owner_sql(
        "SELECT count(*) FROM credential WHERE search_text LIKE %s", f"%{CANARY}%"
    ) == [(0,)]
