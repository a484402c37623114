"""What belongs to another tenant is answered like what does not exist, wherever it is named."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pytest import Subtests

from restapi.routes import ROUTES
from restapi.routes.route import Route
from tests.contracts.acme import Acme, nowhere
from tests.contracts.test_tenant_isolation import acmes_rows
from tests.people import Somebody
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.program import Program, outcome, state
from tests.restapi.requests import NAMES, Own, Sent, Spot, about, kinds, sent, spots, wish

# Here a name is a new one, of which the caller's tenant knows nothing yet.
NEW_NAMES = frozenset(
    {
        "createCredential.key",
        "createCredential.folderPath",
        "createFolder.folderPath",
        "importCredentials.folderPath",
        "importCredentials.rows.folderPath",
        "importCredentials.rows.key",
        "moveCredential.folderPath",
    }
)
# A request for something that does not exist yet: any name begins a request of the caller's own.
REQUESTED_NAMES = frozenset({"requestCredential.key", "requestCredential.folderPath"})


@pytest.fixture
def globex(http: httpx2.Client, outsider: Somebody, token_of: TokenOf) -> Program:
    return Program(http, outsider, token_of(outsider, ADMIN))


@pytest.fixture
def foreign(owner: Somebody) -> dict[str, Any]:
    """Acme's things, one of each kind that a request may name."""
    wanted = {kind for route in ROUTES for spot in spots(route) for kind in kinds(spot)}
    return Acme(owner).things(owner, *sorted(wanted))


@pytest.mark.usefixtures("sendable")
def test_a_foreign_id_is_an_unknown_id(
    globex: Program, foreign: dict[str, Any], owner: Somebody, subtests: Subtests
) -> None:
    """Same status, headers and body; no row changes; and the same request works with an own id."""
    before = acmes_rows(owner)
    tried = 0
    for spot in (spot for route in ROUTES for spot in spots(route)):
        if str(spot) in NEW_NAMES | REQUESTED_NAMES:
            continue
        tried += 1
        with subtests.test(spot=str(spot)):
            own = globex.owners_only(spot.route)
            _require_the_same(globex, spot, own, foreign)
            works = wish(spot.route, own, spot, own(spot.member, 1))
            answer = globex.send(sent(spot.route, works))
            assert answer.is_success or answer.status_code in _not_now(spot), answer.text
    assert tried > len(ROUTES) // 2
    assert acmes_rows(owner) == before


def _require_the_same(globex: Program, spot: Spot, own: Own, foreign: dict[str, Any]) -> None:
    unknown = wish(spot.route, own, spot, nowhere()[NAMES[spot.member]])
    wishes = [wish(spot.route, own, spot, foreign[kind]) for kind in kinds(spot)]
    before = state()
    missing = globex.send(sent(spot.route, unknown))
    for one in wishes:
        found = globex.send(sent(spot.route, one))
        assert outcome(found) == outcome(missing)
    assert state() == before
    assert missing.status_code in _refused(spot), missing.text


def _not_now(spot: Spot) -> tuple[int, ...]:
    """Found and yet refused: nothing is archived that could be restored, nothing was there."""
    return (412,) if "expected" in spot.path else (409,)


def _refused(spot: Spot) -> tuple[int, ...]:
    if "expected" in spot.path or spot.member == "activeKeyId":
        return (412,)
    if spot.member in ("agents", "owners"):
        return (422,)
    narrows = spot.route.method == "GET" or spot.route.name == "revokeLeases"
    return (200, 404) if narrows and spot.member not in spot.route.places else (404,)


def test_a_new_name_that_acme_uses_too_is_a_name_like_any_other(
    globex: Program, owner: Somebody, subtests: Subtests
) -> None:
    """Keys and folders are a tenant's own: acme's are neither in the way nor touched."""
    acme, tried = Acme(owner), set()
    for spot in (spot for route in ROUTES for spot in spots(route) if str(spot) in NEW_NAMES):
        tried.add(str(spot))
        with subtests.test(spot=str(spot)):
            (used,) = acme.things(owner, NAMES[spot.member]).values()
            before = acmes_rows(owner)
            for name in (used, f"free-{spot}".replace(".", "-")):
                new = wish(spot.route, globex.owners_only(spot.route), spot, name)
                answer = globex.send(sent(spot.route, new))
                assert answer.is_success, answer.text
            assert acmes_rows(owner) == before
    assert tried == NEW_NAMES


def test_a_name_of_acmes_that_is_asked_for_begins_a_request_of_ones_own(
    globex: Program, owner: Somebody, subtests: Subtests
) -> None:
    acme, tried = Acme(owner), set()
    for spot in (spot for route in ROUTES for spot in spots(route)):
        if str(spot) not in REQUESTED_NAMES:
            continue
        tried.add(str(spot))
        with subtests.test(spot=str(spot)):
            (used,) = acme.things(owner, NAMES[spot.member]).values()
            before = acmes_rows(owner)
            asked = wish(spot.route, globex.owners_only(spot.route), spot, used)
            answer = globex.send(sent(spot.route, asked))
            # Pending, or answered with one's own credential of that key.
            assert answer.status_code in {200, 409}, answer.text
            assert acmes_rows(owner) == before
    assert tried == REQUESTED_NAMES


@pytest.mark.parametrize("changes", [[], None, [{}], [None]])
def test_a_list_of_nothing_is_refused(globex: Program, changes: object, owner: Somebody) -> None:
    before = state()
    answer = globex.send(Sent("POST", "/api/v1/grants/bulk", {}, {"changes": changes}))
    assert (answer.status_code, answer.json()["code"]) == (422, "input/invalid")
    assert state() == before


def test_a_parameter_that_the_route_does_not_know_is_refused_everywhere(
    globex: Program, subtests: Subtests
) -> None:
    """So no ordering, no filter and no choice of fields reaches a column that is not shown."""
    before = state()
    for route in ROUTES:
        with subtests.test(route=route.name):
            sound = sent(route, wish(route, _nothing(route)))
            requests = [replace(sound, query={**sound.query, "ordering": "-value"})]
            if route.in_body:
                requests.append(replace(sound, body={**(sound.body or {}), "tenantId": "-value"}))
            for request in requests:
                answer = globex.send(request)
                assert (answer.status_code, answer.json()["code"]) == (422, "input/invalid")
    assert state() == before


def _nothing(route: Route) -> Own:
    return lambda member, _: nowhere()[about(route, member)]
