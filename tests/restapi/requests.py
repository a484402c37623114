"""Valid requests of every route, made from its shape, and the places where an id may be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, get_args
from uuid import UUID

from foundation.db.ids import public_id
from foundation.schema.shapes import Shape
from restapi.routes.route import Route
from tenants.models import Person
from tests.disclosure.echo_upstream import SENDABLE
from tests.machines import public_jwk
from tests.people import PURPOSE

# What a member names, by the names of Acme's things.
NAMES: dict[str, str] = {
    "key": "key",
    "folderPath": "folder",
    "leaseHandle": "handle",
    "leaseId": "lease_id",
    "approvalId": "request_id",
    "requestId": "access_request",
    "grantId": "grant_id",
    "personId": "person",
    "heirId": "person",
    "owners": "person",
    "invitationId": "invitation",
    "groupId": "group_id",
    "agentId": "agent_id",
    "agents": "agent_id",
    "clientId": "oauth_client",
    "serviceAccountId": "service_account",
    "accountId": "account_id",
    "proofId": "secret_id",
    "tokenId": "personal_token",
    "entryId": "entry_id",
    "keyId": "unused_key",
    "activeKeyId": "active_key",
}
# Text that names nothing of anybody's.
WORDS = frozenset(
    {
        "body", "content", "cursor", "description", "destination", "email", "event", "format",
        "headers", "host", "jwk", "metadata", "name", "newFolderPath", "newKey", "newValue",
        "parameter", "prefix", "purpose", "query", "reason", "secretFields", "subjectCursor",
        "subjectQuery", "tag", "tags", "url", "user", "value",
    }
)  # fmt: skip
# What a sound request is about where that would not do.
ABOUT: dict[str, dict[str, str]] = {
    "changeWindow": {"key": "rotated"},
    "createCredential": {"key": "new_key"},
    "createFolder": {"folderPath": "new_key"},
    "disconnectAgent": {"agentId": "own_agent"},
    "removeAccountKey": {"proofId": "key_id"},
    "removeFromGroup": {"personId": "grouped"},
    "listLeases": {"key": "leased"},
    "renameAgent": {"agentId": "own_agent"},
    "restoreCredential": {"key": "archived"},
    "resumeMember": {"personId": "suspended_person"},
    "revokeLeases": {"key": "leased"},
    "rollBackRotation": {"key": "rotated"},
    "showReaders": {"key": "rotated"},
    "useCredential": {"leaseHandle": "sendable_handle"},
    "requestCredential": {"key": "key"},
    "showCredentialRequest": {"requestId": "credential_request"},
    "withdrawAccessRequest": {"requestId": "own_access_request"},
    "withdrawCredentialRequest": {"requestId": "own_credential_request"},
    "withdrawLease": {"approvalId": "own_request"},
}
# Members that a sound request needs beside those that the shape requires.
BESIDE: dict[str, dict[str, Any]] = {
    "changeGroup": {"description": "changed"},
    "changeServiceAccount": {"description": "changed"},
    "changeSettings": {"selfApproval": True},
    "listAgents": {"whose": "all"},
    "listLeases": {"whose": "all"},
    "listPersonalTokens": {"everybody": True},
    "revokeLeases": {"whose": "all"},
    "rotateCredential": {"newValue": "another value"},
    "updateCredential": {"description": "changed"},
}
# Exactly one of each is wanted.
EITHER = (("personId", "groupId", "serviceAccountId"), ("key", "folderPath"))
WANT_EITHER = frozenset({"GiveGrant", "ChangeGrant", "RequestAccess", "ShowAccess", "ShowReach"})

_number = count(1)
SAMPLES: dict[str, Callable[[], Any]] = {
    "content": lambda: f"IMPORTED_{next(_number)}=value",
    "email": lambda: f"guest{next(_number)}@example.org",
    "format": lambda: "env",
    "jwk": public_jwk,
    "level": lambda: "viewer",
    "newFolderPath": lambda: f"moved-{next(_number)}",
    "method": lambda: "GET",
    "name": lambda: f"name {next(_number)}",
    "purpose": lambda: PURPOSE,
    "query": lambda: "key",
    "reason": lambda: PURPOSE,
    "role": lambda: "admin",
    "row": lambda: 1,
    "state": lambda: "suspended",
    "type": lambda: "api-key",
    "url": lambda: f"http://{SENDABLE}/",
    "value": lambda: "a value",
    "window": lambda: 60,
}

# Gives the thing that a request of the route names by a member; another one for another number.
Own = Callable[[str, int], Any]


@dataclass(frozen=True)
class Spot:
    """A place in a route's request that names an object: `("changes", "key")`."""

    route: Route
    path: tuple[str, ...]

    @property
    def member(self) -> str:
        return self.path[-1]

    def __str__(self) -> str:
        return f"{self.route.name}.{'.'.join(self.path)}"


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    method: str
    address: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None


