"""An agent on somebody's computer: an MCP client that registers, signs in and calls tools."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx2
from playwright.sync_api import Page, expect

from tests.browser.listener import Listener, listening
from tests.browser.walkthrough.stage import Human
from tests.mcpserver.agent import Agent
from tests.oauth_client import OAuthClient, reach


@dataclass
class Program:
    """One client on one computer, and the person before it."""

    person: Human
    http: httpx2.Client
    listener: Listener
    client: OAuthClient

    def sign_in(self, name: str, picture: str = "") -> Agent:
        """The person allows it; the program fetches its token, and the page says so."""
        page = self._allow(name, picture)
        tokens = self.client.tokens(self.client.redeem(self.listener.code()))
        expect(page.get_by_role("heading", name="Signed in to")).to_be_visible()
        page.close()
        return Agent(self.http, tokens.access)

    def is_held(self, name: str, picture: str) -> None:
        """The person allows it, and somebody else has to."""
        page = self._allow(name)
        expect(page.get_by_role("heading", name="has to let it in")).to_be_visible()
        self.person.picture(picture, page)
        assert "error=access_denied" in self.listener.requests.get(timeout=15)
        page.close()

    def _allow(self, name: str, picture: str = "") -> Page:
        page = self.person.another_tab(self.client.authorize_url())
        page.locator("[name=agent]").fill(name)
        if picture:
            self.person.picture(picture, page, whole=True)
        self.person.press("Allow", page)
        return page


@dataclass
class Computers:
    """The programs that run on people's computers until the story is over."""

    running: ExitStack = field(default_factory=ExitStack)

    def start(self, person: Human) -> Program:
        """A client that was never here; it registers by itself."""
        http = self.running.enter_context(reach(person.stage.address))
        listener = self.running.enter_context(listening())
        resource = f"{person.stage.address}/api/mcp"
        client = OAuthClient(http, redirect_uri=listener.redirect_uri, resource=resource)
        assert client.register().status_code == 201
        return Program(person, http, listener, client)

    def connect(self, person: Human, name: str, picture: str = "") -> Agent:
        """A new client, allowed and ready to call."""
        return self.start(person).sign_in(name, picture)


@contextmanager
def computers() -> Iterator[Computers]:
    """Switched off at the end."""
    with ExitStack() as running:
        yield Computers(running)
