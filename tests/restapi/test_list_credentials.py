"""GET /api/v1/credentials: the same operation and the same rights as vault.list_credentials."""

from typing import Any

import httpx2
import pytest
from pytest import Subtests

from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from tests.people import Somebody, grant, store
from tests.restapi.conftest import TokenOf

PATH = "/api/v1/credentials"


@pytest.fixture
def stored(owner: Somebody) -> list[str]:
    """Three keys, in two folders and the root."""
    store(owner, "stripe-api-key", tags=["billing"])
    store(owner, "stripe-live", folderPath="stripe/live")
    store(owner, "root-key", folderPath="")
    return ["root-key", "stripe-api-key", "stripe-live"]


def keys(answer: httpx2.Response) -> list[str]:
    """The keys on a page."""
    assert answer.status_code == 200, answer.text
    return [one["key"] for one in answer.json()["credentials"]]


def test_it_lists_what_the_operation_lists(
    api: httpx2.Client, owner: Somebody, stored: list[str]
) -> None:
    answer = api.get(PATH)
    assert sorted(keys(answer)) == stored
    assert answer.json() == list_credentials(owner.console, ListCredentials()).wire()


def test_the_answer_is_private_json(api: httpx2.Client, stored: list[str]) -> None:
    answer = api.get(PATH)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    assert "set-cookie" not in answer.headers
    assert api.head(PATH).status_code == 200


def test_parameters_narrow_the_list(
    api: httpx2.Client, stored: list[str], subtests: Subtests
) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"folderPath": "stripe"}, ["stripe-api-key"]),
        ({"folderPath": "stripe", "recursive": "true"}, ["stripe-api-key", "stripe-live"]),
        ({"folderPath": "stripe", "recursive": "false"}, ["stripe-api-key"]),
        ({"folderPath": ""}, ["root-key"]),
        ({"tag": "billing"}, ["stripe-api-key"]),
        ({"type": "ssh-key"}, []),
    ]
    for query, expected in cases:
        with subtests.test(query=query):
            assert keys(api.get(PATH, params=query)) == expected


def test_pages_follow_each_other(api: httpx2.Client, stored: list[str]) -> None:
    seen: list[str] = []
    query: dict[str, str] = {"limit": "1"}
    while len(seen) < 10:
        answer = api.get(PATH, params=query)
        seen += keys(answer)
        if answer.json()["nextCursor"] is None:
            break
        query["cursor"] = answer.json()["nextCursor"]
    assert sorted(seen) == stored


def test_wrong_parameters_are_refused_and_not_repeated(
    api: httpx2.Client, subtests: Subtests
) -> None:
    for query in (
        "hunter2=1",
        "access_token=hunter2",
        "folder_path=hunter2",
        "FolderPath=hunter2",
        "type=hunter2",
        "type=api-key&type=ssh-key",
        "limit=1&limit=2",
        "recursive=TRUE",
        "recursive=1",
        "recursive=",
        "limit=0",
        "limit=201",
        "limit=1.5",
        "limit=%D9%A1",
        "limit=hunter2",
        "limit=99999999999999999999",
        "folderPath=../hunter2",
        "folderPath=a%00b",
        "folderPath=%ff",
        "cursor=hunter2",
        "tag=" + "hunter2" * 100,
    ):
        with subtests.test(query=query):
            answer = api.get(f"{PATH}?{query}")
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "input/invalid"
            assert "hunter2" not in answer.text


def test_an_unknown_folder_is_not_found(api: httpx2.Client, stored: list[str]) -> None:
    answer = api.get(PATH, params={"folderPath": "nothing-here"})
    assert (answer.status_code, answer.json()["code"]) == (404, "folder/not-found")


def test_a_member_sees_what_is_theirs(
    http: httpx2.Client,
    token_of: TokenOf,
    owner: Somebody,
    member: Somebody,
    stored: list[str],
) -> None:
    grant(owner, member, "user", key="stripe-api-key")
    answer = http.get(PATH, headers={"Authorization": f"Bearer {token_of(member)}"})
    levels = {one["key"]: one["access"] for one in answer.json()["credentials"]}
    assert levels == {"stripe-api-key": "user", "stripe-live": "viewer", "root-key": "viewer"}


def test_an_outsider_sees_nothing(
    http: httpx2.Client, token_of: TokenOf, outsider: Somebody, stored: list[str]
) -> None:
    answer = http.get(PATH, headers={"Authorization": f"Bearer {token_of(outsider)}"})
    assert answer.json() == {"credentials": [], "folders": [], "nextCursor": None}
