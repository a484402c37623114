"""Safe pages: strict policy, nothing inline, markup shown literally, nothing cached."""

from typing import Any

from django.test import Client

from tenants.models import Person, Tenant
from tests.console.pages import NEW, filled, page, page_text, signed_in
from tests.people import Somebody, grant, lease, store

MARKUP = "<img src=x onerror=alert(1)>\"'&"

OPEN = ["/account/login/", "/account/password/reset/", "/no/such/page"]
PRIVATE = [
    "/admin/",
    "/credentials/",
    NEW,
    "/credentials/stripe-api-key/",
    "/credentials/none/",
    "/team/",
    "/team/?ask=stripe-api-key",
    "/account/logout/",
    "/account/password/change/",
]
POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


def assert_strict(answer: Any) -> None:
    """The policy is strict, and the page complies with it."""
    policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert policy >= POLICY
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    shown = page(answer)
    assert shown.inline == []
    for tag, attributes in shown.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not attributes.get("href", "").lower().startswith("javascript:")


def assert_labelled(answer: Any) -> None:
    """Every input has a name that a screen reader can say; ids are unique; there is one h1."""
    tags = page(answer).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert sorted(ids) == sorted(set(ids))
    labels = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag in {"input", "select", "textarea"} and attributes.get("type") != "hidden":
            assert attributes.get("aria-label") or attributes.get("id") in labels, attributes
        for one in attributes.get("aria-describedby", "").split():
            assert one in ids
    assert [tag for tag, _ in tags].count("h1") == 1


def test_open_pages_are_strict(database: None) -> None:
    for address in OPEN:
        answer = Client().get(address)
        assert_strict(answer)
        assert_labelled(answer)


def test_private_pages_are_strict(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    for address in PRIVATE:
        answer = browser.get(address)
        assert_strict(answer)
        assert_labelled(answer)


def test_a_refused_form_is_strict_too(owner: Somebody) -> None:
    answer = signed_in(owner).post(NEW, filled(key="", tags="ä", metadata_value=["x"]))
    assert answer.status_code == 422
    assert_strict(answer)
    assert_labelled(answer)


def test_a_refused_sign_in_is_strict_too(owner: Somebody) -> None:
    answer = Client().post("/account/login/", {"login": owner.person.email, "password": "wrong"})
    assert_strict(answer)
    assert_labelled(answer)


def test_markup_in_any_text_is_shown_literally(owner: Somebody, member: Somebody) -> None:
    Tenant.objects.update(name=MARKUP)
    Person.objects.update(name=MARKUP)
    store(owner, description=MARKUP, metadata={"note": MARKUP})
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent, purpose=MARKUP)
    browser = signed_in(owner)
    for address in PRIVATE:
        answer = browser.get(address)
        assert "<img src=x" not in page_text(answer)
        assert_strict(answer)
    detail = page(browser.get("/credentials/stripe-api-key/")).text
    assert detail.count(MARKUP) >= 4  # tenant, description, metadata, purpose
    assert page(browser.get("/team/")).text.count(MARKUP) >= 2  # tenant, person


def test_markup_that_is_refused_comes_back_literally(owner: Somebody) -> None:
    typed = dict.fromkeys(
        ("key", "folder_path", "description", "tags", "default_ttl", "max_uses"), MARKUP
    )
    answer = signed_in(owner).post(
        NEW,
        filled(
            **typed,
            type=MARKUP,
            approval=MARKUP,
            agents=[MARKUP],
            metadata_name=[MARKUP],
            metadata_value=[MARKUP],
            secret_fields_name=[MARKUP],
            secret_fields_value=[MARKUP],
        ),
    )
    assert answer.status_code == 422
    assert "<img src=x" not in page_text(answer)
    assert page(answer).inputs()["key"] == MARKUP


def test_only_a_possible_key_can_be_asked_for(member: Somebody) -> None:
    browser = signed_in(member)
    for asked in (MARKUP, "a b", "x" * 129, "\0"):
        answer = browser.get("/team/", {"ask": asked})
        assert answer.status_code == 200
        assert "Ask for" not in page(answer).text.split("What you may do")[0]
        assert_strict(answer)
