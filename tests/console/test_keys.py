"""The page of the tenant's keys: what each wraps, a rotation after a question, an end for good."""

from typing import Any

from django.test import Client

from credentials.operations import list_keys, rotate_tenant_key
from credentials.shapes.tenant_keys import ListKeys, RotateTenantKey
from credentials.tasks import rewrap_due_keys
from tests.console.pages import page, signed_in
from tests.people import Somebody, store

KEYS = "/admin/keys/"
ROTATE = "/admin/keys/rotate"


def numbered(who: Somebody) -> list[tuple[int, str, int]]:
    return [
        (one.number, one.state, one.versions) for one in list_keys(who.console, ListKeys()).keys
    ]


def asked(browser: Client) -> dict[str, Any]:
    """What the question about a rotation would send."""
    return page(browser.get(ROTATE)).inputs()


def old_key(who: Somebody) -> str:
    """The address of the end of a key that was rotated."""
    rotate_tenant_key(who.console, RotateTenantKey())
    return f"{KEYS}{list_keys(who.console, ListKeys()).keys[1].key_id}/destroy"


def test_a_tenant_without_a_value_has_no_key_yet(owner: Somebody) -> None:
    assert "No key yet" in page(signed_in(owner).get(KEYS)).text


def test_a_rotation_is_asked_about_done_and_followed(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    question = browser.get(ROTATE)
    assert "1 version is wrapped again in the background" in page(question).text

    done = browser.post(ROTATE, page(question).inputs(), follow=True)

    assert numbered(owner) == [(2, "active", 0), (1, "decrypt-only", 1)]
    assert "Key 2 is active" in page(done).text
    assert "1 version is still wrapped by an older key" in page(done).text
    rewrap_due_keys()
    assert "still wrapped" not in page(browser.get(KEYS)).text
    assert numbered(owner) == [(2, "active", 1), (1, "decrypt-only", 0)]


def test_a_question_that_was_answered_before_rotates_nothing(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    sent = asked(browser)
    browser.post(ROTATE, sent)

    again = browser.post(ROTATE, sent)

    assert again.status_code == 422
    assert "Another key is active by now" in page(again).text
    assert len(numbered(owner)) == 2


def test_only_a_key_that_wraps_nothing_can_be_destroyed(owner: Somebody) -> None:
    store(owner)
    browser, end = signed_in(owner), old_key(owner)
    links = [one.get("href") for _, one in page(browser.get(KEYS)).tags]
    assert end not in links

    refused = browser.post(end, {"typed": "key 1"})

    assert refused.status_code == 409
    assert "still wraps 1 version" in page(refused).text
    rewrap_due_keys()
    assert end in [one.get("href") for _, one in page(browser.get(KEYS)).tags]
    assert browser.post(end, {"typed": "key 2"}).status_code == 422
    assert browser.post(end, {"typed": "key 1"})["Location"] == KEYS
    assert numbered(owner) == [(2, "active", 1), (1, "destroyed", 0)]


def test_members_see_nothing_of_it(owner: Somebody, member: Somebody) -> None:
    store(owner)
    browser, end = signed_in(member), old_key(owner)
    before = numbered(owner)

    for address in (KEYS, ROTATE, end):
        assert browser.get(address).status_code == 403
        assert browser.post(address, {"typed": "key 1"}).status_code == 403
    assert KEYS not in [one.get("href") for _, one in page(browser.get("/team/")).tags]
    assert numbered(owner) == before