def spots(route: Route) -> Iterator[Spot]:
    """Everywhere in the route's requests where something is named."""
    paths = _texts(route.takes) if route.takes else [(place,) for place in route.places]
    served = {*route.places, *route.members} if route.takes else set(route.places)
    for path in paths:
        if path[0] in served and path[-1] not in WORDS:
            assert path[-1] in NAMES, f"{route.name}: what is {path[-1]}?"
            yield Spot(route, path)


def wish(route: Route, own: Own, spot: Spot | None = None, thing: Any = None) -> dict[str, Any]:
    """Members of a sound request of the route, with `thing` at the spot.

    In a list it stands behind a sound one.
    """
    if route.takes is None:
        sound = {place: public(own(place, 0)) for place in route.places}
    else:
        sound = _sound(route.takes, own, 0, spot.path[0] if spot else "")
    sound |= BESIDE.get(route.name, {})
    if spot is not None:
        _put(sound, route.takes, spot.path, public(thing), own)
    return sound


def sent(route: Route, members: Mapping[str, Any]) -> Sent:
    """The members where the route takes them."""
    places = {name: members[name] for name in route.places}
    others = {name: value for name, value in members.items() if name not in places}
    address = route.path
    for name, value in places.items():
        address = address.replace(f"{{{name}}}", value)
    if route.in_body:
        return Sent(route.method, f"/api/v1/{address}", {}, others)
    query = {name: as_parameter(value) for name, value in others.items()}
    return Sent(route.method, f"/api/v1/{address}", query, None)


def about(route: Route, member: str) -> str:
    """The name of Acme's thing that a sound request of the route names there."""
    return ABOUT.get(route.name, {}).get(member, NAMES[member])


def kinds(spot: Spot) -> tuple[str, ...]:
    """The names of Acme's things that are tried at the spot."""
    return tuple(dict.fromkeys((NAMES[spot.member], about(spot.route, spot.member))))


def public(thing: Any) -> Any:
    """What a caller calls it."""
    if isinstance(thing, Person):
        return public_id("person", thing.pk)
    return public_id("agent", thing) if isinstance(thing, UUID) else thing


def as_parameter(value: Any) -> str:
    """A member as a query parameter."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(shape: type[Shape]) -> Iterator[tuple[str, ...]]:
    """The paths of all members with free text, at any depth."""
    for name, field in shape.model_fields.items():
        alias = field.alias or name
        inner = _shape_in(field.annotation)
        if inner is not None:
            yield from ((alias, *rest) for rest in _texts(inner))
        elif str in _parts(field.annotation):
            yield (alias,)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for one in get_args(annotation):
        yield from _parts(one)


def _shape_in(annotation: Any) -> type[Shape] | None:
    shapes = (one for one in _parts(annotation) if isinstance(one, type) and issubclass(one, Shape))
    return next(shapes, None)


def _sound(shape: type[Shape], own: Own, which: int, tried: str = "") -> dict[str, Any]:
    fields = {field.alias or name: field for name, field in shape.model_fields.items()}
    wanted = [name for name, field in fields.items() if field.is_required()]
    if shape.__name__ in WANT_EITHER:
        wanted += [choice[0] for choice in EITHER if choice[0] in fields and tried not in choice]
    return {name: _sample(name, fields[name].annotation, own, which) for name in wanted}


def _sample(name: str, annotation: Any, own: Own, which: int) -> Any:
    inner = _shape_in(annotation)
    if inner is not None:
        sound = _sound(inner, own, which)
        return [sound] if _is_list(annotation) else sound
    if name in NAMES:
        return public(own(name, which))
    return SAMPLES[name]()


def _put(
    members: dict[str, Any], shape: type[Shape] | None, path: tuple[str, ...], thing: Any, own: Own
) -> None:
    head, *rest = path
    annotation = None if shape is None else _annotation(shape, head)
    inner = _shape_in(annotation)
    if inner is None:
        members[head] = [public(own(head, 0)), thing] if _is_list(annotation) else thing
        return
    deeper = _sound(inner, own, 1, rest[0])
    _put(deeper, inner, tuple(rest), thing, own)
    members[head] = [_sound(inner, own, 0), deeper] if _is_list(annotation) else deeper


def _annotation(shape: type[Shape], alias: str) -> Any:
    return next(
        field.annotation for name, field in shape.model_fields.items() if field.alias == alias
    )


def _is_list(annotation: Any) -> bool:
    return any(getattr(one, "__origin__", None) is list for one in _parts(annotation))
