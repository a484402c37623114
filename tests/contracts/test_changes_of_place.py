"""No change of place gives anybody more on what is moved than the mover holds on it (I12)."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from access.actor import Actor
from credentials import operations as credentials
from credentials.operations import archive_credential, give_grant, show_access
from credentials.shapes.access_reports import ShowAccess
from credentials.shapes.access_requests import RequestAccess
from credentials.shapes.credential_requests import RequestCredential, StoreRequestedCredential
from credentials.shapes.credentials import (
    CreateCredential,
    DescribeCredential,
    MoveCredential,
    UpdateCredential,
)
from credentials.shapes.folders import MoveFolder, NameFolder
from credentials.shapes.grants import ChangeGrants, GiveGrant
from credentials.shapes.imports import ImportCredentials
from credentials.validators import check_folder_path
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import Denied, VaultError
from foundation.schema.shapes import Shape
from tenants.operations import add_to_group, create_group
from tenants.shapes.groups import CreateGroup, GroupPlace
from tests.contracts.cases import CASES
from tests.contracts.operations import operations
from tests.machines import new_account
from tests.people import CANARY, PURPOSE, Somebody, join, new_person, store
from tests.refusals import refusal
from tests.storage import owner_sql

Holder = Literal["mover", "person", "group", "service account"]
Excess = Literal["level", "end", "agents"]
Terms = dict[str, Any]

KEYS = ("one", "two", "put-away")


def request_in_there(actor: Actor, key: str) -> str:
    """A request for a credential in the folder `there`; its id."""
    wish = {"key": key, "type": "api-key", "purpose": PURPOSE, "folderPath": "there"}
    pending = refusal(lambda: credentials.request_credential(actor, RequestCredential.parse(wish)))
    return str(pending.extra["approvalId"])


CALLS: dict[str, Callable[[Actor], object]] = {
    "create_credential": lambda actor: credentials.create_credential(
        actor,
        CreateCredential.parse(
            {"key": "new", "type": "api-key", "value": CANARY, "folderPath": "there/desk"}
        ),
    ),
    "import_credentials": lambda actor: credentials.import_credentials(
        actor,
        ImportCredentials.parse(
            {"format": "env", "content": f"TWO={CANARY}", "folderPath": "there"}
        ),
    ),
    "update_credential": lambda actor: credentials.update_credential(
        actor, UpdateCredential(key="one", new_key="one")
    ),
    "restore_credential": lambda actor: credentials.restore_credential(
        actor, DescribeCredential(key="put-away")
    ),
    "create_folder": lambda actor: credentials.create_folder(
        actor, NameFolder(folder_path="there/made")
    ),
    "remove_folder": lambda actor: credentials.remove_folder(
        actor, NameFolder(folder_path="there/made")
    ),
    "request_access": lambda actor: credentials.request_access(
        actor, RequestAccess(folder_path="here", level="admin", reason=PURPOSE)
    ),
    "request_credential": lambda actor: request_in_there(actor, "asked"),
    "store_requested_credential": lambda actor: credentials.store_requested_credential(
        actor,
        StoreRequestedCredential.parse(
            {
                "requestId": request_in_there(actor, "asked-and-stored"),
                "key": "asked-and-stored",
                "type": "api-key",
                "value": CANARY,
                "folderPath": "there/desk",
            }
        ),
    ),
    "give_grant": lambda actor: credentials.give_grant(actor, GiveGrant.parse(_to_oneself(actor))),
    "change_grants": lambda actor: credentials.change_grants(
        actor, ChangeGrants.parse({"changes": [_to_oneself(actor)]})
    ),
    "move_credential": lambda actor: credentials.move_credential(
        actor, MoveCredential(key="one", folder_path="there/desk")
    ),
    "move_folder": lambda actor: credentials.move_folder(
        actor, MoveFolder(folder_path="here", new_folder_path="there/here")
    ),
}
# They change no path, but what they change or bring back has one.
WITHOUT_A_PATH = {"update_credential", "restore_credential"}
MOVES = ("move_credential", "move_folder")


def _to_oneself(actor: Actor) -> dict[str, Any]:
    return {
        "personId": public_id("person", actor.person), "level": "admin", "folderPath": "here"
    }  # fmt: skip


def test_every_operation_that_takes_a_folder_and_changes_something_has_a_case() -> None:
    changing = {name for name, case in CASES.items() if case.adds}
    taking = {
        name
        for name, one in operations().items()
        if name in changing and any(map(_takes_a_folder, _shapes(one.function)))
    }

    assert set(MOVES) <= taking
    assert taking == set(CALLS) - WITHOUT_A_PATH


def _shapes(function: Callable[..., Any]) -> Iterable[type[Shape]]:
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Shape):
            yield parameter.annotation


def _takes_a_folder(shape: type[Shape]) -> bool:
    """Whether anywhere in it a text is checked as a folder's path."""
    return check_folder_path.__name__ in repr(shape.__pydantic_core_schema__)


