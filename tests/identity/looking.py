"""What tests observe: the actor of a token, and the audit log."""

from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db.models import QuerySet

from access.actions import Channel
from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.models import Entry
from audit.recording import INSTALLATION
from foundation.errors import Unauthenticated
from identity.resource_server.verification import actor_from_token


def who_is(token: str, resource: str | None = None) -> Actor:
    """The actor of a token at the MCP resource, or at another."""
    return actor_from_token(token, resource=resource or settings.MCP_RESOURCE, channel=Channel.MCP)


def holds(token: str) -> bool:
    """Whether the MCP resource accepts a token."""
    try:
        who_is(token)
    except Unauthenticated:
        return False
    return True


def refused(token: str) -> str:
    """The message with which a token is refused."""
    with pytest.raises(Unauthenticated) as error:
        who_is(token)
    return error.value.detail


def log(event: str, tenant: UUID = INSTALLATION, **facts: Any) -> list[Entry]:
    """The entries of one event, oldest first."""
    with tenant_transaction(tenant):
        found: QuerySet[Entry] = Entry.objects.filter(tenant_id=tenant, event=event, **facts)
        return list(found.order_by("at", "pk"))
