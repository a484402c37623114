"""Whom each door answers a value: every door × every policy × every role, generated."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from pytest import Subtests

from access.actions import Channel
from access.actor import Actor
from access.disclosure import Disclosure
from access.levels import Role
from console.pages.table import PAGES
from credentials.operations import (
    describe_credential,
    import_credentials,
    list_credentials,
    search_credentials,
    update_credential,
)
from credentials.shapes.credentials import (
    BrowseCredentials,
    DescribeCredential,
    ListCredentials,
    SearchCredentials,
    UpdateCredential,
)
from credentials.shapes.imports import ImportCredentials
from foundation.errors import Invalid, VaultError
from leases.operations import read_credential
from leases.shapes import SecretOut
from mcpserver.tool_calls import call_tool
from mcpserver.tools import BY_NAME
from restapi.routes import ROUTES
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.console.pages import signed_in
from tests.people import CANARY, PURPOSE, Somebody, grant, join, lease, new_person, read, store

KEY = "stripe-api-key"
WORDS = tuple(str(word) for word in Disclosure)


def policy(owner: Somebody, key: str = KEY, **members: Any) -> None:
    """The owner sets the policy of the credential, the whole of it."""
    update_credential(owner.console, UpdateCredential.parse({"key": key, "policy": members}))


def settings(owner: Somebody, **members: str) -> None:
    """The owner changes the tenant's settings."""
    change_settings(owner.console, ChangeSettings.parse(members))


# -- doors: all that may answer a value ----------------------------------------------------------


def over_mcp(who: Somebody) -> str:
    """The tool, as an agent calls it."""
    given = {"key": KEY, "purpose": PURPOSE}
    leased = call_tool(BY_NAME["vault.lease_credential"], given, who.agent)
    if leased.is_error:
        return str(leased.content["code"])
    handle = {"leaseHandle": leased.content["leaseHandle"]}
    answer = call_tool(BY_NAME["vault.read_credential"], handle, who.agent)
    return str(answer.content["code" if answer.is_error else "value"])


def over_mcp_by_a_trusted_program(who: Somebody) -> str:
    """The tool, called by a client that the operator registered."""
    return over_mcp(replace(who, agent=replace(who.agent, trusted_program=True)))


def over_rest(who: Somebody) -> str:
    """The route, as a client that registered itself calls it."""
    return _read(replace(who.agent, channel=Channel.REST))


def over_rest_by_a_trusted_program(who: Somebody) -> str:
    """The route, as vaultctl, a personal token or a service account calls it."""
    return _read(replace(who.agent, channel=Channel.REST, trusted_program=True))


def at_the_console(who: Somebody) -> str:
    """The page that shows a value, after a fresh sign-in."""
    return _read(who.console)


def _read(actor: Actor) -> str:
    try:
        return read(actor, lease(actor, KEY).lease_handle).value.get_secret_value()
    except VaultError as error:
        return error.code


DOORS: dict[str, Callable[[Somebody], str]] = {
    "mcp": over_mcp,
    "mcp, trusted": over_mcp_by_a_trusted_program,
    "rest": over_rest,
    "rest, trusted": over_rest_by_a_trusted_program,
    "console": at_the_console,
}
ANSWERED = {
    ("mcp", "model"),
    ("mcp, trusted", "model"),
    ("rest", "model"),
    ("rest, trusted", "model"),
    ("rest, trusted", "process"),
    ("console", "model"),
    ("console", "process"),
    ("console", "broker"),
}
ROLES = {
    "owner": CANARY,
    "admin": CANARY,
    "user": CANARY,
    "viewer": "access/permission-denied",
    "outsider": "credential/not-found",
}


def expected(door: str, effective: str, reveal: str, role: str) -> str:
    """What the door answers: the value or the code of the refusal."""
    if ROLES[role] != CANARY:
        return ROLES[role]
    shown = (door, effective) in ANSWERED and not (door == "console" and reveal == "never")
    return CANARY if shown else "access/disclosure-denied"


