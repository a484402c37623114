"""Mail about agents: written with the change, sent by the worker, to the person and the owner."""

from functools import partial
from uuid import uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend

from access.tenancy import tenant_transaction
from tenants.agents import connect_agent
from tenants.models import Notice
from tenants.shapes.agents import RenameAgent
from tenants.shapes.groups import CreateGroup
from tenants.shapes.service_accounts import CreateServiceAccount
from tenants.shapes.tenants import ChangeSettings
from tenants.tasks import send_notices
from tests.people import Somebody, set_agent
from tests.refusals import refusal

Outbox = list[mail.EmailMessage]


def connect(who: Somebody, name: str) -> None:
    with tenant_transaction(who.console.tenant_id):
        connect_agent(who.console, uuid4(), name)


def told(outbox: Outbox) -> list[tuple[str, str]]:
    return sorted((message.to[0], str(message.subject)) for message in outbox)


def test_person_and_owner_are_told_of_a_new_agent(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    connect(member, "Laptop")
    assert mailoutbox == []
    send_notices()
    subject = "A new agent in Acme: Laptop"
    assert told(mailoutbox) == [("marc@example.org", subject), ("olivia@example.org", subject)]
    send_notices()
    assert len(mailoutbox) == 2


def test_a_waiting_agent_is_said_to_wait(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    assert member.agent.agent_id is not None
    set_agent(owner, member.agent.agent_id, "suspended")
    connect(member, "Another")
    send_notices()
    assert all("waits for approval" in str(message.body) for message in mailoutbox)


def test_outsiders_are_told_nothing(
    owner: Somebody, outsider: Somebody, mailoutbox: Outbox
) -> None:
    connect(owner, "Laptop")
    send_notices()
    assert told(mailoutbox) == [("olivia@example.org", "A new agent in Acme: Laptop")]


def test_a_known_name_continues_and_is_no_news(owner: Somebody, mailoutbox: Outbox) -> None:
    connect(owner, owner.agent.agent_name)
    send_notices()
    assert mailoutbox == []


def test_what_the_mail_server_refuses_is_tried_again(
    owner: Somebody, mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(owner, "Laptop")
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", _refuse)
        send_notices()
    with tenant_transaction(owner.console.tenant_id):
        assert Notice.objects.of(owner.console).filter(state="waiting").count() == 1
    cache.clear()  # the pause after a server that is away
    send_notices()
    assert len(mailoutbox) == 1


def _refuse(*_: object) -> int:
    raise ConnectionRefusedError


@pytest.mark.parametrize("name", ["Acme\n\nYour account is locked: go to", "Acme\tLtd"])
def test_names_that_mails_tell_are_one_line(name: str) -> None:
    """Otherwise a tenant could write mail of its own, with Vault as the sender, to any address."""
    for parse, wish in (
        (ChangeSettings.parse, {}),
        (RenameAgent.parse, {"agentId": "agent_1"}),
        (CreateServiceAccount.parse, {}),
        (CreateGroup.parse, {}),
    ):
        refused = refusal(partial(parse, {**wish, "name": name}))
        assert (refused.code, refused.extra) == ("input/invalid", {"field": "name"})
