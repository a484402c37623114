"""Some credentials in some folders, and asking for them."""

from typing import Any

from access.actor import Actor
from credentials.operations import (
    list_credentials,
    search_credentials,
)
from credentials.shapes.credentials import (
    CredentialPageOut,
    FoundPageOut,
    ListCredentials,
    SearchCredentials,
)
from tests.people import Somebody, store


def listed(who: Actor, **asked: Any) -> CredentialPageOut:
    return list_credentials(who, ListCredentials.parse(asked))


def found(who: Actor, query: str, **asked: Any) -> FoundPageOut:
    return search_credentials(who, SearchCredentials.parse({"query": query, **asked}))


def keys(page: CredentialPageOut | FoundPageOut) -> list[str]:
    return [one.key for one in page.credentials]


def fill(owner: Somebody) -> Somebody:
    """The owner, with four credentials."""
    store(owner, "root-key", folderPath="")
    store(owner, "stripe-api-key", folderPath="stripe", tags=["payments"])
    store(owner, "stripe-live", folderPath="stripe/live", tags=["payments", "live"])
    store(owner, "db", folderPath="databases", type="generic-secret", description="the shop's")
    return owner
