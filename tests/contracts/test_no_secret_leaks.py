"""A value is found nowhere but in the reply that disclosed it.

Marked values go through every operation and every kind of failure; then rows, logs, errors,
messages and answers are searched for them, for handles and for tokens.
"""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from access.actor import Actor
from credentials.operations import (
    change_window,
    create_credential,
    describe_credential,
    list_credentials,
    roll_back_rotation,
    rotate_credential,
    search_credentials,
    update_credential,
)
from credentials.shapes.credentials import (
    CreateCredential,
    DescribeCredential,
    ListCredentials,
    SearchCredentials,
    UpdateCredential,
)
from credentials.shapes.rotations import ChangeWindow, RotateCredential
from leases.handles import PREFIX
from leases.shapes import LeaseCredential, ReadCredential
from mcpserver.tool_calls import call_tool
from mcpserver.tools import BY_NAME
from tests.contracts.acme import Acme
from tests.contracts.cases import CASES
from tests.contracts.everything import Everything, spellings
from tests.contracts.operations import operations
from tests.oauth_client import connect
from tests.people import PASSWORD, PURPOSE, Somebody, grant, lease, read
from tests.storage import dump, no_entry_can_be_written, owner_sql


def test_this_searches_where_it_says_it_does(everything: Everything) -> None:
    mark = everything.mark("the value")
    logging.getLogger("leases.operations.read").debug("%s", mark)

    with pytest.raises(AssertionError):
        everything.require_silence()
    everything.told.clear()
    for spelling in spellings(mark):
        with pytest.raises(AssertionError):
            everything.require_silence(f"…{spelling}…")


def _dumped() -> str:
    return json.dumps(dump())


def _store(who: Actor, value: str, key: str = "k", **more: Any) -> Any:
    data = {"key": key, "type": "generic-secret", "value": value, **more}
    return create_credential(who, CreateCredential.parse(data))


def test_a_values_whole_life_leaves_no_trace_of_it(owner: Somebody, everything: Everything) -> None:
    value, refresh, new = map(everything.mark, ("the value", "a secret field", "the new value"))
    key = DescribeCredential(key="k")
    everything.tell(_store(owner.console, value, secretFields={"refreshToken": refresh}))
    lent = lease(owner.agent, "k")
    secret = read(owner.agent, lent.lease_handle)
    assert secret.value.get_secret_value() == value
    assert secret.secret_fields["refreshToken"].get_secret_value() == refresh
    everything.tell(secret, secret.model_dump())

    rotate = RotateCredential.parse({"key": "k", "newValue": new, "idempotencyKey": "once"})
    everything.tell(rotate, rotate_credential(owner.console, rotate))
    everything.tell(rotate_credential(owner.console, rotate))
    everything.tell(describe_credential(owner.console, key))
    everything.tell(list_credentials(owner.console, ListCredentials.parse({})))
    everything.tell(search_credentials(owner.console, SearchCredentials.parse({"query": "k"})))
    everything.tell(roll_back_rotation(owner.console, key))
    rotate_credential(owner.console, RotateCredential.parse({"key": "k", "newValue": new}))
    everything.tell(change_window(owner.console, ChangeWindow(key="k", window=0)))
    assert read(owner.agent, lease(owner.agent, "k").lease_handle).value.get_secret_value() == new

    everything.require_silence(_dumped())


def test_a_handle_is_not_kept(owner: Somebody, everything: Everything) -> None:
    _store(owner.console, "v")
    handle = lease(owner.agent, "k").lease_handle
    read(owner.agent, handle)
    everything.marks["the handle"] = handle.removeprefix(PREFIX).rstrip("=")
    blob = base64.urlsafe_b64decode(handle.removeprefix(PREFIX))
    everything.marks["what makes it genuine"] = blob[-32:].hex()

    everything.require_silence(_dumped())


