"""Importing in the browser: checked first, then stored; the content is in no page."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from tests.console.pages import page, page_text, signed_in
from tests.people import CANARY, Somebody, lease, read, store

HERE = "/import/"
FILE = f"STRIPE_KEY={CANARY}\nMAIL_TOKEN=mail-canary-88\n"


def form(**more: Any) -> dict[str, Any]:
    """The form as a browser sends it, with FILE pasted."""
    return {
        "format": "env",
        "content": FILE,
        "folder_path": "imported",
        "keep_folders": "on",
        "mode": "all-or-nothing",
        "step": "check",
        **more,
    }


def keys(owner: Somebody) -> list[str]:
    """What is stored."""
    return [one.key for one in list_credentials(owner.console, ListCredentials()).credentials]


def test_a_check_says_what_would_happen_and_stores_nothing(owner: Somebody) -> None:
    checked = signed_in(owner).post(HERE, form())

    text = page(checked).text
    assert "nothing is stored yet" in text
    assert "STRIPE_KEY" in text
    assert keys(owner) == []
    assert CANARY not in page_text(checked)
    assert "mail-canary-88" not in page_text(checked)


def test_what_is_stored_can_be_read_by_its_key(owner: Somebody) -> None:
    stored = signed_in(owner).post(HERE, form(step="store"))

    assert "2 stored" in page(stored).text
    assert CANARY not in page_text(stored)
    key = next(one for one in keys(owner) if "stripe" in one.lower())
    assert (
        read(owner.agent, lease(owner.agent, key).lease_handle).value.get_secret_value() == CANARY
    )


def test_a_file_can_be_sent_instead(owner: Somebody) -> None:
    file = SimpleUploadedFile("prod.env", FILE.encode())
    signed_in(owner).post(HERE, form(step="store", content="", file=file))

    assert len(keys(owner)) == 2


def test_a_row_that_fails_is_put_right_by_another_key_or_left_out(owner: Somebody) -> None:
    browser = signed_in(owner)
    browser.post(HERE, form(step="store"))
    taken = keys(owner)

    again = browser.post(HERE, form(step="store"))
    assert "Nothing was stored" in page(again).text
    assert "Correct the failing rows" in page(again).text
    assert keys(owner) == taken

    numbers = [a["value"] for _, a in page(again).tags if a.get("name") == "row"]
    repaired = {
        "row": numbers,
        f"row_{numbers[0]}_key": "stripe-two",
        f"row_{numbers[1]}_out": "on",
    }
    browser.post(HERE, form(step="store", **repaired))
    assert set(keys(owner)) == {*taken, "stripe-two"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("format", {"format": "keychain"}),
        ("file", {"content": ""}),
        ("file", {"file": SimpleUploadedFile("latin.env", b"A=\xe9")}),
        ("file", {"file": SimpleUploadedFile("big.env", b"A=" + b"x" * (2 * 1024 * 1024))}),
        ("folder_path", {"folder_path": "../up"}),
        ("mode", {"mode": "hope"}),
        ("content", {"format": "bitwarden-json"}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    owner: Somebody, field: str, wrong: dict[str, Any]
) -> None:
    sent = {**form(step="store"), **({"content": ""} if "file" in wrong else {}), **wrong}
    refused = signed_in(owner).post(HERE, sent)

    assert refused.status_code == 422
    assert field in page(refused).errors
    assert CANARY not in page_text(refused)
    assert keys(owner) == []


def test_a_check_that_is_fetched_is_shown_whatever_it_says(owner: Somebody) -> None:
    asked = signed_in(owner).post(
        HERE, form(format="bitwarden-json"), headers={"HX-Request": "true"}
    )

    assert asked.status_code == 200
    assert "Nothing is stored" in page(asked).text


def test_rows_that_are_no_rows_are_refused(owner: Somebody) -> None:
    store(owner)
    for row in ("x", "99", "-1"):
        refused = signed_in(owner).post(HERE, form(step="store", row=row))
        assert refused.status_code == 422
    assert keys(owner) == ["stripe-api-key"]


def test_members_are_kept_out(owner: Somebody, member: Somebody) -> None:
    assert signed_in(member).post(HERE, form(step="store")).status_code == 403
    assert keys(owner) == []
