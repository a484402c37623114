"""The pages of leases: the lists, and revoking one, an agent's or all of them."""

from foundation.db.ids import public_id
from leases.operations import list_leases
from leases.shapes import ListLeases
from tests.console.pages import page, signed_in
from tests.people import PURPOSE, Somebody, grant, lease, new_agent, read, store
from tests.refusals import code_of

LIST = "/leases/all/"
MASS = "/leases/revoke"


def agent_of(who: Somebody) -> str:
    """The public id of somebody's agent."""
    assert who.agent.agent_id is not None
    return public_id("agent", who.agent.agent_id)


def living(owner: Somebody) -> int:
    """How many leases are live in the tenant."""
    return len(list_leases(owner.console, ListLeases(whose="all")).leases)


def test_owners_see_who_holds_what_and_what_for(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent)

    text = page(signed_in(owner).get(LIST)).text

    for fact in ("stripe-api-key", member.person.email, "through Claude Code", PURPOSE, "14 min"):
        assert fact in text


def test_filters_choose_by_agent_holder_key_and_state(owner: Somebody, member: Somebody) -> None:
    store(owner)
    store(owner, "other-key")
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent, purpose="the member's work")
    lease(owner.agent, "other-key", purpose="the owner's work")
    browser = signed_in(owner)

    for narrowed in (f"agent={agent_of(member)}", f"holder={member.id}", "key=stripe-api-key"):
        text = page(browser.get(f"{LIST}?{narrowed}")).text
        assert "the member's work" in text, narrowed
        assert "the owner's work" not in text, narrowed
    assert "Nothing matches" in page(browser.get(f"{LIST}?state=revoked")).text


def test_one_lease_is_revoked_and_the_way_leads_back(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    given = lease(member.agent)
    browser = signed_in(owner)
    here = f"/leases/{given.lease_id}/revoke?back=/credentials/stripe-api-key/"
    assert PURPOSE in page(browser.get(here)).text

    answer = browser.post(here)

    assert answer["Location"] == "/credentials/stripe-api-key/"
    assert code_of(lambda: read(member.agent, given.lease_handle)) == "lease/revoked"


def test_the_way_back_never_leads_elsewhere(owner: Somebody) -> None:
    store(owner)
    given = lease(owner.agent)
    browser = signed_in(owner)
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = browser.post(f"/leases/{given.lease_id}/revoke?back={back}")
        assert answer["Location"] == LIST


def test_an_agents_leases_are_revoked_after_typing(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent)
    lease(new_agent(member.console, "Builder"))
    browser = signed_in(owner)
    here = f"{MASS}?agent={agent_of(member)}"
    assert "Live now: 1." in page(browser.get(here)).text

    assert browser.post(here, {"typed": "all leases"}).status_code == 422
    assert living(owner) == 2
    assert browser.post(here, {"typed": "these leases"})["Location"] == LIST
    assert living(owner) == 1


def test_all_leases_are_revoked_after_typing(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lease(member.agent)
    lease(owner.agent)
    browser = signed_in(owner)

    assert browser.post(MASS).status_code == 422
    assert living(owner) == 2
    ended = browser.post(MASS, {"typed": "all leases"}, follow=True)
    assert "2 leases ended." in page(ended).text
    assert living(owner) == 0


def test_a_filter_that_chooses_nobody_never_means_everybody(
    owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    lease(owner.agent)
    browser = signed_in(owner)
    for narrowed in (f"agent={agent_of(outsider)}", f"holder={outsider.id}", "key=two%20words"):
        refused = browser.post(f"{MASS}?{narrowed}", {"typed": "all leases"})
        assert refused.status_code == 404, narrowed
    assert living(owner) == 1


def test_members_see_and_end_their_own_only(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    mine, theirs = lease(member.agent, purpose="my work"), lease(owner.agent, purpose="their work")
    browser = signed_in(member)
    text = page(browser.get("/leases/")).text
    assert "my work" in text
    assert "their work" not in text
    assert browser.get(LIST).status_code == 403
    assert browser.post(MASS, {"typed": "all leases"}).status_code == 403

    assert browser.post(f"/leases/{theirs.lease_id}/revoke").status_code in {403, 404}
    assert browser.post(f"/leases/{mine.lease_id}/revoke")["Location"] == "/leases/"
    assert living(owner) == 1
    assert "my work" in page(browser.get("/leases/?state=any")).text
