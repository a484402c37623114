"""Narrowing the list of credentials: the choice is part of the address."""

from credentials.operations import archive_credential
from credentials.shapes.credentials import DescribeCredential
from tests.console.pages import page, signed_in
from tests.people import Somebody, store

LIST = "/credentials/"


def shelf(owner: Somebody) -> None:
    """Three credentials of which each filter finds another one."""
    store(owner, "stripe-live", folderPath="stripe/live", tags=["billing"])
    store(owner, "prod-database", type="generic-secret", folderPath="db")
    store(owner, "old-mailer", folderPath="mail", description="for the newsletter")
    archive_credential(owner.console, DescribeCredential(key="old-mailer"))


def test_each_filter_finds_its_own(owner: Somebody) -> None:
    shelf(owner)
    browser = signed_in(owner)

    for narrowed, found in {
        "query=newsletter": "old-mailer",
        "type=generic-secret": "prod-database",
        "folder=stripe": "stripe-live",
        "tag=billing": "stripe-live",
        "state=archived": "old-mailer",
        "query=mailer&state=archived": "old-mailer",
    }.items():
        text = page(browser.get(f"{LIST}?{narrowed}")).text
        shown = {key for key in ("stripe-live", "prod-database", "old-mailer") if key in text}
        assert shown == {found}, narrowed


def test_the_filter_stays_in_the_form_and_on_the_next_page(owner: Somebody) -> None:
    for number in range(101):
        store(owner, f"key-{number:03}", tags=["many"])

    shown = page(signed_in(owner).get(f"{LIST}?tag=many"))

    assert shown.inputs()["tag"] == "many"
    (onward,) = [a["href"] for tag, a in shown.tags if a.get("rel") == "next"]
    assert "tag=many" in onward
    assert "cursor=" in onward


def test_nothing_found_says_how_to_go_on(owner: Somebody) -> None:
    shelf(owner)
    shown = page(signed_in(owner).get(f"{LIST}?tag=no-such-tag"))

    assert "Nothing matches" in shown.text
    assert ("a", {"class": "button", "href": LIST}) in shown.tags


def test_a_filter_that_makes_no_sense_says_so_and_does_not_narrow(owner: Somebody) -> None:
    shelf(owner)
    shown = page(signed_in(owner).get(f"{LIST}?folder=../up&state=gone&tag=b%C3%A4d"))

    assert shown.errors.keys() == {"folder", "state", "tag"}
    assert "stripe-live" in shown.text