@dataclass(frozen=True)
class World:
    """`mover` manages the folders `here` and `there`; `excess` is a grant on `there`."""

    owner: Somebody
    mover: Actor
    excess: str

    def reached(self) -> set[str]:
        """The credentials on which the grant counts."""
        return {key for key in KEYS if self.reaches(key=key)}

    def reaches(self, **thing: str) -> bool:
        """Whether the grant counts there."""
        page = show_access(self.owner.console, ShowAccess(limit=200, **thing))
        routes = [route for reacher in page.reachers for route in reacher.routes]
        return any(route.grant_id == self.excess for route in routes)


def world(owner: Somebody, member: Somebody, holder: Holder, excess: Excess | None) -> World:
    """Somebody's grant on `there` gives more than the mover has, in one respect or in none."""
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    for key, path in {"one": "here", "two": "here/nested", "put-away": "here/nested"}.items():
        store(owner, key, folderPath=path, policy={"approval": "required"})
    archive_credential(owner.console, DescribeCredential(key="put-away"))
    store(owner, "other", folderPath="there/desk")
    mover = member.agent if excess == "agents" else member.console
    terms = _terms(mover, excess)
    for path in ("here", "there"):
        give(owner, {"personId": member.id, "folderPath": path, **terms})
    # More on something in the folder is not more on the folder.
    give(owner, {"personId": member.id, "key": "two", "level": "admin"})
    given = {**terms, **({} if excess is None else _beyond(excess))}
    where = {**_receiver(owner, member, holder), "folderPath": "there"}
    return World(owner, mover, give(owner, {**where, **given}))


def _terms(mover: Actor, excess: Excess | None) -> Terms:
    """What the mover has."""
    terms: Terms = {"level": "manager", "expiresAt": database_now() + timedelta(hours=1)}
    if excess == "agents" and mover.agent_id is not None:
        terms["agents"] = [public_id("agent", mover.agent_id)]
    return terms


def _beyond(excess: Excess) -> Terms:
    if excess == "level":
        return {"level": "admin"}
    if excess == "end":
        return {"expiresAt": database_now() + timedelta(hours=2)}
    return {"agents": None}


def _receiver(owner: Somebody, member: Somebody, holder: Holder) -> dict[str, str]:
    if holder == "mover":
        return {"personId": member.id}
    if holder == "person":
        return {"personId": join(owner, new_person("mia")).id}
    if holder == "group":
        group = create_group(owner.console, CreateGroup(name="Readers")).group_id
        add_to_group(owner.console, GroupPlace(group_id=group, person_id=member.id))
        return {"groupId": group}
    return {"serviceAccountId": new_account(owner)}


def give(owner: Somebody, terms: Terms) -> str:
    return give_grant(owner.console, GiveGrant.parse(terms)).grant_id


@pytest.mark.parametrize("excess", ["level", "end", "agents"])
@pytest.mark.parametrize("holder", ["mover", "person", "group", "service account"])
def test_nobody_gets_more_on_what_exists(
    owner: Somebody, member: Somebody, holder: Holder, excess: Excess
) -> None:
    acme = world(owner, member, holder, excess)

    for name, call in CALLS.items():
        if name in MOVES:
            with pytest.raises(Denied, match="target folder"):
                call(acme.mover)
        else:
            _attempt(call, acme.mover)
        assert acme.reached() == set(), name
        assert not acme.reaches(folder_path="here"), name


@pytest.mark.parametrize("holder", ["person", "group", "service account"])
@pytest.mark.parametrize("name", MOVES)
def test_what_the_mover_holds_may_come_to_others(
    owner: Somebody, member: Somebody, holder: Holder, name: str
) -> None:
    acme = world(owner, member, holder, None)

    CALLS[name](acme.mover)

    assert acme.reached() == ({"one"} if name == "move_credential" else set(KEYS))


@pytest.mark.parametrize("name", MOVES)
def test_who_governs_the_tenant_moves_everything(
    owner: Somebody, member: Somebody, name: str
) -> None:
    acme = world(owner, member, "person", "level")

    CALLS[name](owner.console)

    assert "one" in acme.reached()


def _attempt(call: Callable[[Actor], object], actor: Actor) -> None:
    scopes = actor.scopes | {"vault:admin"}
    try:
        call(replace(actor, scopes=scopes))
    except VaultError:
        return