def test_tokens_are_not_kept(server: str, owner: Somebody, everything: Everything) -> None:
    tokens = connect(
        server, owner.person.email, PASSWORD, scopes="vault:read vault:write offline_access"
    )
    assert tokens.refresh is not None
    everything.marks["the access token"] = tokens.access
    everything.marks["its signature"] = tokens.access.rsplit(".", 1)[1]
    everything.marks["the refresh token"] = tokens.refresh

    everything.require_silence(_dumped())


def _rotate(who: Actor, **data: Any) -> Any:
    return rotate_credential(who, RotateCredential.parse(data))


BAD_VALUES: dict[str, dict[str, Any]] = {
    "ssh-key": {"value": "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END"},
    "tls-certificate": {"value": '{{"certificate": "{}", "privateKey": "{}"}}'},
    "database-url": {"value": "postgresql://app:{}@ho st/db"},
    "api-key": {"value": "{}\0"},
    "generic-secret": {"value": "v", "secretFields": {"a b": "{}"}},
    "oauth-token": {"value": "{}", "metadata": {"tokenExpiresAt": "{}"}},
    "no-such-type": {"value": "{}"},
}


@pytest.mark.parametrize("kind", BAD_VALUES)
def test_a_refused_value_is_not_told(kind: str, owner: Somebody, everything: Everything) -> None:
    text = json.dumps(BAD_VALUES[kind]).replace("{}", everything.mark(kind)).replace("{{", "{")
    more = json.loads(text.replace("}}", "}") if kind == "tls-certificate" else text)

    everything.run(partial(_store, owner.console, type=kind, **more))

    assert everything.failures, "this must be refused"
    everything.require_silence(_dumped())


MISPLACED: list[Callable[[Actor, str], object]] = [
    lambda _, mark: LeaseCredential.parse({"key": "k", "purpose": PURPOSE, mark: mark}),
    lambda _, mark: LeaseCredential.parse({"key": f"{mark} ", "purpose": PURPOSE}),
    lambda _, mark: LeaseCredential.parse({"key": "k", "purpose": f"{mark}\0"}),
    lambda _, mark: LeaseCredential.parse({"key": "k", "purpose": PURPOSE, "ttl": mark}),
    lambda _, mark: LeaseCredential.parse({"key": "k", "purpose": PURPOSE, "version": mark}),
    lambda _, mark: LeaseCredential.parse(mark),
    lambda _, mark: CreateCredential.parse({"key": "k", "type": mark, "value": mark}),
    lambda _, mark: CreateCredential.parse({"key": "k", "type": "api-key", "value": [mark]}),
    lambda actor, mark: _store(actor, mark, metadata={"password": mark}),
    lambda actor, mark: _store(actor, mark, metadata={"note": f"{mark}\0"}),
    lambda actor, mark: _store(actor, mark, tags=[f"{mark} "]),
    lambda actor, mark: _store(actor, mark, folderPath=f"../{mark}"),
    lambda actor, mark: _store(actor, mark, description=f"{mark}\u202e"),
    lambda actor, mark: _store(actor, mark, policy={"agents": [mark]}),
    lease,
    read,
    lambda actor, mark: read(actor, PREFIX + mark),
    lambda actor, mark: describe_credential(actor, DescribeCredential(key=mark)),
    lambda actor, mark: update_credential(actor, UpdateCredential(key=mark, description="x")),
    lambda actor, mark: _rotate(actor, key="k", newValue=mark, generate=True),
    lambda actor, mark: _rotate(actor, key=mark, newValue=mark),
    lambda actor, mark: list_credentials(actor, ListCredentials.parse({"cursor": mark})),
    lambda actor, mark: list_credentials(actor, ListCredentials.parse({"folderPath": mark})),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(MISPLACED)))
def test_a_secret_in_the_wrong_place_is_refused_without_an_echo(
    number: int, owner: Somebody, everything: Everything
) -> None:
    mark = everything.mark("misplaced")

    everything.run(partial(MISPLACED[number], owner.console, mark))

    assert everything.failures, "this must be refused"
    everything.require_silence(_dumped())


