"""What the pages show: the list, one credential with its trail, and a member's own levels."""

from access.levels import Role
from credentials.operations import rotate_credential
from credentials.shapes.rotations import RotateCredential
from foundation.db.ids import public_id
from tests.console.pages import page, page_text, signed_in
from tests.people import CANARY, PURPOSE, Somebody, grant, join, lease, new_person, read, store


def test_an_empty_tenant_says_the_next_step(owner: Somebody) -> None:
    shown = page(signed_in(owner).get("/credentials/"))
    assert "Nothing is stored yet" in shown.text
    assert ("a", {"class": "button", "href": "/credentials/new"}) in shown.tags


def test_the_list_shows_what_there_is_by_folder_and_key(owner: Somebody) -> None:
    store(owner, "zeta", folderPath="a", tags=["live"], description="the last")
    store(owner, "alpha", folderPath="b", policy={"defaultTtl": "5m"})
    text = page(signed_in(owner).get("/credentials/")).text
    assert text.index("zeta") < text.index("alpha")
    for word in ("the last", "live", "API key", "active", "5m", "15m"):
        assert word in text


def test_a_long_list_goes_on_on_the_next_page(owner: Somebody) -> None:
    for number in range(101):
        store(owner, f"key-{number:03}")
    browser = signed_in(owner)
    first = page(browser.get("/credentials/"))
    assert "key-099" in first.text
    assert "key-100" not in first.text
    (onward,) = [a["href"] for _, a in first.tags if a.get("rel") == "next"]
    second = page(browser.get(f"/credentials/{onward}"))
    assert "key-100" in second.text
    assert "key-099" not in second.text


def test_a_made_up_cursor_is_refused(owner: Somebody) -> None:
    assert signed_in(owner).get("/credentials/?cursor=%00").status_code == 422
    assert signed_in(owner).get("/team/?cursor=zzz").status_code == 422


def test_one_credential_with_versions_leases_and_trail_but_no_value(owner: Somebody) -> None:
    store(owner, metadata={"account": "acct_1"}, tags=["live"])
    read(owner.agent, lease(owner.agent).lease_handle)
    rotate_credential(
        owner.console, RotateCredential.parse({"key": "stripe-api-key", "newValue": "new-canary"})
    )
    answer = signed_in(owner).get("/credentials/stripe-api-key/")
    text = page(answer).text
    for word in ("Live leases 1", "acct_1", "current", "previous", PURPOSE, "credential.read"):
        assert word in text
    assert "rotation window is open" in text
    assert '"key": "stripe-api-key"' in text
    assert "never shown here" in text
    assert CANARY not in page_text(answer)
    assert "new-canary" not in page_text(answer)


def test_the_policy_names_the_agents_it_allows(owner: Somebody) -> None:
    assert owner.agent.agent_id is not None
    store(owner, policy={"agents": [public_id("agent", owner.agent.agent_id)]})
    text = page(signed_in(owner).get("/credentials/stripe-api-key/")).text
    assert f"Agents Claude Code – {owner.person.email}" in text


def test_a_key_may_be_called_like_the_form(owner: Somebody) -> None:
    store(owner, "new")
    browser = signed_in(owner)
    assert page(browser.get("/credentials/new/")).text.count("never shown here") == 1
    assert "Add credential" in page(browser.get("/credentials/new")).text


def test_an_address_without_its_last_slash_is_found(owner: Somebody) -> None:
    answer = signed_in(owner).get("/credentials/stripe-api-key")
    assert (answer.status_code, answer["Location"]) == (302, "/credentials/stripe-api-key/")


def test_a_member_sees_their_levels_and_whom_to_ask(owner: Somebody, member: Somebody) -> None:
    join(owner, new_person("ada"), Role.ADMIN)
    store(owner)
    store(owner, "prod-database-key")
    grant(owner, member, "user", key="stripe-api-key")
    text = page(signed_in(member).get("/team/")).text
    assert "stripe-api-key in stripe user user: own grant viewer: every member" in text
    assert (
        "prod-database-key in stripe viewer Ask for more on prod-database-key every member" in text
    )
    assert "Olivia olivia@example.org owner" in text
    assert "Ada ada@example.org admin" in text
    assert "Marc" not in text


def test_a_refusal_leads_to_a_page_that_names_the_credential(
    owner: Somebody, member: Somebody
) -> None:
    shown = page(signed_in(member).get("/team/?ask=stripe-api-key"))
    assert "Ask for stripe-api-key" in shown.text
    assert ("section", {"class": "card", "id": "ask"}) in shown.tags
    links = [attributes.get("href") for _, attributes in shown.tags]
    assert "mailto:olivia@example.org?subject=Access%20to%20stripe-api-key" in links


def test_asking_does_not_tell_whether_a_credential_exists(
    owner: Somebody, member: Somebody
) -> None:
    browser = signed_in(member)
    unknown = page(browser.get("/team/?ask=some-key")).text
    store(owner, "some-key")
    known = page(browser.get("/team/?ask=some-key")).text
    assert known.split("What you may do")[0] == unknown.split("What you may do")[0]
