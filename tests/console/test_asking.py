"""A member asks for more on the team page; who may give it decides in the inbox."""

import pytest
from django.conf import settings

from access.levels import Role
from tests.console.pages import page, page_text, signed_in
from tests.people import Somebody, grant, join, lease, new_person, store
from tests.refusals import refusal
from tests.storage import owner_sql

KEY = "stripe-api-key"


def wish(**more: str) -> dict[str, str]:
    """The form as a browser sends it."""
    form = {"key": KEY, "folder_path": "", "level": "user", "duration": "8h", "reason": "a report"}
    return {**form, **more}


@pytest.fixture
def asked(owner: Somebody, member: Somebody) -> str:
    """The page of the member's request."""
    store(owner, KEY)
    return str(signed_in(member).post("/team/ask/", wish())["Location"])


def test_a_refusal_leads_to_the_form_filled_in(owner: Somebody, member: Somebody) -> None:
    shown = page(signed_in(member).get(f"/team/?ask={KEY}&level=manager"))

    assert shown.inputs()["key"] == KEY
    chosen = [
        value["value"] for tag, value in shown.tags if tag == "option" and "selected" in value
    ]
    assert chosen == ["manager"]


@pytest.mark.parametrize("key", [KEY, ""])
def test_a_denial_names_the_form_for_credential_and_folder(
    owner: Somebody, member: Somebody, key: str
) -> None:
    store(owner, KEY, folderPath="stripe/live")
    if key:
        denied = refusal(lambda: lease(member.agent, key))
    else:
        denied = refusal(lambda: store(member, "another", folderPath="stripe/live"))

    link = next(word for word in denied.hint.split() if word.startswith("http"))
    shown = page(signed_in(member).get(link.removeprefix(settings.PUBLIC_URL)))

    assert denied.extra["requiredLevel"] == ("user" if key else "manager")
    assert shown.inputs()["key"] == key
    assert shown.inputs()["folder_path"] == ("" if key else "stripe/live")
    chosen = [of["value"] for tag, of in shown.tags if tag == "option" and "selected" in of]
    assert chosen == [denied.extra["requiredLevel"]]


def test_the_address_in_the_mail_leads_to_the_request(owner: Somebody, asked: str) -> None:
    mailed = asked.rstrip("/")

    answer = signed_in(owner).get(mailed, follow=True)

    assert answer.redirect_chain == [(asked, 302)]
    assert "a report" in page(answer).text


def test_an_approval_gives_it_for_less(owner: Somebody, member: Somebody, asked: str) -> None:
    browser = signed_in(owner)
    inbox = page(browser.get("/approvals/"))
    assert f"Decide : user for {member.person.email}" in inbox.text
    assert "Approvals 1 waiting" in inbox.text
    assert "has viewer now" in page(browser.get(asked)).text

    answer = browser.post(
        asked, {"decision": "approve", "level": "user", "duration": "1h", "reason": "today only"}
    )

    assert answer["Location"] == "/approvals/"
    assert lease(member.agent, KEY).key == KEY
    own = page(signed_in(member).get("/team/")).text
    assert "own grant, until" in own
    assert "today only" in page(signed_in(member).get(asked)).text


def test_more_than_was_asked_for_is_not_offered(owner: Somebody, asked: str) -> None:
    browser = signed_in(owner)
    for sent in ({"level": "admin"}, {"duration": "9h"}, {"duration": "soon"}, {"decision": "yes"}):
        form = {"decision": "approve", "level": "user", "duration": "", "reason": "", **sent}
        assert browser.post(asked, form).status_code == 422
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(0,)]


def test_what_is_asked_without_an_end_has_none(owner: Somebody, member: Somebody) -> None:
    store(owner, KEY)
    asked = signed_in(member).post("/team/ask/", wish(duration=""))["Location"]
    assert "without an end" in page(signed_in(owner).get(asked)).text


def test_a_refusal_says_why(owner: Somebody, member: Somebody, asked: str) -> None:
    signed_in(owner).post(asked, {"decision": "deny", "level": "", "reason": "ask Kim first"})

    shown = page(signed_in(member).get(asked)).text
    assert "denied" in shown
    assert "ask Kim first" in shown


def test_who_asked_takes_it_back(owner: Somebody, member: Somebody, asked: str) -> None:
    assert signed_in(owner).post(f"{asked}withdraw").status_code == 404
    assert signed_in(member).post(f"{asked}withdraw").status_code == 302
    assert "Nothing is waiting" in page(signed_in(owner).get("/approvals/")).text


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"key": "no-such-key"}, "key"),
        ({"key": "", "folder_path": "no/such"}, "folder_path"),
        ({"key": ""}, "key"),
        ({"key": "not a key"}, "key"),
        ({"level": "owner"}, "level"),
        ({"duration": "a while"}, "duration"),
        ({"reason": "x"}, "reason"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field(
    owner: Somebody, member: Somebody, sent: dict[str, str], field: str
) -> None:
    store(owner, KEY)
    answer = signed_in(member).post("/team/ask/", wish(**sent))

    assert answer.status_code == 422
    assert field in page(answer).errors
    assert owner_sql("SELECT count(*) FROM access_request") == [(0,)]


def test_a_request_is_nobody_elses_business(
    owner: Somebody, outsider: Somebody, asked: str
) -> None:
    for who, code in ((join(owner, new_person("nora")), 403), (outsider, 404)):
        browser = signed_in(who)
        assert browser.get(asked).status_code == code
        assert browser.post(asked, {"decision": "approve"}).status_code == code
        assert "a report" not in page_text(browser.get("/approvals/"))


def test_a_keeper_of_the_credential_decides(owner: Somebody, asked: str) -> None:
    keeper = join(owner, new_person("kim"), Role.MEMBER)
    grant(owner, keeper, "admin", key=KEY)

    sent = {"decision": "approve", "level": "user", "duration": "", "reason": ""}
    assert signed_in(keeper).post(asked, sent).status_code == 302