@pytest.mark.parametrize("name", ["create_credential", "rotate_credential"])
@pytest.mark.parametrize("fault", ["the log", "the table", "the cipher", "the examination"])
def test_a_value_that_could_not_be_stored_is_not_told(
    name: str, fault: str, owner: Somebody, everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = everything.mark("the value")
    _store(owner.console, "old")
    call = {
        "create_credential": partial(_store, owner.console, value, "new"),
        "rotate_credential": partial(
            rotate_credential, owner.console, RotateCredential(key="k", new_value=SecretStr(value))
        ),
    }[name]

    with _broken(fault, monkeypatch):
        everything.run(call)

    assert everything.failures, "this must fail"
    everything.require_silence(_dumped())


@pytest.mark.parametrize("fault", ["the log", "the lease", "the cipher"])
def test_a_value_that_could_not_be_read_is_not_told(
    fault: str, owner: Somebody, everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    _store(owner.console, everything.mark("the value"))
    handle = lease(owner.agent, "k").lease_handle
    arguments = {"leaseHandle": handle}

    with _broken(fault, monkeypatch):
        everything.run(partial(read, owner.agent, handle))
        answer = call_tool(BY_NAME["vault.read_credential"], arguments, owner.agent)

    assert answer.is_error
    assert everything.failures, "this must fail"
    everything.tell(asdict(answer), ReadCredential(lease_handle=handle).lease_handle[:10])
    everything.require_silence(_dumped())


@contextmanager
def _broken(fault: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One layer breaks, the database's as constraints do: quoting the row."""
    if fault == "the log":
        with no_entry_can_be_written("ok"):
            yield
    elif fault in REFUSING:
        with _refused_rows(REFUSING[fault]):
            yield
    else:
        with monkeypatch.context() as patched:
            patched.setattr(BREAKING[fault], _break)
            yield


REFUSING = {"the table": "credential_version", "the lease": "lease"}
BREAKING = {
    "the cipher": "credentials.envelope._bound",
    "the examination": "credentials.versions.examine_stored",
}


def _break(*_: object) -> None:
    raise RuntimeError("broken")


@contextmanager
def _refused_rows(table: str) -> Iterator[None]:
    owner_sql(
        "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'refused: %', NEW; END $$"
    )
    owner_sql(
        f"CREATE TRIGGER refuse_row BEFORE INSERT OR UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_row()"
    )
    try:
        yield
    finally:
        owner_sql("DROP FUNCTION refuse_row CASCADE")


def test_no_operations_answer_but_the_read_shows_a_value(
    owner: Somebody, everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every case runs on credentials whose value is a mark; only one answer may hold it."""
    mark = everything.mark("the value")
    monkeypatch.setattr("tests.people.CANARY", mark)
    monkeypatch.setattr("tests.contracts.cases.CANARY", mark)
    acme = Acme(owner)
    disclosed = []
    for name in operations():
        things = acme.things(owner, *CASES[name].needs)
        answer = everything.run(partial(CASES[name].call, owner.console, things))
        wire = json.dumps(answer.wire()) if hasattr(answer, "wire") else str(answer)
        disclosed += [name] if mark in wire else []
        everything.tell(answer)
        if name != "read_credential":
            everything.tell(wire)

    assert disclosed == ["read_credential"]
    everything.require_silence(_dumped())


def test_a_member_who_may_only_look_is_shown_no_value(
    owner: Somebody, member: Somebody, everything: Everything
) -> None:
    _store(owner.console, everything.mark("the value"), secretFields={"a": everything.mark("a")})
    grant(owner, member, "viewer", key="k")
    for tool, arguments in {
        "vault.list_credentials": {},
        "vault.search_credentials": {"query": "k"},
        "vault.get_credential_metadata": {"key": "k"},
        "vault.lease_credential": {"key": "k", "purpose": PURPOSE},
    }.items():
        everything.tell(asdict(call_tool(BY_NAME[tool], dict(arguments), member.agent)))

    everything.require_silence(_dumped())
