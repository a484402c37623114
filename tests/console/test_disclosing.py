"""The console about disclosure: stored, edited, filtered, shown, and set for the tenant."""

from typing import Any

import pytest

from credentials.operations import describe_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from leases.operations import show_lease
from tenants.operations import show_settings
from tests.console import test_settings
from tests.console.pages import NEW, filled, page, page_text, signed_in
from tests.people import Somebody, lease, store

KEY = "stripe-api-key"
HERE = f"/credentials/{KEY}/"
TYPED = """api.example.com
  *.maps.example.com:8443 query key
api.linear.app header Authorization Token {value}
api.mailgun.net basic api
"""
WIRE: list[dict[str, Any]] = [
    {"host": "api.example.com", "inject": {"type": "bearer"}},
    {"host": "*.maps.example.com:8443", "inject": {"type": "query", "parameter": "key"}},
    {
        "host": "api.linear.app",
        "inject": {"type": "header", "name": "Authorization", "format": "Token {value}"},
    },
    {"host": "api.mailgun.net", "inject": {"type": "basic", "user": "api"}},
]


def stored(owner: Somebody) -> CredentialDetailOut:
    """The credential as it is now."""
    return describe_credential(owner.console, DescribeCredential(key=KEY))


def wire(owner: Somebody) -> list[dict[str, Any]]:
    """Its destinations."""
    found = stored(owner).policy.destinations
    return [one.model_dump(mode="json", exclude_none=True) for one in found or ()]


def edited(owner: Somebody, **more: Any) -> dict[str, Any]:
    """The edit form as a browser sends it back, with what it opened with."""
    shown = page(signed_in(owner).get(f"{HERE}edit"))
    opened = shown.inputs()
    names = ("revision", "description", "tags", "default_ttl", "max_ttl")
    return filled(**{**{name: opened[name] for name in names}, **more})


def test_what_is_typed_is_stored(owner: Somebody) -> None:
    sent = filled(disclosure="broker", reveal="never", destinations=TYPED)
    assert signed_in(owner).post(NEW, sent).status_code == 302

    policy = stored(owner).policy
    assert (policy.disclosure, policy.own_disclosure, policy.reveal) == (
        ("broker", "broker", "never")
    )
    assert wire(owner) == WIRE


def test_a_service_is_chosen_by_name(owner: Somebody) -> None:
    sent = filled(provider="anthropic", destinations="api.example.com")
    assert signed_in(owner).post(NEW, sent).status_code == 302

    assert wire(owner) == [
        WIRE[0],
        {
            "host": "api.anthropic.com",
            "inject": {"type": "header", "name": "x-api-key", "format": "{value}"},
        },
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        "https://api.example.com",
        "api.example.com/path",
        "*.com",
        "api.example.com cookie",
        "api.example.com header",
        "api.example.com header Host",
        "api.example.com header X-Key text",
        "api.example.com query",
        "api.example.com bearer more",
        "api.example.com\napi.example.com basic",
        "\n".join(f"host{number}.example.com" for number in range(17)),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(owner: Somebody, wrong: str) -> None:
    answer = signed_in(owner).post(NEW, filled(destinations=wrong))

    assert answer.status_code == 422
    assert set(page(answer).errors) >= {"destinations"}


def test_another_part_of_the_policy_changes_alone(owner: Somebody) -> None:
    store(owner, policy={"disclosure": "process", "reveal": "never", "destinations": WIRE})
    shown = page_text(signed_in(owner).get(f"{HERE}edit"))
    assert "*.maps.example.com:8443 query key" in shown
    as_it_was = {"disclosure": "process", "reveal": "never", "destinations": TYPED}
    sent = edited(owner, max_ttl="1h", **as_it_was)
    assert signed_in(owner).post(f"{HERE}edit", sent).status_code == 302

    policy = stored(owner).policy
    assert policy.max_ttl_seconds == 3600
    assert (policy.disclosure, policy.reveal) == ("process", "never")
    assert wire(owner) == WIRE


def test_an_unchanged_form_changes_no_policy(owner: Somebody) -> None:
    store(owner, policy={"disclosure": "process", "destinations": WIRE})
    before = stored(owner).policy
    sent = edited(owner, disclosure="process", destinations=TYPED, description="new")
    signed_in(owner).post(f"{HERE}edit", sent)

    assert stored(owner).policy == before
    assert stored(owner).description == "new"


def test_the_detail_page_and_the_list_show_it(owner: Somebody) -> None:
    store(owner, policy={"disclosure": "process", "reveal": "never", "destinations": WIRE})
    store(owner, "open")
    browser = signed_in(owner)

    shown = page_text(browser.get(HERE))
    assert "only programs may read it" in shown
    assert "api.linear.app header Authorization Token {value}" in shown
    assert f"{HERE}value" not in shown
    assert f"/credentials/{KEY}/" in page_text(browser.get("/credentials/"))
    narrowed = page(browser.get("/credentials/?disclosure=process"))
    assert KEY in narrowed.text
    assert "open" not in [text.strip() for text in narrowed.texts]


def test_the_tenants_settings(owner: Somebody) -> None:
    store(owner)
    lease_id = lease(owner.agent).lease_id
    browser = signed_in(owner)
    wrong = test_settings.filled(default_disclosure="model", minimum_disclosure="process")
    refused = browser.post("/admin/settings/", wrong)
    assert set(page(refused).errors) == {"default_disclosure"}

    sent = test_settings.filled(default_disclosure="process", minimum_disclosure="process")
    assert browser.post("/admin/settings/", sent).status_code == 302

    settings = show_settings(owner.console)
    assert (settings.default_disclosure, settings.minimum_disclosure) == ("process", "process")
    assert stored(owner).policy.disclosure == "process"
    assert show_lease(owner.console, lease_id).state == "revoked"
