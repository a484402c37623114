"""The first quarter of an hour: an empty installation, its owner, credentials and an agent."""

from playwright.sync_api import expect

from tests.browser.walkthrough.agents import Computers
from tests.browser.walkthrough.stage import Human, Stage, is_live
from tests.mcpserver.agent import Agent

TENANT = "Acme"
STRIPE = "sk_test_walkthrough_0000000000000001"
PURPOSE = "Check that the new webhook was delivered"
DOTENV = """\
# of the old server
SENDGRID_API_KEY=SG.walkthrough.0000000000000001
SENTRY_TOKEN=walkthrough-0000000000000002
"""


def first_run(stage: Stage) -> Human:
    """From the link that `up` shows to a tenant; the link works for nobody after that."""
    olivia = Human.enter(stage, "Olivia")
    link = stage.setup_link
    olivia.go(link)
    olivia.picture("account", whole=True)
    olivia.fill(
        name=olivia.name, email=olivia.email, password=olivia.password, again=olivia.password
    )
    olivia.press("Create the account")
    olivia.sees("A second factor")
    olivia.follow("Set up an authenticator app")
    olivia.picture("second-factor")
    olivia.seed = olivia.page.locator("main code").inner_text()
    olivia.fill(code=olivia.code())
    olivia.press("Set it up")
    olivia.sees("They are shown this one time")
    olivia.follow("I have stored them")
    olivia.fill(name=TENANT)
    olivia.picture("tenant")
    olivia.press("Create the tenant")
    expect(olivia.page.get_by_role("heading", name="First steps")).to_be_visible()
    olivia.picture("first-steps")
    return olivia


def store(olivia: Human) -> None:
    """One credential by the form; what was typed is not shown again."""
    olivia.follow("Store a first credential")
    olivia.fill(key="stripe-api-key", folder_path="payments", value=STRIPE)
    olivia.page.locator("[name=type]").select_option("api-key")
    olivia.page.get_by_text("More options").click()
    olivia.fill(description="Payments, live", tags="billing live")
    olivia.to_the_top()
    olivia.picture("store")
    olivia.press("Store the credential")
    olivia.sees("is stored")
    assert STRIPE not in olivia.page.content()
    olivia.picture("stored")


def take_over(olivia: Human) -> None:
    """The old server's .env is pasted: checked first, then stored."""
    olivia.go("/credentials/")
    tabs = olivia.page.get_by_role("navigation", name="Credentials")
    tabs.get_by_role("link", name="Import").click()
    olivia.fill(content=DOTENV, folder_path="old-server")
    olivia.press("Check it")
    olivia.sees("What would happen; nothing is stored yet")
    olivia.page.get_by_role("row").filter(has_text="SENTRY_TOKEN").scroll_into_view_if_needed()
    olivia.picture("import")
    olivia.press("Store it")
    olivia.sees("2 stored")


def connect(olivia: Human, computers: Computers) -> Agent:
    """The page that says how to connect turns green while it is open."""
    waiting = olivia.another_tab("/connect/")
    is_live(waiting)
    olivia.sees("Waiting for an agent to sign in", waiting)
    olivia.picture("connect", waiting)
    agent = computers.connect(olivia, "Olivia's laptop", "allow")
    olivia.sees("Waiting for its first call", waiting)
    found = agent.answer("vault.list_credentials", folderPath="payments")["credentials"]
    assert [one["key"] for one in found] == ["stripe-api-key"]
    olivia.sees("is connected and called", waiting)
    olivia.picture("connected", waiting)
    waiting.close()
    return agent


def first_read(olivia: Human, agent: Agent) -> None:
    """Lease, read, and see it on the dashboard that was open all the time."""
    olivia.go("/admin/")
    is_live(olivia.page)
    lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
    secret = agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])
    assert secret["value"] == STRIPE
    olivia.sees(PURPOSE)
    olivia.sees("leased and read")
    olivia.page.get_by_text(PURPOSE).last.scroll_into_view_if_needed()
    olivia.picture("dashboard")
