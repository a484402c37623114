"""A tenant's settings: changed by owners and admins, consistent, and in force at once."""

from functools import partial
from typing import Any

import pytest

from tenants.operations import change_settings, show_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.people import Somebody, lease, store
from tests.refusals import code_of
from tests.storage import everything_but_the_log, owner_sql


def change(who: Somebody, **settings: Any) -> None:
    change_settings(who.console, ChangeSettings.parse(settings))


def test_what_is_left_out_stays(owner: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        change(owner, defaultTtl=60)

    assert owner_sql("SELECT default_ttl, max_ttl, baseline_level FROM tenant") == [
        (60, 86_400, "viewer")
    ]
    assert told(entries) == [("tenant.settings_updated", "ok")]
    assert entries[0].details["changed"] == {"default_ttl": 60}


def test_settings_are_in_force_at_once(owner: Somebody, member: Somebody) -> None:
    store(owner)
    change(owner, defaultTtl=60, baselineLevel="user")

    assert lease(member.agent).ttl_seconds == 60


@pytest.mark.parametrize(
    "bad",
    [
        {"defaultTtl": 0},
        {"defaultTtl": 86_401},
        {"maxTtl": 60},
        {"maxTtl": 7 * 86_400 + 1},
        {"maxWindow": 7 * 86_400 + 1},
        {"maxWindow": 60},
        {"defaultWindow": -1},
        {"defaultWindow": 7 * 86_400 + 1},
        {"baselineLevel": "manager"},
        {"baselineLevel": ""},
        {"maxLeasesPerPerson": 0},
        {"maxLeasesPerPerson": 2**40},
        {"maxLeasesPerAgent": 2**40},
        {"maxCredentialsPerAgent": 2**40},
        {"retentionDays": 7},
        {"retentionDays": 3651},
        {"selfApproval": "yes"},
        {"defaultTtl": "15"},
        {"defaultTtl": True},
        {"name": ""},
        {"name": " "},
        {"name": "Ac\u202eme"},
        {"slug": "another"},
    ],
)
def test_what_does_not_fit_changes_nothing(owner: Somebody, bad: dict[str, Any]) -> None:
    before = everything_but_the_log()

    assert code_of(partial(change, owner, **bad)) == "input/invalid"
    assert everything_but_the_log() == before


def test_settings_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    assert code_of(partial(change, member, defaultTtl=60)) == "access/permission-denied"
    change(outsider, defaultTtl=60)

    assert owner_sql("SELECT default_ttl FROM tenant WHERE slug = 'acme'") == [(900,)]


def test_settings_are_shown_with_bands_within_the_maximum(owner: Somebody) -> None:
    change(owner, maxTtl="1h", defaultTtl="15m", name="Acme Ltd", mfaRequired=True)

    shown = show_settings(owner.console)

    assert (shown.name, shown.mfa_required, shown.max_ttl_seconds) == ("Acme Ltd", True, 3600)
    assert [(one.name, one.default_ttl_seconds, one.max_ttl_seconds) for one in shown.bands] == [
        ("critical", 300, 900),
        ("standard", 900, 3600),
        ("extended", 3600, 3600),
        ("operator", 3600, 3600),
    ]


def test_an_edit_of_something_older_is_noticed(owner: Somebody) -> None:
    seen = show_settings(owner.console).revision
    change(owner, revision=seen, selfApproval=True)

    assert code_of(partial(change, owner, revision=seen, defaultTtl=60)) == "precondition/failed"
    assert show_settings(owner.console).default_ttl_seconds == 900
    change(owner, revision=seen + 1, defaultTtl=60)


def test_the_same_again_is_no_change(owner: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        change(owner, defaultTtl=900, name="Acme")

    assert entries == []
    assert show_settings(owner.console).revision == 1
