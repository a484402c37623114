"""An access that ended is ended for requests that began before (invariant I11).

A channel looks a token or session up when a request begins; its body may come much later. So each
operation checks again, in its own transaction.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from access.actions import RULES, SYSTEM, Channel
from access.actor import ALL_SCOPES, Actor, system_actor
from access.authentication import Authentication
from access.tenancy import tenant_transaction
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from foundation.db.ids import parse_public_id
from foundation.errors import Denied, LeaseOver, Unauthenticated, VaultError
from tenants.memberships import active_membership
from tenants.operations import audit_log, export_audit
from tenants.shapes.audit import ExportAudit
from tests.contracts import channels
from tests.contracts.cases import CASES
from tests.contracts.channels import CHANNELS, KEY, OF_STANDING, OF_TOKENS, Ending, Scene
from tests.contracts.full_acme import FullAcme
from tests.contracts.operations import Operation, operations
from tests.machines import new_account
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.refusals import refusal
from tests.storage import everything_but_the_log, owner_sql

OVER = Authentication("false")
# Joins the transaction of its caller, the consent page, which checks.
JOINED = {"connect_agent"}


@pytest.fixture
def scene(owner: Somebody) -> Scene:
    """A member who may use the credential, and whose agents are approved."""
    store(owner)
    member = join(owner, new_person("marc"))
    grant(owner, member, "user", key=KEY)
    return Scene(owner, member)


# -- no operation can forget it ------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [one for one in operations().values() if one.name not in JOINED],
    ids=lambda one: str(one.name),
)
def test_no_operation_works_without_an_authentication_in_force(
    operation: Operation, full_acme: FullAcme
) -> None:
    owner, things = full_acme.owner, full_acme.needed(operation.name)
    by_machinery = RULES[operation.action].channels == SYSTEM
    actor = system_actor("worker", owner.console.tenant_id) if by_machinery else owner.console
    before = everything_but_the_log()

    for missing in (OVER, *([] if by_machinery else [None])):
        ended = replace(actor, authentication=missing)
        found = refusal(partial(CASES[operation.name].call, ended, things))
        assert isinstance(found, Unauthenticated)
    assert everything_but_the_log() == before


@pytest.mark.parametrize("keep", [False, True])
def test_the_standing_after_the_first_lock_checks_again(owner: Somebody, keep: bool) -> None:
    account = new_account(owner)
    robot = replace(
        owner.console, person_id=None, service_account_id=parse_public_id("sa", account)
    )
    for actor in (owner.console, owner.agent, robot):
        with tenant_transaction(actor.tenant_id):
            active_membership(actor, keep=keep)
            found = refusal(
                partial(active_membership, replace(actor, authentication=OVER), keep=keep)
            )
        assert isinstance(found, Unauthenticated)


# Where tenant rows are reached outside `acting_transaction`, and why nobody's ended access does.
ELSEWHERE = {
    "access/tenancy.py": "defines them",
    "audit/recording.py": "writes entries, refusals too; operations inside check for themselves",
    "credentials/envelope.py": "the process asks, not a caller",
    "identity/authorization_server/clients.py": "an operator's command",
    "identity/authorization_server/consent.py": (
        "checks by require_authentication in the same transaction"
    ),
    "identity/tokens/grant_family.py": (
        "the token endpoint locks the consent and reads what it depends on"
    ),
    "identity/authorization_server/client_credentials.py": "the token endpoint holds the proof",
    "identity/service_accounts/personal_tokens.py": (
        "ends tokens in the transaction of a changed password"
    ),
    "identity/authorization_server/client_authentication.py": (
        "the token endpoint, before there is a token"
    ),
    "identity/authorization_server/authorization_status.py": (
        "tells the waiting page one word about the person's own request"
    ),
    "identity/oidc_client/account_linking.py": "a sign-in, before there is a session",
    "identity/sign_in/tenant_access.py": "reads the provider that a session depends on",
    "leases/operations/use.py": "records how a request ended that an operation had allowed",
    "restapi/idempotency.py": "a task forgets answers; `respond_once` runs operations",
    "tenants/agent_activity.py": "notes the time of a call",
    "tenants/notifications.py": "the worker sends mail",
    "tenants/operations/invitations.py": "an invitation lets somebody in who has no actor yet",
    "tenants/operations/tenants.py": "an operator's command",
    "tenants/reminders.py": "the worker reminds people of ends",
    "tenants/retention.py": "the worker deletes what is old",
    "tenants/management/commands/verify_audit.py": "an operator's command",
    "identity/operations/restored_access.py": "an operator's command",
    "identity/operations/root_key_rotation.py": "an operator's command",
    "vaultsite/management/commands/check_invariants.py": "an operator's command",
    "devtools/demo.py": "makes the demo data",
}
OPENERS = {"tenant_transaction", "joined_transaction", "use_tenant", "atomic_operations"}


def test_tenant_rows_are_reached_in_transactions_that_check() -> None:
    root = Path(settings.BASE_DIR)
    apps = ("access", "audit", "tenants", "credentials", "leases", "identity")
    faces = ("mcpserver", "restapi", "console", "vaultsite", "devtools")
    found = {
        str(path.relative_to(root))
        for app in (*apps, *faces)
        for path in (root / app).rglob("*.py")
        if OPENERS & set(_called(ast.parse(path.read_text())))
    }

    assert found == set(ELSEWHERE)


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


# -- every ending, on every channel ------------------------------------------------------------


def test_every_channel_is_ended_by_something_of_each_kind() -> None:
    for endings in (OF_TOKENS, OF_STANDING):
        assert {channel for ended in endings.values() for channel in ended} == set(CHANNELS)


Way = Callable[[Scene], Actor]


def _pairs(endings: dict[Ending, tuple[Way, ...]]) -> list[Any]:
    """Each ending on each channel. Tests of one pair run in one process, which plays it once."""
    return [
        pytest.param(ending, channel, id=name, marks=pytest.mark.xdist_group(name))
        for ending, ended in endings.items()
        for channel in ended
        if (name := f"{ending.__name__}-{channel.__name__}")
    ]


@dataclass(frozen=True)
class Outcome:
    """How what was begun before the end was refused after it: requests, and a long answer."""

    requests: list[VaultError]
    export: VaultError | None


PLAYED: dict[tuple[Ending, Way], Outcome] = {}


@pytest.fixture
def outcome(request: pytest.FixtureRequest, end: Ending, channel: Way) -> Outcome:
    """Played in an empty database, if it was not played before."""
    if (end, channel) not in PLAYED:
        PLAYED[end, channel] = _play(request.getfixturevalue("scene"), end, channel)
    return PLAYED[end, channel]


def _play(scene: Scene, end: Ending, channel: Way) -> Outcome:
    scene.actor = channel(scene)
    requests = _requests(scene.actor)
    # A service account exports nothing.
    parts = None if channel is channels.by_account else _begun_export(scene, scene.actor)

    end(scene)

    return Outcome(
        [refusal(work) for work in requests],
        None if parts is None else refusal(partial(list, parts)),
    )


def _requests(actor: Actor) -> list[Callable[[], object]]:
    """What was begun before: a list, a lease and a read of a lease from before."""
    found: list[Callable[[], object]] = [partial(list_credentials, actor, ListCredentials())]
    if actor.channel is not Channel.CONSOLE:
        found += [partial(lease, actor), partial(read, actor, lease(actor).lease_handle)]
    for work in found:
        work()
    return found


def _begun_export(scene: Scene, actor: Actor) -> Iterator[str]:
    """An export of which one part was answered; only admins begin one."""
    owner_sql("UPDATE membership SET role = 'admin' WHERE person_id = %s", scene.member.person.pk)
    admin = replace(actor, recently_authenticated=True, scopes=ALL_SCOPES)
    parts = export_audit(admin, ExportAudit(format="ndjson"))
    assert next(parts)
    return parts


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export of a few entries has several parts."""
    monkeypatch.setattr(audit_log, "BATCH", 1)


@pytest.mark.parametrize(("end", "channel"), _pairs(OF_TOKENS))
def test_a_request_that_began_with_a_token_or_session_that_ended_is_refused(
    outcome: Outcome,
) -> None:
    assert outcome.requests
    for refused in outcome.requests:
        assert isinstance(refused, Unauthenticated)


@pytest.mark.parametrize(("end", "channel"), _pairs(OF_STANDING))
def test_a_request_that_began_before_somebody_was_stopped_is_refused(outcome: Outcome) -> None:
    assert outcome.requests
    for refused in outcome.requests:
        assert isinstance(refused, (Unauthenticated, Denied, LeaseOver))


@pytest.mark.parametrize(
    ("end", "channel"),
    [one for one in _pairs(OF_TOKENS | OF_STANDING) if one.values[1] is not channels.by_account],
)
def test_a_long_answer_stops_when_the_access_ends(outcome: Outcome) -> None:
    assert isinstance(outcome.export, (Unauthenticated, Denied))
