"""The page that says how to connect, and the step that waits for the agent."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tenants.agent_activity import memory, record_activity
from tests.console.pages import page, signed_in
from tests.people import Somebody, new_agent

WAITING = "/connect/waiting/"


@pytest.fixture(autouse=True)
def nobody_was_noted() -> None:
    """As in a new process."""
    memory.clear()


def step(browser: Client, seconds_ago: int = 60) -> str:
    """What the step says on a page that was opened so long ago."""
    since = timezone.now() - timedelta(seconds=seconds_ago)
    address = f"{WAITING}?{urlencode({'since': since.isoformat()})}"
    answer = browser.get(address, headers={"hx-request": "true"})
    assert answer.status_code == 200
    return page(answer).text


@pytest.mark.parametrize("how", ["", "claude-code", "mcp", "rest", "ci"])
def test_every_client_gets_commands_for_this_address(member: Somebody, how: str) -> None:
    shown = page(signed_in(member).get("/connect/", {"how": how} if how else {}))
    assert settings.PUBLIC_URL in shown.text
    assert "example.org" not in shown.text.replace(member.person.email, "")


def test_claude_code_is_told_everything_that_it_needs(member: Somebody) -> None:
    text = page(signed_in(member).get("/connect/")).text
    for line in (
        f"claude mcp add --transport http vault {settings.MCP_RESOURCE} --callback-port 8123",
        "claude mcp login vault",
        "claude mcp remove vault",
        "mcp__vault",
        "Secrets come from Vault.",
        "--scope",
    ):
        assert line in text


def test_other_clients_get_the_file_that_each_of_them_reads(member: Somebody) -> None:
    text = page(signed_in(member).get("/connect/", {"how": "mcp"})).text
    for file in (".vscode/mcp.json", ".cursor/mcp.json", ".gemini/settings.json", "opencode.json"):
        assert file in text
    for member_name in ('"servers"', '"mcpServers"', '"httpUrl"', '"remote"'):
        assert member_name in text
    assert f"codex mcp add vault --url {settings.MCP_RESOURCE}" in text


def test_no_command_puts_a_secret_into_an_argument(member: Somebody) -> None:
    for how in ("rest", "ci"):
        text = page(signed_in(member).get("/connect/", {"how": how})).text
        assert "--config -" in text
        assert '-H "Authorization' not in text
        assert "client_secret=" not in text


def test_an_unknown_kind_of_client_is_shown_the_first(member: Somebody) -> None:
    shown = signed_in(member).get("/connect/", {"how": "<script>", "since": "\0"})
    assert "claude mcp add" in page(shown).text
    assert b"<script>" not in shown.content.split(b"</head>")[1]


def test_the_step_waits_then_sees_the_agent_then_its_call(member: Somebody) -> None:
    browser = signed_in(member)
    assert "Waiting for an agent" in step(browser, seconds_ago=0)

    agent = new_agent(member.console, "Laptop")
    assert "Laptop is connected. Waiting for its first call" in step(browser)

    record_activity(replace(agent, address="192.0.2.7"))
    assert "Laptop is connected and called" in step(browser)
    assert "192.0.2.7" in step(browser)


def test_an_agent_from_before_is_not_taken_for_the_new_one(member: Somebody) -> None:
    assert "Waiting for an agent" in step(signed_in(member), seconds_ago=0)


def test_other_peoples_agents_do_not_turn_it_green(owner: Somebody, member: Somebody) -> None:
    browser = signed_in(member)
    new_agent(owner.console, "Olivia's laptop")
    record_activity(owner.agent)
    assert "Olivia" not in step(browser)


def test_a_page_left_open_for_days_begins_anew(member: Somebody) -> None:
    assert "Waiting for an agent" in step(signed_in(member), seconds_ago=200_000)


def test_the_step_alone_is_no_page(member: Somebody) -> None:
    answer = signed_in(member).get(WAITING, {"how": "mcp"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/connect/?")
    assert "how=mcp" in answer["Location"]


def test_connecting_is_for_people_who_signed_in(database: None) -> None:
    for address in ("/connect/", WAITING):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")
