"""schemathesis finds nothing: no 5xx, no undocumented answer, nobody in another tenant's things.

Cases are the requests that it makes up; what it asks beside them to find a hole is not counted.
"""

import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rest_framework.request import Request

from access.actor import Actor
from audit.endpoint import signature_of
from foundation.errors import Unauthenticated
from identity.resource_server.verification import actor_from_token
from restapi.routes.route import Route
from restapi.views import Resource
from tenants.operations import show_group
from tests.contracts.acme import Acme
from tests.disclosure.echo_upstream import EchoUpstream
from tests.people import Somebody
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.fuzzing import Fuzzing, Part, Say
from tests.restapi.seeding import Tenant

# The runner describes a large request to itself, which hypothesis thinks wasteful.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
MANY = 20_000
HALF = 0.5
# How many may wait or be there at a time: looked at elsewhere, and reached here soon.
LIMITS = (
    "credentials.operations.access_requests.MOST_WAITING",
    "credentials.operations.credential_requests.MOST_WAITING",
    "identity.operations.personal_tokens.MOST",
    "leases.approvals.MOST_WAITING",
    "tenants.operations.invitations.MOST_WAITING",
)
SHORT = (
    ("acme", Part(("fuzzing",), "positive", 2)),
    ("globex", Part(("fuzzing",), "negative", 1)),
    ("globex", Part(("stateful",), "positive", 3)),
)
LONG = (
    ("globex", Part(("examples", "coverage"), "all")),
    ("acme", Part(("fuzzing",), "negative", 20)),
    ("globex", Part(("stateful",), "all", 200)),
    ("acme", Part(("fuzzing",), "positive", 100)),
    ("globex", Part(("fuzzing",), "positive", 70)),
)
MORE = ("acme", Part(("fuzzing",), "positive", 10))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Progress on the terminal, past what pytest keeps."""

    def said(line: str) -> None:
        with capsys.disabled():
            sys.stderr.write(f"\n{line}")
            sys.stderr.flush()

    return said


@pytest.fixture
def fuzzing(
    server: str,
    sendable: EchoUpstream,
    owner: Somebody,
    outsider: Somebody,
    token_of: TokenOf,
    tmp_path: Path,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> Fuzzing:
    """Acme and globex, each with its owner's program."""
    for place in LIMITS:
        monkeypatch.setattr(place, 1_000_000)

    full = {"acme": Acme(owner, "acme-"), "globex": Acme(outsider, "globex-")}

    def tenants() -> list[Tenant]:
        return [Tenant(name, it, token_of(it.owner, ADMIN)) for name, it in full.items()]

    return Fuzzing(server, tenants, tmp_path, say)


def test_a_short_run_finds_nothing(fuzzing: Fuzzing) -> None:
    for who, part in SHORT:
        fuzzing.run(who, part, seed=1)

    assert fuzzing.tally.report() == ""
    assert too_few(fuzzing.tally.sound_shares()) == {}


@pytest.mark.full
def test_holes_would_be_found(fuzzing: Fuzzing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any token will do, everybody is shown acme's groups, and removing one removes nothing."""
    acme: list[Actor] = []
    route_of = Resource.route_of

    def any_token(*arguments: Any, **named: Any) -> Actor:
        try:
            actor = actor_from_token(*arguments, **named)
        except Unauthenticated:
            return acme[0]
        acme.append(actor)
        return actor

    def with_holes(resource: Resource, request: Request) -> Route:
        route = route_of(resource, request)
        kept = route.signature or signature_of(route.operation)
        if route.name == "showGroup":
            return replace(route, operation=lambda _, one: show_group(acme[0], one), signature=kept)
        if route.method == "DELETE":
            return replace(route, operation=lambda *_: None, signature=kept)
        return route

    monkeypatch.setattr("restapi.authentication.actor_from_token", any_token)
    monkeypatch.setattr(Resource, "route_of", with_holes)
    fuzzing.run("acme", Part(("fuzzing",), "positive", 5), seed=1, below="/groups")
    fuzzing.run("acme", Part(("stateful",), "positive", 20), seed=1, below="/groups")

    found = {name.partition(" ")[0] for _, name in fuzzing.tally.found}
    assert {"ignored_auth", "object_level_authorization", "use_after_free"} <= found


@pytest.mark.full
@pytest.mark.timeout(3 * 3600)
def test_a_long_run_finds_nothing(fuzzing: Fuzzing, say: Say) -> None:
    """At least half of all cases of each operation are done, the malformed ones included."""
    seed = secrets.randbits(32)
    say(f"seed {seed}")
    for who, part in LONG:
        fuzzing.run(who, part, seed=seed)
    while sum(fuzzing.tally.cases.values()) < MANY:
        seed += 1
        fuzzing.run(*MORE, seed=seed)

    say(fuzzing.tally.table())
    assert fuzzing.tally.report() == ""
    assert too_few(fuzzing.tally.shares()) == {}


def too_few(shares: dict[str, float]) -> dict[str, float]:
    """The operations that did not work often enough for the run to say much of them."""
    assert shares
    return {label: share for label, share in shares.items() if share < HALF}
