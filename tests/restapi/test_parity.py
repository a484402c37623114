"""MCP and REST: the same request gets the same outcome, the same code, the same audit entry."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx2
import pytest
from pytest import Subtests

from credentials.operations import archive_credential, revoke_credential
from credentials.shapes.credentials import DescribeCredential
from mcpserver.tools import TOOLS
from restapi.routes import ROUTES
from tests.audit_trail import new_entries
from tests.console.pages import signed_in
from tests.disclosure.echo_upstream import SENDABLE
from tests.people import PURPOSE, Somebody, grant, store
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.faces import Face, Said, both_faces, noted, plainly
from tests.storage import let_time_pass, owner_sql

LEASE = "vault.lease_credential"
READ = "vault.read_credential"
USE = "vault.use_credential"
RELEASE = "vault.release_lease"
ROTATE = "vault.rotate_credential"
REQUEST = "vault.request_access"
REQUEST_MISSING = "vault.request_credential"
DESCRIBE = "vault.get_credential_metadata"
LIST = "vault.list_credentials"
SEARCH = "vault.search_credentials"


@dataclass(frozen=True)
class Scene:
    """A key of its own, and who acts through which channel."""

    owner: Somebody
    caller: Somebody
    face: Face
    key: str

    def stored(self, **more: Any) -> str:
        """The credential, in a folder of its own."""
        store(self.owner, self.key, folderPath=self.folder, **more)
        return self.key

    @property
    def folder(self) -> str:
        return f"{self.key}-shelf"

    def granted(self, level: str, **more: Any) -> str:
        """The credential, with a level on it for who comes."""
        self.stored(**more)
        grant(self.owner, self.caller, level, key=self.key)
        return self.key

    def leased(self, **more: Any) -> dict[str, Any]:
        """A lease of the credential that is stored for it, through the same channel."""
        said = self.face.call(LEASE, {"key": self.stored(**more), "purpose": PURPOSE})
        assert not said.code
        return said.body

    def handle(self, **more: Any) -> dict[str, Any]:
        """The arguments that redeem such a lease."""
        return {"leaseHandle": self.leased(**more)["leaseHandle"]}


# -- what has to be arranged first -----------------------------------------------------------------


def _archived(scene: Scene) -> dict[str, Any]:
    archive_credential(scene.owner.console, DescribeCredential(key=scene.stored()))
    return _wish(scene.key)


def _taken(scene: Scene) -> dict[str, Any]:
    scene.leased(policy={"maxActiveLeases": 1})
    return _wish(scene.key)


def _expired(scene: Scene) -> dict[str, Any]:
    lease = scene.leased()
    let_time_pass(lease["leaseId"], 900)
    return {"leaseHandle": lease["leaseHandle"]}


def _released(scene: Scene) -> dict[str, Any]:
    handle = scene.handle()
    assert not scene.face.call(RELEASE, handle).code
    return handle


def _consumed(scene: Scene) -> dict[str, Any]:
    handle = scene.handle(policy={"maxUses": 1})
    assert not scene.face.call(READ, handle).code
    return handle


def _rotated(scene: Scene) -> dict[str, Any]:
    new = {"key": scene.stored(), "newValue": "new"}
    assert not scene.face.call(ROTATE, new).code
    return new


def _lost(scene: Scene) -> dict[str, Any]:
    """The permission ended without a signal: the read itself has to notice."""
    scene.granted("user")
    said = scene.face.call(LEASE, _wish(scene.key))
    owner_sql("DELETE FROM credential_grant")
    return {"leaseHandle": said.body["leaseHandle"]}


def _asked(scene: Scene) -> dict[str, Any]:
    request = _request(scene.stored())
    assert not scene.face.call(REQUEST, request).code
    return request


def _wish(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "purpose": PURPOSE, **more}


def _request(key: str, level: str = "user") -> dict[str, Any]:
    return {"key": key, "level": level, "reason": PURPOSE}


def _missing(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "api-key", "purpose": PURPOSE, **more}


def _use(handle: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**handle, "method": "GET", "url": f"http://{SENDABLE}/", **more}


@dataclass(frozen=True)
class Case:
    """Who calls a tool with which arguments, and the code of the refusal if it is one."""

    tool: str
    arguments: Callable[[Scene], dict[str, Any]]
    code: str = ""
    who: str = "owner"


SENDABLE_POLICY = {"destinations": [{"host": SENDABLE}]}
NO_KEY = "credential/not-found"
INVALID = "input/invalid"
DENIED = "access/permission-denied"
CASES = (
    Case(LIST, lambda it: {"folderPath": it.stored() and it.folder, "recursive": True}),
    Case(LIST, lambda _: {"folderPath": "no-such-folder"}, "folder/not-found"),
    Case(LIST, lambda _: {"limit": 0}, INVALID),
    Case(LIST, lambda _: {"cursor": "nonsense"}, INVALID),
    Case(LIST, lambda _: {"ordering": "value"}, INVALID),
    Case(SEARCH, lambda it: {"query": it.stored(), "folderPath": it.folder}),
    Case(SEARCH, lambda _: {"query": "a", "folderPath": "no-such-folder"}),
    Case(SEARCH, lambda _: {"query": "a", "cursor": "nonsense"}, INVALID),
    Case(SEARCH, lambda _: {}, INVALID),
    Case(DESCRIBE, lambda it: {"key": it.stored()}),
    Case(DESCRIBE, lambda it: {"key": it.stored()}, who="member"),
    Case(DESCRIBE, lambda it: {"key": it.key}, NO_KEY),
    Case(LEASE, lambda it: _wish(it.stored(), ttl="1h")),
    Case(LEASE, lambda it: _wish(it.granted("user")), who="member"),
    Case(LEASE, lambda it: _wish(it.key), NO_KEY),
    Case(LEASE, lambda it: _wish(it.stored()), DENIED, who="member"),
    Case(LEASE, lambda it: _wish(it.stored(), purpose="-"), INVALID),
    Case(LEASE, lambda it: _wish(it.stored(), ttl="-1"), INVALID),
    Case(LEASE, lambda it: _wish(it.stored(), version="previous"), "state/conflict"),
    Case(LEASE, _archived, "state/conflict"),
    Case(LEASE, _taken, "quota/exceeded"),
    Case(
        LEASE,
        lambda it: _wish(it.stored(policy={"approval": "required"})),
        "access/approval-pending",
    ),
    Case(READ, lambda it: it.handle()),
    Case(READ, lambda _: {"leaseHandle": "vlt_lease_forged"}, "lease/invalid-handle"),
    Case(READ, _expired, "lease/expired"),
    Case(READ, _released, "lease/revoked"),
    Case(READ, _consumed, "lease/consumed"),
    Case(READ, _lost, DENIED, who="member"),
    Case(USE, lambda it: _use(it.handle(policy=SENDABLE_POLICY))),
    Case(USE, lambda it: _use(it.handle(policy={**SENDABLE_POLICY, "disclosure": "broker"}))),
    Case(USE, lambda it: _use(it.handle()), "access/destination-denied"),
    Case(
        USE,
        lambda it: _use(it.handle(policy=SENDABLE_POLICY), headers={"Host": "a"}),
        INVALID,
    ),
    Case(USE, lambda _: _use({"leaseHandle": "vlt_lease_forged"}), "lease/invalid-handle"),
    Case(RELEASE, lambda it: it.handle()),
    Case(RELEASE, _released),
    Case(RELEASE, lambda _: {"leaseHandle": "vlt_lease_forged"}, "lease/invalid-handle"),
    Case(ROTATE, lambda it: {"key": it.stored(), "newValue": "new", "reason": "it leaked"}),
    Case(ROTATE, lambda it: {"key": it.stored(), "generate": True}),
    Case(ROTATE, lambda it: {"key": it.key, "newValue": "new"}, NO_KEY),
    Case(ROTATE, lambda it: {"key": it.stored(), "newValue": "a", "generate": True}, INVALID),
    Case(ROTATE, lambda it: {"key": it.granted("user"), "newValue": "a"}, DENIED, who="member"),
    Case(ROTATE, _rotated, "rotation/window-open"),
    Case(
        ROTATE,
        lambda it: {"key": it.stored(), "newValue": "a"},
        "auth/insufficient-scope",
        who="reader",
    ),
    Case(REQUEST, lambda it: _request(it.stored()), who="member"),
    Case(REQUEST, _asked, who="member"),
    Case(REQUEST, lambda it: _request(it.key), NO_KEY, who="member"),
    Case(REQUEST, lambda it: {**_asked(it), "level": "manager"}, "state/conflict", who="member"),
    Case(REQUEST, lambda it: _request(it.stored(), level="king"), INVALID, who="member"),
    Case(REQUEST_MISSING, lambda it: _missing(it.stored())),
    Case(REQUEST_MISSING, lambda it: _missing(it.key), "access/approval-pending"),
    Case(REQUEST_MISSING, lambda it: _missing(it.key, destination="a b"), INVALID),
)


def test_every_tool_is_tried_in_success_and_in_refusal() -> None:
    served = {route.operation for route in ROUTES}
    both = {tool.name for tool in TOOLS if tool.operation in served}

    assert {case.tool for case in CASES if not case.code} == both
    assert {case.tool for case in CASES if case.code} == both


@pytest.mark.usefixtures("sendable")
def test_both_faces_answer_and_record_the_same(
    http: httpx2.Client, owner: Somebody, member: Somebody, subtests: Subtests
) -> None:
    people = {"owner": owner, "member": member, "reader": owner}
    faces = {
        name: both_faces(http, who, "vault:read" if name == "reader" else "vault:read vault:write")
        for name, who in people.items()
    }
    for number, case in enumerate(CASES):
        with subtests.test(number=number, tool=case.tool, code=case.code):
            seen = []
            for face in faces[case.who]:
                key = f"{face.name}{number}"
                scene = Scene(owner, people[case.who], face, key)
                arguments = case.arguments(scene)
                with new_entries(owner.console.tenant_id) as entries:
                    said = face.call(case.tool, arguments)
                assert said.code == case.code, said.body
                seen.append((_outcome(said, key), [noted(one, key) for one in entries]))
            assert seen[0] == seen[1]


def _outcome(said: Said, key: str) -> Any:
    """Members of an answer, or the whole problem."""
    return plainly(said.body, key)


# -- the console, where a step is one address -----------------------------------------------------

STEPS: dict[str, tuple[str, str]] = {
    "archive": ("POST", "/archive"),
    "restore": ("POST", "/restore"),
    "revoke": ("POST", "/revoke"),
    "delete": ("DELETE", ""),
}


def test_the_console_ends_a_credential_as_the_api_does(
    http: httpx2.Client, owner: Somebody, token_of: TokenOf, subtests: Subtests
) -> None:
    """Same status, same entry but for the client: done, and out of its order.

    Whom the console does not let in, and what its pages do not find, it refuses by itself.
    """
    browser, bearer = signed_in(owner), {"Authorization": f"Bearer {token_of(owner, ADMIN)}"}

    def by_console(step: str, key: str) -> int:
        return browser.post(f"/credentials/{key}/{step}", {"typed": key}).status_code

    def by_rest(step: str, key: str) -> int:
        method, more = STEPS[step]
        return http.request(method, f"/api/v1/credentials/{key}{more}", headers=bearer).status_code

    for number, (step, is_over) in enumerate(product(STEPS, (False, True))):
        with subtests.test(step=step, is_over=is_over):
            seen = []
            for name, call in (("console", by_console), ("rest", by_rest)):
                key = f"{name}-{number}"
                store(owner, key)
                if is_over:
                    revoke_credential(owner.console, DescribeCredential(key=key))
                with new_entries(owner.console.tenant_id) as entries:
                    status = call(step, key)
                done = status in (204, 302)
                seen.append((done or status, [_anonymous(noted(one, key)) for one in entries]))
            assert seen[0] == seen[1]


def _anonymous(entry: dict[str, Any]) -> dict[str, Any]:
    """Without the client and the agent, which the console has none of."""
    return entry | dict.fromkeys(("client_id", "agent_id", "agent_name"))
