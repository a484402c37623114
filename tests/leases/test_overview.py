"""A tenant at a glance: what is counted, whose it is, and who may look."""

from datetime import UTC, datetime, timedelta

import pytest

from credentials.operations import rotate_credential
from credentials.shapes.rotations import RotateCredential
from foundation.errors import CredentialNotFound, Denied
from leases.operations import show_overview
from tests.people import PURPOSE, Somebody, grant, lease, read, store
from tests.refusals import refusal
from tests.storage import let_time_pass, owner_sql


def test_an_empty_tenant_has_a_plot_of_nothing(owner: Somebody) -> None:
    shown = show_overview(owner.console)
    assert (shown.live_leases, shown.reads_today, shown.waiting) == (0, 0, 0)
    assert [one.count for one in shown.leases] == [0] * 24
    assert [one.count for one in shown.denials] == [0] * 14
    assert shown.reads == []


def test_leases_and_reads_are_counted(owner: Somebody) -> None:
    store(owner)
    handle = lease(owner.agent).lease_handle
    lease(owner.agent)
    read(owner.agent, handle)
    shown = show_overview(owner.console)
    assert (shown.live_leases, shown.reads_today) == (2, 1)
    assert sum(one.count for one in shown.leases) == 2
    assert shown.leases[-1].count == 2
    assert [(one.name, one.of, one.count) for one in shown.reads] == [
        ("Claude Code", owner.person.email, 1)
    ]


def test_a_lease_whose_time_is_over_lives_no_more_even_before_the_sweep(owner: Somebody) -> None:
    store(owner)
    let_time_pass(lease(owner.agent).lease_id, 3600)
    assert show_overview(owner.console).live_leases == 0


def test_a_read_of_last_week_counts_no_more(owner: Somebody) -> None:
    store(owner)
    read(owner.agent, lease(owner.agent).lease_handle)
    owner_sql("UPDATE audit_entry SET at = at - interval '8 days' RETURNING 1")
    shown = show_overview(owner.console)
    assert (shown.reads_today, shown.reads) == (0, [])


def test_refusals_stand_on_their_day(owner: Somebody, member: Somebody) -> None:
    store(owner)
    refusal(lambda: lease(member.agent))
    with pytest.raises(CredentialNotFound):
        lease(owner.agent, "no-such-key")
    shown = show_overview(owner.console)
    assert [one.count for one in shown.denials] == [0] * 13 + [2]


def test_what_waits_for_a_person_is_counted(owner: Somebody, member: Somebody) -> None:
    store(owner, policy={"approval": "required"})
    grant(owner, member, "user", key="stripe-api-key")
    refusal(lambda: lease(member.agent))
    assert show_overview(owner.console).waiting == 1


def test_what_has_an_end_is_named(owner: Somebody) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    ends = {"tokenExpiresAt": soon.isoformat().replace("+00:00", "Z")}
    store(owner, "rotated", policy={"rotateEvery": "3d"})
    store(owner, "fresh", policy={"rotateEvery": "30d"})
    store(owner, "token", type="oauth-token", metadata=ends)
    later = {"tokenExpiresAt": "2099-01-01T00:00:00Z"}
    store(owner, "lasting", type="oauth-token", metadata=later)
    rotate_credential(owner.console, RotateCredential(key="fresh", generate=True))
    shown = show_overview(owner.console)
    assert [(one.key, one.what) for one in shown.rotations_due] == [("rotated", "rotation")]
    assert [(one.key, one.what) for one in shown.windows] == [("fresh", "window")]
    assert [(one.key, one.what, one.at) for one in shown.ends] == [("token", "token", soon)]


def test_the_newest_entries_name_people_and_agents(owner: Somebody) -> None:
    store(owner)
    lease(owner.agent)
    newest = show_overview(owner.console).newest[0]
    assert (newest.event, newest.key, newest.purpose) == (
        "lease.created",
        "stripe-api-key",
        PURPOSE,
    )
    assert (newest.actor.name, newest.agent) == (owner.person.email, "Claude Code")


def test_it_is_for_owners_and_admins_of_this_tenant(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    lease(owner.agent)
    with pytest.raises(Denied):
        show_overview(member.console)
    assert show_overview(outsider.console).live_leases == 0
    assert "stripe-api-key" not in show_overview(outsider.console).model_dump_json()