def test_every_door_obeys_every_policy_for_every_role(
    owner: Somebody, outsider: Somebody, member: Somebody, subtests: Subtests
) -> None:
    user = join(owner, new_person("ursula"))
    admin = join(owner, new_person("ada"), Role.ADMIN)
    people = {
        "owner": owner,
        "admin": admin,
        "user": user,
        "viewer": member,
        "outsider": outsider,
    }
    assert set(people) == set(ROLES)
    store(owner)
    grant(owner, user, "user", key=KEY)
    tried = 0
    for effective, reveal in product(WORDS, ("allowed", "never")):
        policy(owner, disclosure=effective, reveal=reveal)
        for role, door in product(people, DOORS):
            tried += 1
            with subtests.test(door=door, policy=effective, reveal=reveal, role=role):
                assert DOORS[door](people[role]) == expected(door, effective, reveal, role)
    assert tried == 3 * 2 * 5 * 5


def test_what_applies_is_the_policy_within_the_tenants_settings(
    owner: Somebody, subtests: Subtests
) -> None:
    store(owner)
    for default, minimum in product(WORDS, WORDS):
        if WORDS.index(default) < WORDS.index(minimum):
            with pytest.raises(Invalid):
                settings(owner, defaultDisclosure=default, minimumDisclosure=minimum)
            continue
        settings(owner, defaultDisclosure="broker", minimumDisclosure="model")
        for own in (None, *WORDS):
            policy(owner, disclosure=own)
            settings(owner, defaultDisclosure=default, minimumDisclosure=minimum)
            wanted = max(own or default, minimum, key=WORDS.index)
            with subtests.test(own=own, default=default, minimum=minimum):
                assert shown(owner) == {wanted}
                assert over_mcp(owner) == expected("mcp", wanted, "allowed", "owner")
                assert over_rest(owner) == expected("rest", wanted, "allowed", "owner")
                trusted = expected("rest, trusted", wanted, "allowed", "owner")
                assert over_rest_by_a_trusted_program(owner) == trusted
                assert listed(owner, wanted) == [KEY]
                assert not any(listed(owner, word) for word in WORDS if word != wanted)
            settings(owner, defaultDisclosure="broker", minimumDisclosure="model")


def shown(who: Somebody) -> set[str]:
    """What a list, a search, the metadata and a lease say."""
    page = list_credentials(who.agent, ListCredentials.parse({}))
    found = search_credentials(who.agent, SearchCredentials.parse({"query": KEY}))
    detail = describe_credential(who.agent, DescribeCredential(key=KEY))
    items: list[Any] = [
        *page.credentials,
        *found.credentials,
        detail,
        detail.policy,
        lease(who.agent, KEY),
    ]
    assert len(items) == 5
    return {item.disclosure for item in items}


def listed(who: Somebody, disclosure: str) -> list[str]:
    """The list, narrowed."""
    query = BrowseCredentials.parse({"disclosure": disclosure})
    return [one.key for one in list_credentials(who.console, query).credentials]


def test_no_other_door_answers_a_value() -> None:
    """A new route, tool or page that answers one has to be added to the matrix."""
    giving = {one.operation for one in (*ROUTES, *BY_NAME.values()) if one.gives is SecretOut}

    assert giving == {read_credential}
    assert {page.name for page in PAGES if page.address.endswith("value")} == {"reveal_credential"}


def test_the_console_says_no_where_nobody_may_see_a_value(owner: Somebody) -> None:
    store(owner)
    browser = signed_in(owner)
    address = f"/credentials/{KEY}/value"
    policy(owner, reveal="never")

    page = browser.post(address, {"purpose": PURPOSE})

    assert page.status_code == 403
    assert CANARY not in page.content.decode()
    assert "does not let a person see its value" in page.content.decode()
    policy(owner, disclosure="broker")
    assert CANARY in browser.post(address, {"purpose": PURPOSE}).content.decode()


def test_what_is_imported_follows_the_tenant(owner: Somebody) -> None:
    settings(owner, defaultDisclosure="process")
    file = ImportCredentials.parse({"format": "env", "content": f"IMPORTED={CANARY}"})
    import_credentials(owner.console, file)

    assert listed(owner, "process") == ["IMPORTED"]
