"""What keeps pages up to date: each part that fetches itself again finds itself in the answer."""

from django.test import Client

from leases.operations import decide_lease
from leases.shapes import DecideLease
from tests.console.pages import page, signed_in
from tests.people import Somebody
from tests.walk.addresses import pages
from tests.walk.full_tenant import fill_tenant

PART = {"HX-Request": "true"}

# What people watch, with the news that each of these pages has to hear of.
WATCHED = {
    "/admin/": {"leases", "audit", "approvals"},
    "/leases/all/": {"leases"},
    "/leases/": {"leases"},
    "/credentials/<str:key>/": {"leases", "credentials", "grants"},
    "/approvals/": {"approvals"},
    "/approvals/<str:request_id>/": {"approvals"},
    "/approvals/<req:access_request_id>/": {"approvals"},
    "/approvals/<creq:credential_request_id>/": {"approvals"},
    "/admin/audit/": {"audit"},
    "/team/": {"grants"},
    "/team/grants/": {"grants", "members"},
    "/team/access/": {"grants"},
    "/team/reach/<str:subject_id>/": {"grants"},
    "/team/members/": {"members"},
    "/team/invitations/": {"members"},
    "/team/groups/": {"members"},
    "/team/groups/<str:group_id>/": {"members"},
    "/connect/": {"agents"},
    "/admin/agents/": {"agents", "leases"},
    "/admin/clients/": {"agents"},
    "/account/agents/": {"agents", "leases"},
    "/admin/service-accounts/": {"agents"},
}


# The numbers in the frame of every page.
COUNTS = {"/approvals/waiting/", "/admin/agents/waiting/"}


def parts_of(browser: Client, address: str) -> list[dict[str, str]]:
    """The attributes of whatever fetches itself again on that page, but for the frame's."""
    answer = browser.get(address, follow=True)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return []
    found = [of for _, of in page(answer).tags if "vault:" in of.get("hx-trigger", "")]
    return [of for of in found if of["hx-get"] not in COUNTS]


def topics(parts: list[dict[str, str]]) -> set[str]:
    """What the parts listen to."""
    triggers = " ".join(of["hx-trigger"] for of in parts).replace(",", " ").split()
    return {one.removeprefix("vault:") for one in triggers if one.startswith("vault:")}


def test_pages_that_people_watch_hear_of_what_they_show_and_fetch_it(owner: Somebody) -> None:
    acme, browser = fill_tenant(owner, "acme"), signed_in(owner)
    known = {f"/{address.pattern}": address for address in pages()}

    for name, wanted in WATCHED.items():
        parts = parts_of(browser, known[name].of(acme.things))
        assert wanted <= topics(parts), name
        for part in parts:
            assert_fetches(browser, part)


def assert_fetches(browser: Client, part: dict[str, str]) -> None:
    """The answer has the part that is chosen out of it, or is nothing but the part."""
    here = part["hx-get"]
    answer = browser.get(here, headers=PART)
    assert answer.status_code in {200, 204}, here
    chosen = part.get("hx-select")
    if chosen:
        ids = [of.get("id") for _, of in page(answer).tags]
        assert ids.count(chosen.removeprefix("#")) == 1, f"{here}: {chosen}"
    elif answer.status_code == 200:
        assert "html" not in {tag for tag, _ in page(answer).tags}, here


def test_a_decision_of_somebody_else_loads_the_page_anew_and_other_news_do_not(
    owner: Somebody,
) -> None:
    acme, browser = fill_tenant(owner, "acme"), signed_in(owner)
    address = f"/approvals/{acme.things['request_id']}/"
    (part,) = parts_of(browser, address)

    assert "HX-Refresh" not in browser.get(part["hx-get"], headers=PART).headers

    wish = {"requestId": acme.things["request_id"], "approve": False, "reason": "not today"}
    decide_lease(owner.console, DecideLease.parse(wish))

    assert browser.get(part["hx-get"], headers=PART)["HX-Refresh"] == "true"


def test_the_number_beside_the_inbox_is_ones_own(owner: Somebody, member: Somebody) -> None:
    fill_tenant(owner, "acme")

    assert "3" in page(signed_in(owner).get("/approvals/waiting/", headers=PART)).text
    assert page(signed_in(member).get("/approvals/waiting/", headers=PART)).text == ""


def test_a_row_that_is_fetched_again_stays_itself(owner: Somebody) -> None:
    """Without ids rows would be matched by their place, and the focus would go to another one."""
    fill_tenant(owner, "acme")
    browser = signed_in(owner)
    for address in ("/leases/all/", "/approvals/", "/admin/audit/", "/team/members/"):
        tags = page(browser.get(address)).tags
        rows = [of.get("id") for tag, of in tags if tag == "tr"]
        heads = [tag for tag, _ in tags].count("thead")
        assert rows.count(None) == heads, address
        assert len(set(rows)) == len(rows) - heads + 1, address
