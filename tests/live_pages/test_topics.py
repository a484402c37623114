"""Every event of the log has a topic; who receives which topic."""

from audit.events import Event
from console.live.topics import FOR_MEMBERS, Topic, nouns, topics_of
from tenants.agent_activity import FIRST_CALL


def test_every_event_has_its_topics() -> None:
    assert {event.partition(".")[0] for event in Event} <= nouns()
    for event in Event:
        assert (Topic.AUDIT in topics_of(event)) == (event != Event.AUDIT_READ)


def test_a_call_is_told_although_it_stands_in_no_log() -> None:
    assert topics_of(FIRST_CALL) == {Topic.AGENTS}


def test_what_happens_to_a_lease_is_told_to_those_who_show_leases() -> None:
    assert topics_of(Event.LEASE_REVOKED) == {Topic.LEASES, Topic.AUDIT}
    assert topics_of(Event.CREDENTIAL_READ) == {Topic.LEASES, Topic.AUDIT}
    assert Topic.APPROVALS in topics_of(Event.ACCESS_REQUESTED)


def test_members_hear_nothing_of_the_log_the_members_and_the_settings() -> None:
    assert not FOR_MEMBERS & {Topic.AUDIT, Topic.MEMBERS, Topic.SETTINGS}


def test_an_unknown_event_is_told_as_an_entry_of_the_log_only() -> None:
    assert topics_of("comet.seen") == {Topic.AUDIT}
