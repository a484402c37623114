"""A person stores on a page what an agent asked for; the page is filled in, but for the value."""

from functools import partial

from credentials.operations import create_folder, describe_credential, request_credential
from credentials.shapes.credential_requests import RequestCredential
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.folders import NameFolder
from tests.console.pages import filled, page, page_text, signed_in
from tests.people import CANARY, PURPOSE, Somebody, grant, lease, read
from tests.refusals import refusal

KEY = "anthropic-api-key"


def asked(who: Somebody) -> str:
    """The page of a request for a key of a well-known service."""
    wish = {
        "key": KEY,
        "type": "api-key",
        "purpose": PURPOSE,
        "folderPath": "llm",
        "destination": "api.anthropic.com",
    }
    pending = refusal(partial(request_credential, who.agent, RequestCredential.parse(wish)))
    return f"/approvals/{pending.extra['approvalId']}/"


def form(**more: str) -> dict[str, object]:
    """The form as a browser sends it; the key's field is disabled, so it is not sent."""
    typed = {"folder_path": "llm", "destinations": "api.anthropic.com header x-api-key"}
    sent = filled(**{**typed, "decision": "store", **more})
    del sent["key"]
    return sent


def test_the_page_is_filled_in_and_takes_the_value(owner: Somebody, member: Somebody) -> None:
    address = asked(member)
    browser = signed_in(owner)
    shown = page(browser.get(address))

    assert shown.inputs()["key"] == KEY
    assert shown.inputs()["folder_path"] == "llm"
    assert not shown.inputs().get("value")
    assert "api.anthropic.com header x-api-key" in page_text(browser.get(address))
    assert PURPOSE in page_text(browser.get(address))
    assert KEY in page_text(browser.get("/approvals/"))
    sent = browser.post(address, form())

    assert (sent.status_code, sent["Location"]) == (302, "/approvals/")
    assert read(owner.agent, lease(owner.agent, KEY).lease_handle).value.get_secret_value() == (
        CANARY
    )
    stored = describe_credential(owner.agent, DescribeCredential(key=KEY))
    assert stored.policy.destinations is not None
    assert [one.host for one in stored.policy.destinations] == ["api.anthropic.com"]
    decided = page_text(browser.get("/approvals/?state=decided"))
    assert "stored" in decided


def test_the_key_is_the_one_that_was_asked_for(owner: Somebody, member: Somebody) -> None:
    browser = signed_in(owner)

    browser.post(asked(member), {**form(), "key": "another-key"})

    assert describe_credential(owner.agent, DescribeCredential(key=KEY)).key == KEY


def test_a_refused_value_is_not_kept_and_what_was_typed_is(
    owner: Somebody, member: Somebody
) -> None:
    browser = signed_in(owner)

    answer = browser.post(asked(member), form(default_ttl="soon", description="for the report"))

    assert answer.status_code == 422
    assert CANARY not in answer.content.decode()
    assert "for the report" in answer.content.decode()
    assert "default_ttl" in page(answer).errors


def test_no_is_said_with_a_reason(owner: Somebody, member: Somebody) -> None:
    address = asked(member)
    browser = signed_in(owner)

    sent = browser.post(address, {"decision": "deny", "reason": "use the proxy"})

    assert sent.status_code == 302
    assert browser.post(asked(owner), {"decision": "neither"}).status_code == 422
    assert "use the proxy" in page_text(browser.get(address))
    assert "Store it" not in page_text(browser.get(address))


def test_who_may_not_store_sees_the_request_only_as_its_own(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    address = asked(member)
    own = page_text(signed_in(member).get(address))

    assert "Waiting for somebody else" in own
    assert "Store it" not in own
    assert signed_in(member).post(address, form()).status_code == 403
    assert signed_in(outsider).get(address).status_code == 404
    assert signed_in(outsider).post(address, form()).status_code == 404
    create_folder(owner.console, NameFolder(folder_path="llm"))
    grant(owner, member, "manager", folderPath="llm")
    assert signed_in(member).post(address, form()).status_code == 302


def test_a_request_is_withdrawn(owner: Somebody, member: Somebody) -> None:
    address = asked(member)

    assert signed_in(member).post(f"{address}withdraw").status_code == 302

    assert "withdrawn" in page_text(signed_in(owner).get(address))
