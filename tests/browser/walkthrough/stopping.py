"""What an owner does when something looks wrong: look, revoke, rotate, suspend, read the log."""

from playwright.sync_api import expect

from tests.browser.walkthrough.agents import Computers
from tests.browser.walkthrough.beginning import STRIPE
from tests.browser.walkthrough.stage import Human, is_live
from tests.mcpserver.agent import Agent

NEW_STRIPE = "sk_test_walkthrough_0000000000000004"
PURPOSE = "Compare with the key on the old server"
AGAIN = "List the refunds of today"


def look(olivia: Human) -> None:
    """Seeing a value takes a fresh sign-in and a purpose, is on the record, and hides by itself."""
    olivia.stage.let_proofs_age()
    page = olivia.page.context.new_page()
    page.clock.install()
    page.goto(f"{olivia.stage.address}/credentials/stripe-api-key/")
    page.get_by_role("link", name="Show it").click()
    olivia.sees("Confirm that it is you", page)
    page.locator("[name=password]").fill(olivia.password)
    olivia.press("Confirm", page)
    page.locator("[name=purpose]").fill(PURPOSE)
    olivia.picture("purpose", page)
    olivia.press("Show the value", page)
    olivia.sees(STRIPE, page)
    olivia.picture("shown", page)
    is_live(page)
    page.clock.run_for(2_000)
    expect(page.locator(".htmx-request")).to_have_count(0)  # or it would wait half a minute
    page.clock.fast_forward(30_000)
    olivia.sees("It is hidden again", page)
    assert STRIPE not in page.content()
    page.close()


def revoke(olivia: Human, marc: Human, agent: Agent, handle: str) -> None:
    """He sees it go while he looks, and his agent is refused with the next call."""
    marc.go("/leases/")
    is_live(marc.page)
    his = marc.page.get_by_role("row").filter(has_text="stripe-api-key")
    expect(his).to_be_visible()
    olivia.go("/leases/all/?key=stripe-api-key")
    olivia.open_row(marc.email, "Revoke")
    dialog = olivia.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    olivia.picture("revoke")
    dialog.get_by_role("button", name="Revoke").click()
    expect(his).to_have_count(0)
    marc.picture("revoked")
    refused = agent.refusal("vault.read_credential", leaseHandle=handle)
    assert refused["code"] == "lease/revoked"


def rotate(olivia: Human, agent: Agent) -> None:
    """Old and new value are good side by side; she sees who still reads the old, and closes it."""
    old = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=AGAIN)
    olivia.go("/credentials/stripe-api-key/rotate")
    olivia.page.get_by_label("Paste the new value").check()
    olivia.fill(new_value=NEW_STRIPE, window="30m", reason="The old one was on the old server.")
    olivia.picture("rotate")
    olivia.press("Rotate")
    olivia.sees("A rotation window is open")
    olivia.sees("Who still reads the old value")
    olivia.picture("window")
    assert read(agent, old["leaseHandle"]) == STRIPE
    new = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=f"{AGAIN}, again")
    assert read(agent, new["leaseHandle"]) == NEW_STRIPE
    olivia.follow("Change the window")
    dialog = olivia.page.get_by_role("dialog")
    dialog.locator("[name=window]").fill("0s")
    dialog.get_by_role("button", name="Change it").click()
    olivia.sees("The window is changed.")
    refused = agent.refusal("vault.read_credential", leaseHandle=old["leaseHandle"])
    assert refused["code"] in ("lease/revoked", "lease/expired")
    assert read(agent, new["leaseHandle"]) == NEW_STRIPE


def read(agent: Agent, handle: str) -> str:
    """The value behind a lease."""
    return str(agent.answer("vault.read_credential", leaseHandle=handle)["value"])


def suspend(olivia: Human, marc: Human, agent: Agent) -> None:
    """One press stops an agent everywhere; the person keeps what is theirs."""
    lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=AGAIN)
    olivia.go("/admin/agents/")
    olivia.picture("agents")
    olivia.follow("Marc's desktop")
    olivia.picture("agent")
    olivia.press("Suspend")
    olivia.sees("Marc's desktop is suspended")
    handle = {"leaseHandle": lease["leaseHandle"]}
    assert agent.refusal("vault.read_credential", **handle)["code"] == "lease/revoked"
    refused = agent.refusal("vault.list_credentials")
    assert refused["code"] == "access/permission-denied"
    assert "suspended" in refused["detail"]
    marc.go("/account/agents/")
    marc.sees("suspended")
    marc.picture("suspended")


def let_in(olivia: Human, marc: Human, computers: Computers) -> None:
    """A person with a suspended agent cannot connect a new one alone; she approves it."""
    program = computers.start(marc)
    program.is_held("Marc's laptop", "held")
    olivia.go("/admin/agents/")
    olivia.sees("Waiting for your approval")
    olivia.picture("let-in")
    olivia.page.get_by_role("button", name="Approve").click()
    olivia.sees("Marc's laptop is active")
    laptop = program.sign_in("Marc's laptop")
    assert laptop.answer("vault.list_credentials")["credentials"]


def look_back(olivia: Human) -> None:
    """Everything that happened is in the log: who, through which agent, and for which purpose."""
    olivia.go("/admin/audit/")
    entries = olivia.page.get_by_role("region", name="Entries")
    for event in ("agent.suspended", "lease.revoked", "credential.rotated", "credential.read"):
        expect(entries).to_contain_text(event)
    expect(entries).to_contain_text(PURPOSE)
    olivia.picture("audit", colors="dark")
