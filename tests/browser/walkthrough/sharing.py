"""A colleague joins; his agent is refused, he asks, and gets what he needs while he needs it."""

from playwright.sync_api import expect

from tests.browser.walkthrough.beginning import STRIPE, TENANT
from tests.browser.walkthrough.stage import Human, Stage, is_live, link_in
from tests.mcpserver.agent import Agent

DATABASE = "postgresql://app:walkthrough-0000000003@db.acme.example:5432/shop"
PURPOSE = "Find out why order 4711 was refunded twice"
REASON = "I look after refunds this week and my agent has to read the charges."


def invite(olivia: Human) -> None:
    """The link goes by mail to the address alone; no page shows it."""
    olivia.go("/team/invitations/")
    olivia.fill(email="marc@acme.example")
    olivia.press("Send the invitation")
    olivia.sees("marc@acme.example gets a mail")
    olivia.picture("invite")


def join(stage: Stage) -> Human:
    """Marc follows the link in his mail and is a member who may see, and lease nothing."""
    marc = Human.enter(stage, "Marc")
    marc.go(stage.mailed(f"You are invited to {TENANT}", rf"{stage.address}/invitations/\S+"))
    marc.fill(name=marc.name, password=marc.password, again=marc.password)
    marc.picture("join")
    marc.press("Create the account and join")
    marc.sees("What you can see in")
    marc.go("/team/")
    marc.sees("Your role here: member.")
    marc.picture("member")
    return marc


def be_refused(marc: Human, agent: Agent) -> str:
    """The agent is refused and gets the link at which its person can ask. Returns the link."""
    result = agent.call("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
    assert result["structuredContent"]["code"] == "access/permission-denied"
    return link_in(result, f"{marc.stage.address}/team/")


def ask(marc: Human, link: str) -> None:
    """The form is filled in but for the reason."""
    marc.go(link)
    expect(marc.page.locator("[name=key]")).to_have_value("stripe-api-key")
    expect(marc.page.locator("[name=level]")).to_have_value("user")
    marc.fill(duration="30d", reason=REASON)
    marc.page.locator("#ask").scroll_into_view_if_needed()
    marc.picture("ask")
    marc.press("Ask")
    marc.sees("Your request waits")


def approve(olivia: Human, marc: Human, link: str) -> None:
    """The request comes into an inbox that is open; she grants less than he asked for."""
    olivia.go("/approvals/")
    is_live(olivia.page)
    olivia.sees("Nothing is waiting")
    ask(marc, link)
    olivia.sees(REASON)
    olivia.picture("inbox")
    olivia.open_row(REASON, "Decide")
    olivia.page.get_by_text("Give a reason").click()
    olivia.fill(duration="7d", reason="For this week.")
    olivia.picture("decide")
    olivia.press("Approve")
    olivia.sees(f"Approved: user for {marc.email}.")


def read(agent: Agent) -> str:
    """The identical call goes through now. The lease's handle."""
    lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
    secret = agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])
    assert secret["value"] == STRIPE
    return str(lease["leaseHandle"])


def give(olivia: Human, marc: Human) -> None:
    """What somebody always needs is given beforehand: a level on a folder, reviewed, then saved."""
    olivia.go("/credentials/new")
    olivia.fill(key="shop-database", folder_path="databases", value=DATABASE)
    olivia.page.locator("[name=type]").select_option("database-url")
    olivia.page.get_by_text("More options").click()
    olivia.page.locator("[name=approval]").select_option("required")
    olivia.press("Store the credential")
    olivia.sees("is stored")
    olivia.go("/team/grants/")
    olivia.picture("grants")
    olivia.follow("Edit the table")
    olivia.page.get_by_label(f"{marc.email} on databases", exact=True).select_option("user")
    olivia.press("Review the changes")
    olivia.sees("Nothing is saved yet")
    olivia.picture("review")
    olivia.press("Save all")
    expect(olivia.page.get_by_role("status").filter(has_text="aved")).to_be_visible()
