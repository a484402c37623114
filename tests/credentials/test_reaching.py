"""Who can reach Y, what X can reach, and the table of both."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from access.levels import Role
from credentials.operations import give_grant, show_access, show_matrix, show_reach
from credentials.shapes.access_reports import (
    MatrixPageOut,
    ReacherOut,
    RouteOut,
    ShowAccess,
    ShowMatrix,
    ShowReach,
)
from credentials.shapes.grants import GiveGrant
from foundation.db.clock import database_now
from foundation.db.ids import public_id, uuid7
from tenants.operations import change_settings, remove_member
from tenants.shapes.members import RemoveMember
from tenants.shapes.tenants import ChangeSettings
from tests.credentials.test_changing_grants import new_group
from tests.machines import new_account
from tests.people import Somebody, grant, join, new_agent, new_person, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql

KEY = "stripe-api-key"


@pytest.fixture
def closed(owner: Somebody) -> Somebody:
    """The owner of a tenant in which a member reaches nothing without a grant."""
    change_settings(owner.console, ChangeSettings(baseline_level="none"))
    store(owner, KEY, folderPath="stripe/live")
    store(owner, "other", folderPath="other")
    return owner


def give(owner: Somebody, level: str, **more: Any) -> None:
    give_grant(owner.console, GiveGrant.parse({"level": level, **more}))


def reachers(who: Somebody, **thing: Any) -> dict[str, ReacherOut]:
    page = show_access(who.console, ShowAccess.parse(thing))
    return {one.subject.name: one for one in page.reachers}


def reached(who: Somebody, **subject: Any) -> dict[str, list[RouteOut]]:
    page = show_reach(who.console, ShowReach.parse(subject))
    return {one.key: one.routes for one in page.reached}


def test_a_role_reaches_everything_and_says_so(closed: Somebody, member: Somebody) -> None:
    (route,) = reachers(closed, key=KEY)[closed.person.email].routes

    assert (route.rule, route.role, route.level) == ("role", "owner", "admin")
    assert member.person.email not in reachers(closed, key=KEY)


def test_the_baseline_is_named_as_such(closed: Somebody, member: Somebody) -> None:
    change_settings(closed.console, ChangeSettings(baseline_level="viewer"))

    (route,) = reachers(closed, folderPath="stripe")[member.person.email].routes

    assert (route.rule, route.level, route.inherited_from) == ("baseline", "viewer", None)


def test_every_rule_is_told_the_highest_first(closed: Somebody, member: Somebody) -> None:
    group = new_group(closed, member)
    until = database_now() + timedelta(hours=1)
    agent = public_id("agent", member.agent.agent_id or uuid7())
    grant(closed, member, "viewer", key=KEY)
    grant(closed, member, "manager", folderPath="stripe", expiresAt=until.isoformat())
    give(closed, "user", groupId=group, folderPath="", agents=[agent])

    found = reachers(closed, key=KEY)[member.person.email]

    assert found.level == "manager"
    assert [(one.rule, one.level, one.inherited_from, one.group) for one in found.routes] == [
        ("grant", "manager", "stripe", None),
        ("group", "user", "", "Payments"),
        ("grant", "viewer", None, None),
    ]
    assert found.routes[0].expires_at == until
    assert found.routes[1].agents == [agent]
    assert reached(member, personId=member.id)[KEY] == found.routes


def test_what_is_over_gives_nothing(closed: Somebody, member: Somebody) -> None:
    until = database_now() + timedelta(hours=1)
    grant(closed, member, "user", key=KEY, expiresAt=until.isoformat())
    owner_sql("UPDATE credential_grant SET expires_at = clock_timestamp()")

    assert member.person.email not in reachers(closed, key=KEY)
    assert reached(closed, personId=member.id) == {}


def test_groups_and_service_accounts_reach_what_was_given_to_them(
    closed: Somebody, member: Somebody
) -> None:
    group, account = new_group(closed, member), new_account(closed)
    give(closed, "user", groupId=group, key=KEY)
    give(closed, "viewer", serviceAccountId=account, folderPath="other")

    assert list(reached(closed, groupId=group)) == [KEY]
    assert list(reached(closed, serviceAccountId=account)) == ["other"]
    assert reachers(closed, key="other")["Pipeline"].level == "viewer"
    assert "Payments" not in reachers(closed, key=KEY)


def test_an_agent_is_not_told_what_only_another_one_may(closed: Somebody, member: Somebody) -> None:
    other = new_agent(member.console, "Another")
    grant(closed, member, "user", key=KEY, agents=[public_id("agent", other.agent_id or uuid7())])
    own = ShowReach(person_id=member.id)

    assert show_reach(member.agent, own).reached == []
    assert [one.key for one in show_reach(other, own).reached] == [KEY]
    assert [one.key for one in show_reach(member.console, own).reached] == [KEY]


def test_a_narrowed_token_is_told_no_more_than_it_may_use(closed: Somebody) -> None:
    narrowed = replace(closed.agent, allowed_credentials=frozenset({uuid7()}))

    assert show_reach(narrowed, ShowReach(person_id=closed.id)).reached == []


def test_what_others_reach_is_for_owners_and_admins(closed: Somebody, member: Somebody) -> None:
    admin = join(closed, new_person("ada"), Role.ADMIN)

    assert show_reach(admin.console, ShowReach(person_id=member.id)).subject.id == member.id
    assert (
        code_of(partial(show_reach, member.console, ShowReach(person_id=closed.id)))
        == "access/permission-denied"
    )


def test_who_reaches_it_needs_admin_there(closed: Somebody, member: Somebody) -> None:
    asked = partial(show_access, member.console, ShowAccess(key=KEY))
    assert code_of(asked) == "credential/not-found"
    grant(closed, member, "manager", key=KEY)
    assert code_of(asked) == "access/permission-denied"
    grant(closed, member, "admin", key=KEY)
    assert member.person.email in reachers(member, key=KEY)


def test_who_is_foreign_unknown_or_gone_is_not_found(
    closed: Somebody, member: Somebody, outsider: Somebody
) -> None:
    unknown = ShowReach(person_id=public_id("person", uuid7()))
    refused = problem_of(partial(show_reach, closed.console, unknown))
    remove_member(closed.console, RemoveMember(person_id=member.id))

    for one in (outsider.id, member.id):
        asked = ShowReach(person_id=one)
        assert problem_of(partial(show_reach, closed.console, asked)) == refused
    assert outsider.person.email not in str(matrix(closed))


def test_pages_of_both_sides_lead_on(closed: Somebody) -> None:
    for name in ("mia", "nora"):
        join(closed, new_person(name), Role.ADMIN)
    asked: dict[str, Any] = {"key": KEY, "limit": 2}
    first = show_access(closed.console, ShowAccess.parse(asked))
    rest = show_access(closed.console, ShowAccess.parse({**asked, "cursor": first.next_cursor}))
    names = [one.subject.name for one in [*first.reachers, *rest.reachers]]
    assert names == ["mia@example.org", "nora@example.org", closed.person.email]
    assert rest.next_cursor is None

    reach: dict[str, Any] = {"personId": closed.id, "limit": 1}
    one = show_reach(closed.console, ShowReach.parse(reach))
    two = show_reach(closed.console, ShowReach.parse({**reach, "cursor": one.next_cursor}))
    assert [row.key for row in [*one.reached, *two.reached]] == ["other", KEY]
    assert two.next_cursor is None


# -- the matrix -----------------------------------------------------------------------------------


def matrix(who: Somebody, **asked: Any) -> MatrixPageOut:
    return show_matrix(who.console, ShowMatrix.parse(asked))


def things(page: MatrixPageOut) -> list[str]:
    return [one.key or f"{one.folder_path}/" for one in page.rows]


def test_the_matrix_has_every_folder_before_what_is_in_it(closed: Somebody) -> None:
    assert things(matrix(closed)) == ["/", "other/", "other", "stripe/", "stripe/live/", KEY]
    assert things(matrix(closed, folderPath="stripe")) == ["stripe/", "stripe/live/", KEY]
    assert things(matrix(closed, query="OTHER")) == ["other/", "other"]


def test_the_matrix_in_pages_is_the_matrix(closed: Somebody) -> None:
    seen: list[str] = []
    page = matrix(closed, limit=1)
    while page.next_cursor:
        seen += things(page)
        page = matrix(closed, limit=1, cursor=page.next_cursor)
    assert [*seen, *things(page)] == things(matrix(closed))


def test_a_cell_tells_the_grant_there_from_what_is_inherited(
    closed: Somebody, member: Somebody
) -> None:
    group = new_group(closed, member)
    grant(closed, member, "viewer", key=KEY)
    grant(closed, member, "user", folderPath="stripe")
    give(closed, "manager", groupId=group, key=KEY)

    page = matrix(closed, subjectQuery=member.person.email)

    rows = {one.key or one.folder_path: one.cells[0] for one in page.rows}
    on_key, on_folder, on_other = rows[KEY], rows["stripe"], rows["other"]
    assert (on_key.own.level if on_key.own else "") == "viewer"
    assert [(one.rule, one.level) for one in on_key.inherited] == [
        ("group", "manager"),
        ("grant", "user"),
    ]
    assert (on_folder.own.level if on_folder.own else "", on_folder.inherited) == ("user", [])
    assert (on_other.own, on_other.inherited) == (None, [])


def test_subjects_are_people_then_groups_then_service_accounts(
    closed: Somebody, member: Somebody
) -> None:
    new_group(closed, member)
    new_account(closed)
    everybody = [member.person.email, closed.person.email, "Payments", "Pipeline"]

    assert [one.name for one in matrix(closed).subjects] == everybody
    groups = matrix(closed, subjectKind="group").subjects
    assert [one.name for one in groups] == ["Payments"]
    assert [one.name for one in matrix(closed, subjectQuery="p").subjects][-1] == "Pipeline"
    first = matrix(closed, subjectLimit=3)
    last = matrix(closed, subjectLimit=3, subjectCursor=first.next_subject_cursor)
    assert [one.name for one in [*first.subjects, *last.subjects]] == everybody
    assert last.next_subject_cursor is None


@pytest.mark.parametrize("asked", [{"cursor": "x"}, {"subjectCursor": "x"}, {"cursor": "a\0:b"}])
def test_a_cursor_of_ones_own_is_refused(closed: Somebody, asked: dict[str, str]) -> None:
    assert code_of(partial(matrix, closed, **asked)) == "input/invalid"


def test_the_matrix_is_for_owners_and_admins(closed: Somebody, member: Somebody) -> None:
    grant(closed, member, "admin", folderPath="")

    assert code_of(partial(matrix, member)) == "access/permission-denied"
