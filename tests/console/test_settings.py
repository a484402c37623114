"""The settings page: edits apply or show their error; stale edits and others change nothing."""

from typing import Any

import pytest

from tenants.operations import change_settings, show_settings
from tenants.shapes.tenants import ChangeSettings
from tests.console.pages import page, page_text, signed_in
from tests.people import Somebody

SETTINGS = "/admin/settings/"


def filled(**more: Any) -> dict[str, Any]:
    """The form as it comes, sent back."""
    form = {
        "revision": "1",
        "name": "Acme",
        "baseline_level": "viewer",
        "default_ttl": "15m",
        "max_ttl": "1d",
        "default_window": "1h",
        "max_window": "7d",
        "max_leases_per_person": "100",
        "max_leases_per_agent": "100",
        "max_credentials_per_agent": "50",
        "retention_days": "90",
        "max_credentials_per_person": "60",
        "default_disclosure": "model",
        "minimum_disclosure": "model",
    }
    return {**form, **more}


def test_the_form_shows_what_is_in_force(owner: Somebody) -> None:
    shown = page(signed_in(owner).get(SETTINGS))

    assert shown.inputs()["default_ttl"] == "15m"
    assert shown.inputs()["max_ttl"] == "1d"
    assert shown.inputs()["name"] == "Acme"
    presets = [at["data-fill"] for tag, at in shown.tags if "data-fill" in at]
    assert presets[0] == "default_ttl=5m max_ttl=15m"


def test_what_is_saved_is_in_force(owner: Somebody) -> None:
    browser = signed_in(owner)
    sent = filled(name="Acme Ltd", default_ttl="5m", max_ttl="2h", self_approval="on")

    assert browser.post(SETTINGS, sent)["Location"] == SETTINGS

    now = show_settings(owner.console)
    assert (now.name, now.default_ttl_seconds, now.max_ttl_seconds) == ("Acme Ltd", 300, 7200)
    assert (now.self_approval, now.mfa_required) == (True, False)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": " "}),
        ("default_ttl", {"default_ttl": "15"}),
        ("max_ttl", {"default_ttl": "2d"}),
        ("max_ttl", {"max_ttl": "8d"}),
        ("max_window", {"max_window": "1m"}),
        ("baseline_level", {"baseline_level": "admin"}),
        ("max_leases_per_person", {"max_leases_per_person": "0"}),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(
    field: str, wrong: dict[str, str], owner: Somebody
) -> None:
    answer = signed_in(owner).post(SETTINGS, filled(**wrong))

    assert answer.status_code == 422
    assert field in page(answer).errors
    assert show_settings(owner.console).revision == 1


def test_an_edit_of_something_older_saves_nothing(owner: Somebody) -> None:
    browser = signed_in(owner)
    change_settings(owner.console, ChangeSettings.parse({"selfApproval": True}))

    answer = browser.post(SETTINGS, filled(name="Mine"))

    assert answer.status_code == 422
    assert "Somebody changed the settings" in page(answer).text
    assert "Mine" in page_text(answer)
    assert show_settings(owner.console).name == "Acme"


def test_members_cannot(member: Somebody, owner: Somebody) -> None:
    browser = signed_in(member)

    assert browser.get(SETTINGS).status_code == browser.post(SETTINGS, filled()).status_code == 403
    assert show_settings(owner.console).revision == 1
