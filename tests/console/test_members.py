"""Members, invitations and groups in the browser."""

import pytest
from django.test import Client

from tests.console.pages import page, page_text, signed_in
from tests.credentials.test_changing_grants import new_group
from tests.people import Somebody, store
from tests.storage import owner_sql


@pytest.fixture
def browser(owner: Somebody, member: Somebody) -> Client:
    """The owner's."""
    return signed_in(owner)


def roles() -> dict[str, str]:
    return dict(
        owner_sql(
            "SELECT email, role FROM membership JOIN person ON person.id = person_id "
            "WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'acme')"
        )
    )


def test_a_role_is_changed_from_the_list(member: Somebody, browser: Client) -> None:
    assert member.person.email in page(browser.get("/team/members/")).text

    sent = browser.post(f"/team/members/{member.id}/role", {"role": "admin"})

    assert sent["Location"] == "/team/members/"
    assert roles()[member.person.email] == "admin"
    assert browser.post(f"/team/members/{member.id}/role", {"role": "king"}).status_code == 422


def test_the_last_owner_stays_one(owner: Somebody, browser: Client) -> None:
    refused = browser.post(f"/team/members/{owner.id}/role", {"role": "member"})
    assert refused.status_code == 409
    assert "Invite somebody" in page(refused).text
    assert roles()[owner.person.email] == "owner"


def test_a_member_is_removed_after_a_question(member: Somebody, browser: Client) -> None:
    address = f"/team/members/{member.id}/remove"
    assert "end at once" in page(browser.get(address)).text

    assert browser.post(address, {"heir_id": "person_x"}).status_code == 422
    assert browser.post(address, {"heir_id": ""}).status_code == 302

    assert member.person.email not in roles()
    assert browser.get(address).status_code == 404


def test_an_invitation_is_sent_and_withdrawn(browser: Client) -> None:
    sent = browser.post("/team/invitations/", {"email": "New@example.org", "role": "member"})
    assert sent.status_code == 302
    shown = page(browser.get("/team/invitations/"))
    assert "new@example.org member waiting" in shown.text
    (address,) = [
        one["action"]
        for tag, one in shown.tags
        if tag == "form" and "withdraw" in one.get("action", "")
    ]

    assert browser.post(address).status_code == 302

    assert "withdrawn" in page(browser.get("/team/invitations/")).text


def test_who_is_a_member_already_is_not_invited(member: Somebody, browser: Client) -> None:
    form = {"email": member.person.email, "role": "member"}
    answer = browser.post("/team/invitations/", form)

    assert answer.status_code == 422
    assert "member already" in page(answer).errors["email"]


def renamed(name: str, description: str, *, was: str) -> dict[str, str]:
    """The form of a group, opened when it was called `was`."""
    opened = {"was_name": was, "was_description": ""}
    return {"name": name, "description": description, **opened}


def test_a_group_that_was_changed_meanwhile_is_looked_at_again(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    address = f"/team/groups/{new_group(owner, member)}/"
    assert browser.post(address, renamed("First", "", was="Payments")).status_code == 302

    late = browser.post(address, renamed("Second", "", was="Payments"))

    assert late.status_code == 422
    assert "changed meanwhile" in page(late).text
    assert (page(late).inputs()["name"], page(late).inputs()["was_name"]) == ("Second", "First")
    assert owner_sql("SELECT name FROM people_group") == [("First",)]


def test_a_group_is_made_filled_and_removed(member: Somebody, browser: Client) -> None:
    address = browser.post("/team/groups/", {"name": "Payments", "description": ""})["Location"]
    assert browser.post(f"{address}people", {"person_id": member.id})["Location"] == address
    assert f"Take out {member.person.email}" in page(browser.get(address)).text
    assert browser.post(address, renamed("Billing", "all", was="Payments")).status_code == 302
    assert "Billing all 1" in page(browser.get("/team/groups/")).text

    assert browser.post(f"{address}people/out", {"person_id": member.id}).status_code == 302
    assert "Nobody is in it yet" in page(browser.get(address)).text
    assert browser.post(f"{address}remove")["Location"] == "/team/groups/"
    assert browser.get(address).status_code == 404


def test_a_name_that_is_taken_is_said_beside_the_field(
    owner: Somebody, member: Somebody, browser: Client
) -> None:
    new_group(owner, member)
    answer = browser.post("/team/groups/", {"name": "Payments", "description": "typed"})

    assert answer.status_code == 422
    assert "exists already" in page(answer).errors["name"]
    assert 'value="typed"' in page_text(answer)


def test_none_of_it_is_for_members_or_outsiders(
    owner: Somebody, member: Somebody, outsider: Somebody, browser: Client
) -> None:
    store(owner)
    group = new_group(owner, member)
    for who, code in ((member, 403), (outsider, 404)):
        other = signed_in(who)
        assert other.get(f"/team/groups/{group}/").status_code == code
        assert other.post(f"/team/groups/{group}/remove").status_code == code
        assert other.post(f"/team/members/{owner.id}/role", {"role": "member"}).status_code == code
        assert other.get(f"/team/members/{member.id}/remove").status_code == code
    for address in ("members", "groups", "invitations"):
        assert signed_in(member).get(f"/team/{address}/").status_code == 403
        assert member.person.email not in page_text(signed_in(outsider).get(f"/team/{address}/"))
    assert roles()[owner.person.email] == "owner"
