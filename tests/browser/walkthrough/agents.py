"""An agent on somebody's computer: an MCP client that registers, signs in and calls tools."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import expect

from tests.browser.listener import listening
from tests.browser.walkthrough.stage import Human
from tests.mcpserver.agent import Agent
from tests.oauth_client import OAuthClient, reach


@dataclass
class Computers:
    """The programs that run on people's computers until the story is over."""

    running: ExitStack = field(default_factory=ExitStack)

    def connect(self, person: Human, name: str, picture: str = "") -> Agent:
        """Start a client that was never here; the person allows it in their browser."""
        http = self.running.enter_context(reach(person.stage.address))
        listener = self.running.enter_context(listening())
        resource = f"{person.stage.address}/api/mcp"
        client = OAuthClient(http, redirect_uri=listener.redirect_uri, resource=resource)
        assert client.register().status_code == 201
        page = person.page.context.new_page()
        page.goto(f"{person.stage.address}{client.authorize_url()}")
        page.locator("[name=agent]").fill(name)
        if picture:
            person.picture(picture, page)
        person.press("Allow", page)
        tokens = client.tokens(client.redeem(listener.code()))
        expect(page.get_by_role("heading", name="Signed in to")).to_be_visible()
        page.close()
        return Agent(http, tokens.access)


@contextmanager
def computers() -> Iterator[Computers]:
    """Switched off at the end."""
    with ExitStack() as running:
        yield Computers(running)
