"""What belongs to another tenant is answered like what does not exist, wherever it is named."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from django.conf import settings
from psycopg import sql
from pytest import Subtests

from access.actions import Door
from identity.verification import actor_from_token
from restapi.routes import ROUTES
from restapi.routes.route import Route
from tests.contracts.acme import Acme, nowhere
from tests.contracts.test_tenant_isolation import acmes_rows
from tests.people import Somebody
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.requests import NAMES, Own, Sent, Spot, about, sent, spots, wish
from tests.storage import owner_sql, tables

# Those who ask are on record, and when they last called.
TOLD = ("audit_entry", "agent")
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
# The client's own: it works through the client that it was given to.
OF_THE_CLIENT = ("handle", "own_request")


class Globex:
    """The outsider's program, and fresh things of their own tenant for it."""

    def __init__(self, http: httpx2.Client, outsider: Somebody, token: str) -> None:
        self._http = http
        self._outsider = outsider
        actor = actor_from_token(token, resource=settings.REST_RESOURCE, door=Door.REST)
        self._program = replace(outsider, console=actor)
        self._globex = Acme(outsider, "globex-")
        http.headers["Authorization"] = f"Bearer {token}"

    def owning(self, route: Route) -> Own:
        """Things for one request of the route."""
        made: dict[tuple[str, int], Any] = {}

        def own(member: str, which: int) -> Any:
            kind = about(route, member)
            if (kind, which) not in made:
                holder = self._program if kind in OF_THE_CLIENT else self._outsider
                made[kind, which] = getattr(self._globex, kind)(holder)
            return made[kind, which]

        return own

    def send(self, request: Sent) -> httpx2.Response:
        """What is answered."""
        return self._http.request(
            request.method, request.address, params=dict(request.query), json=request.body
        )


@pytest.fixture
def globex(http: httpx2.Client, outsider: Somebody, token_of: TokenOf) -> Globex:
    return Globex(http, outsider, token_of(outsider, ADMIN))


@pytest.fixture
def foreign(owner: Somebody) -> dict[str, Any]:
    """Acme's things, one of each kind that a request may name."""
    kinds = {kind for kinds in NAMES.values() for kind in kinds}
    return Acme(owner).things(owner, *sorted(kinds))


def test_a_foreign_id_is_an_unknown_id(
    globex: Globex, foreign: dict[str, Any], owner: Somebody, subtests: Subtests
) -> None:
    """Same status, headers and body; no row changes; and the same request works with an own id."""
    before = acmes_rows(owner)
    tried = 0
    for spot in (spot for route in ROUTES for spot in spots(route) if str(spot) not in NEW_NAMES):
        tried += 1
        with subtests.test(spot=str(spot)):
            own = globex.owning(spot.route)
            _require_the_same(globex, spot, own, foreign)
            works = wish(spot.route, own, spot, own(spot.member, 1))
            answer = globex.send(sent(spot.route, works))
            assert answer.is_success or answer.status_code in _not_now(spot), answer.text
    assert tried > len(ROUTES) // 2
    assert acmes_rows(owner) == before


def _require_the_same(globex: Globex, spot: Spot, own: Own, foreign: dict[str, Any]) -> None:
    unknown = wish(spot.route, own, spot, nowhere()[NAMES[spot.member][0]])
    wishes = [wish(spot.route, own, spot, foreign[kind]) for kind in NAMES[spot.member]]
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


def outcome(answer: httpx2.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """All that an answer says but when it was given, and as which one."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("date", "x-request-id")
    }
    body = answer.json() if answer.content else {}
    return answer.status_code, headers, {**body, "requestId": "", "instance": ""}


def state() -> list[tuple[Any, ...]]:
    """All rows of all tables, summed up; without what tells of those who ask."""
    one = "SELECT {}, count(*), coalesce(bit_xor(hashtextextended(t::text, 0)), 0) FROM {} t"
    names = [name for name in tables() if name not in TOLD]
    parts = [sql.SQL(one).format(sql.Literal(name), sql.Identifier(name)) for name in names]
    return sorted(owner_sql(sql.SQL(" UNION ALL ").join(parts)))


def test_a_new_name_that_acme_uses_too_is_a_name_like_any_other(
    globex: Globex, owner: Somebody, subtests: Subtests
) -> None:
    """Keys and folders are a tenant's own: acme's are neither in the way nor touched."""
    acme, tried = Acme(owner), set()
    for spot in (spot for route in ROUTES for spot in spots(route) if str(spot) in NEW_NAMES):
        tried.add(str(spot))
        with subtests.test(spot=str(spot)):
            (used,) = acme.things(owner, NAMES[spot.member][0]).values()
            before = acmes_rows(owner)
            for name in (used, f"free-{spot}".replace(".", "-")):
                new = wish(spot.route, globex.owning(spot.route), spot, name)
                answer = globex.send(sent(spot.route, new))
                assert answer.is_success, answer.text
            assert acmes_rows(owner) == before
    assert tried == NEW_NAMES


@pytest.mark.parametrize("changes", [[], None, [{}], [None]])
def test_a_list_of_nothing_is_refused(globex: Globex, changes: object, owner: Somebody) -> None:
    before = state()
    answer = globex.send(Sent("POST", "/api/v1/grants/bulk", {}, {"changes": changes}))
    assert (answer.status_code, answer.json()["code"]) == (422, "input/invalid")
    assert state() == before


def test_a_parameter_that_the_route_does_not_know_is_refused_everywhere(
    globex: Globex, subtests: Subtests
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
