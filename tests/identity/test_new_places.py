"""A sign-in from a new place is told to the person and to the admins of their tenants."""

from access.levels import Role
from tests.console.pages import signed_in
from tests.people import Somebody, join, new_person
from tests.storage import owner_sql

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "Firefox/140 Linux"}


def told() -> set[tuple[str, str]]:
    """The tenant and the address of everybody who gets a notice of a new place."""
    rows = owner_sql(
        "SELECT tenant.slug, person.email FROM notice JOIN tenant ON tenant.id = tenant_id"
        " JOIN person ON person.id = person_id WHERE kind = 'new_place'"
    )
    return {(str(slug), str(email)) for slug, email in rows}


def test_owners_and_admins_of_every_tenant_are_told(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    join(owner, new_person("nina"))
    join(outsider, member.person)
    signed_in(member)
    assert told() == set()

    signed_in(member, **ELSEWHERE)

    assert told() == {
        ("acme", owner.person.email),
        ("acme", admin.person.email),
        ("globex", outsider.person.email),
    }
    ((facts,),) = owner_sql(
        "SELECT DISTINCT (facts->>'address') || ' ' || (facts->>'person') FROM notice"
        " WHERE kind = 'new_place'"
    )
    assert facts == f"203.0.113.9 {member.person.email}"


def test_a_known_place_is_told_once(owner: Somebody, member: Somebody) -> None:
    signed_in(member)
    signed_in(member, **ELSEWHERE)
    signed_in(member, **ELSEWHERE)
    assert owner_sql("SELECT count(*) FROM notice WHERE kind = 'new_place'") == [(1,)]
