"""Sound requests in place of generated ones: of things that are there, freshly made where needed.

What the document cannot say – that an id has to be somebody's, that exactly one of two members is
wanted, that a window is at most the tenant's – would make most generated requests fail. So what a
request is about comes from `tests.restapi.requests`, and the rest stays as it was generated.
"""

from dataclasses import replace
from itertools import count
from typing import Any

from django.conf import settings

from access.actions import Channel
from credentials.validators import looks_secret
from foundation.schema.safe_text import is_visible
from identity.resource_server.verification import actor_from_token
from restapi.routes import ROUTES
from restapi.routes.route import Route
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.contracts.acme import Acme
from tests.restapi.requests import NAMES, Own, about, public, wish

BY_NAME = {route.name: route for route in ROUTES}
# The client's own: it works through the client that it was given to.
OF_THE_CLIENT = ("handle", "own_request", "sendable_handle")
# Free text: kept as it was generated, as long as it shows.
TEXT = frozenset({"description", "name", "purpose", "query", "reason", "subjectQuery"})
# Members that are not sent along: what comes alone, what could lock the tenant's owner out or end
# in a quota, and what only some things allow.
LEFT_OUT: dict[str, frozenset[str]] = {
    "changeServiceAccount": frozenset({"state"}),
    "changeSettings": frozenset(
        {
            "baselineLevel", "defaultDisclosure", "defaultTtl", "defaultWindow",
            "maxCredentialsPerAgent", "maxLeasesPerAgent", "maxLeasesPerPerson", "maxTtl",
            "maxWindow", "mfaRequired", "minimumDisclosure", "retentionDays",
        }
    ),
    "leaseCredential": frozenset({"version"}),
    "revokeLeases": frozenset({"whose"}),
    "rotateCredential": frozenset({"generate"}),
    "useCredential": frozenset({"headers"}),
}  # fmt: skip
# Opaque, of things, or with rules of their own that tests elsewhere look at.
NEVER = frozenset(
    {
        "activeKeyId", "agents", "cursor", "destinations", "disclosure", "event", "expected",
        "expiresAt", "newKey", "rows", "since", "subjectCursor", "until",
    }
)  # fmt: skip
DURATIONS = frozenset({"defaultTtl", "duration", "rotateEvery", "ttl", "window"})

QUOTAS = ("maxLeasesPerPerson", "maxLeasesPerAgent", "maxCredentialsPerAgent")

_number = count(1)


class Tenant:
    """One identity: a tenant, its owner, and the owner's program with its token."""

    def __init__(self, name: str, things: Acme, token: str) -> None:
        self.name = name
        self.owner = owner = things.owner
        self.token = token
        actor = actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)
        self._program = replace(owner, console=actor)
        self._things = things
        # The program's own standing: a request that ends it would end the test.
        self.own = {owner.id, public(actor.agent_id)}
        # So many leases are no quota's business here.
        change_settings(owner.console, ChangeSettings.parse(dict.fromkeys(QUOTAS, 1_000_000)))

    def fit(self, name: str, members: dict[str, Any], kept: set[str]) -> dict[str, Any]:
        """The members of a generated request, made sound; those in `kept` stay as they are.

        Fails for a route or a member that nothing is known of.
        """
        sound = wish(BY_NAME[name], self._owning(BY_NAME[name]))
        aside = NEVER | LEFT_OUT.get(name, frozenset()) | set(NAMES)
        fitting = {
            one: _plausible(one, value) for one, value in members.items() if one not in aside
        }
        about = {one: _worded(one, value, fitting.get(one)) for one, value in sound.items()}
        if "name" in fitting:
            about["name"] = _own_name(fitting["name"])
        return fitting | about | {one: members[one] for one in kept}

    def headers(self, given: dict[str, str]) -> dict[str, str]:
        """The headers of a request that was made sound: it is a new one, about the state there is.

        A key that two requests share, or a state that is not the thing's, would be refused.
        """
        fitting = dict(given)
        if "Idempotency-Key" in fitting:
            fitting["Idempotency-Key"] = f"{fitting['Idempotency-Key'][:150]}-{next(_number)}"
        if "If-Match" in fitting:
            fitting["If-Match"] = "*"
        return fitting

    def _owning(self, route: Route) -> Own:
        made: dict[tuple[str, int], Any] = {}

        def own(member: str, which: int) -> Any:
            kind = about(route, member)
            if (kind, which) not in made:
                holder = self._program if kind in OF_THE_CLIENT else self.owner
                made[kind, which] = getattr(self._things, kind)(holder)
            return made[kind, which]

        return own


def _worded(name: str, sound: Any, generated: Any) -> Any:
    """The words that were generated, where they show."""
    return generated if name in TEXT and _shows(generated) else sound


def _own_name(generated: Any) -> str:
    """A name that nobody else has."""
    start = generated[:60].strip() if _shows(generated) else "name"
    return f"{start} {next(_number)}"


def _shows(text: Any) -> bool:
    return isinstance(text, str) and len(text.strip()) >= 3 and is_visible(text)


def _sealable(text: Any) -> Any:
    return text.replace("\0", "0") if isinstance(text, str) else text


def _plausible(name: str, value: Any) -> Any:
    """A value that keeps the rules that JSON Schema cannot say."""
    if name == "maxTtl":
        return "15m"  # never under what is usual
    if name in DURATIONS:
        return value if isinstance(value, int) and 1 <= value <= 900 else "1m"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON Schema takes 1.0 for a whole number; the API does not
    if isinstance(value, str) and not is_visible(value):
        return "".join(filter(is_visible, value)) or "shown"
    if name in ("metadata", "secretFields") and isinstance(value, dict):
        return {
            one: _plausible("", text) if name == "metadata" else _sealable(text)
            for one, text in value.items()
            if not looks_secret(one)
        }
    if name == "policy" and isinstance(value, dict):
        return {one: _plausible(one, part) for one, part in value.items() if one not in NEVER}
    return value
