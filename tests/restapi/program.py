"""A person's program at the API, with fresh things of their tenant for each of its requests."""

from dataclasses import replace
from typing import Any

import httpx2
from django.conf import settings
from psycopg import sql

from access.actions import Channel
from identity.resource_server.verification import actor_from_token
from restapi.routes.route import Route
from tests.contracts.acme import Acme
from tests.people import Somebody
from tests.restapi.requests import Own, Sent, about
from tests.storage import owner_sql, tables

# The client's own: it works through the client that it was given to.
OF_THE_CLIENT = ("handle", "own_request", "sendable_handle")
# Those who ask are on record, and when they last called; running processes renew their rows.
TOLD = ("audit_entry", "agent", "process")


class Program:
    """It sends what a test makes; no answer of the API may be kept by a cache."""

    def __init__(self, http: httpx2.Client, who: Somebody, token: str) -> None:
        self._http = http
        self._who = who
        self._token = token
        actor = actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)
        self._program = replace(who, console=actor)
        self._things = Acme(who, "own-")

    def owners_only(self, route: Route) -> Own:
        """Things for one request of the route."""
        made: dict[tuple[str, int], Any] = {}

        def own(member: str, which: int) -> Any:
            kind = about(route, member)
            if (kind, which) not in made:
                holder = self._program if kind in OF_THE_CLIENT else self._who
                made[kind, which] = getattr(self._things, kind)(holder)
            return made[kind, which]

        return own

    def send(self, request: Sent, **headers: str) -> httpx2.Response:
        """What is answered; `headers` with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._http.request(
            request.method,
            request.address,
            params=dict(request.query),
            json=request.body,
            headers={"Authorization": f"Bearer {self._token}", **given},
        )
        assert answer.headers["Cache-Control"] == "no-store"
        return answer


def outcome(answer: httpx2.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """An answer without its time and number."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("date", "x-request-id")
    }
    body = answer.json() if answer.content else {}
    return answer.status_code, headers, {**body, "requestId": "", "instance": ""}


def state(*without: str) -> list[tuple[Any, ...]]:
    """A digest of all rows of all tables, without those about the caller."""
    one = "SELECT {}, count(*), coalesce(bit_xor(hashtextextended(t::text, 0)), 0) FROM {} t"
    names = [name for name in tables() if name not in (*TOLD, *without)]
    parts = [sql.SQL(one).format(sql.Literal(name), sql.Identifier(name)) for name in names]
    return sorted(owner_sql(sql.SQL(" UNION ALL ").join(parts)))
