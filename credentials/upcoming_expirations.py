"""What ends soon: rotations that are due, open windows, certificates and tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from django.db.models import (
    CharField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    QuerySet,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from access.actor import Actor
from credentials.models import Rotation, State, Version, VersionState
from credentials.shapes.credentials import ComingOut
from credentials.types.oauth_token import ENDS as TOKEN_ENDS
from credentials.types.rfc3339 import is_rfc3339

ENDING = {"certificate": ("tls-certificate", "notAfter"), "token": ("oauth-token", TOKEN_ENDS)}
A_SECOND = Value(timedelta(seconds=1), output_field=DurationField())
LIFE = ExpressionWrapper(F("credential__rotate_every") * A_SECOND, output_field=DurationField())
DUE = ExpressionWrapper(F("created_at") + LIFE, output_field=DateTimeField())


class ValueEnd(NamedTuple):
    """When the current value of a credential expires, or is due for rotation."""

    credential_id: UUID
    key: str
    version_id: UUID
    stored_at: datetime
    what: Literal["rotation", "certificate", "token"]
    at: datetime

    @property
    def coming_out(self) -> ComingOut:
        """As answers show it."""
        return ComingOut(key=self.key, what=self.what, at=self.at)


_FIELDS = ("credential_id", "credential__key", "pk", "created_at")


def due_rotations(actor: Actor, until: datetime) -> list[ComingOut]:
    """Active credentials whose value is due for rotation before `until`, the most overdue first."""
    return [end.coming_out for end in _rotations(actor, until)]


def open_windows(actor: Actor) -> list[ComingOut]:
    """Open windows, the first to close first."""
    rows = (
        Rotation.objects.of(actor)
        .open()
        .order_by("closes_at")
        .values_list("credential__key", "closes_at")
    )
    return [ComingOut(key=key, what="window", at=at) for key, at in rows]


def approaching_ends(actor: Actor, until: datetime) -> list[ComingOut]:
    """Certificates and tokens that expire before `until`, or have expired, in that order."""
    found = (end.coming_out for end in _expirations(actor, until))
    return sorted(found, key=lambda end: (end.at, end.key))


def value_ends(actor: Actor, until: datetime) -> Iterator[ValueEnd]:
    """Every rotation that is due and every certificate and token that expires before `until`."""
    yield from _rotations(actor, until)
    yield from _expirations(actor, until)


def _rotations(actor: Actor, until: datetime) -> Iterator[ValueEnd]:
    rows = (
        _current(actor)
        .filter(credential__rotate_every__isnull=False)
        .annotate(due=DUE)
        .filter(due__lte=until)
        .order_by("due")
        .values_list(*_FIELDS, "due")
    )
    for credential_id, key, version_id, stored_at, due in rows:
        yield ValueEnd(credential_id, key, version_id, stored_at, "rotation", due)


def _expirations(actor: Actor, until: datetime) -> Iterator[ValueEnd]:
    yield from _ending(actor, "certificate", until)
    yield from _ending(actor, "token", until)


def _ending(
    actor: Actor, what: Literal["certificate", "token"], until: datetime
) -> Iterator[ValueEnd]:
    """What a person entered wins over what was extracted, as in the metadata."""
    kind, name = ENDING[what]
    end = Coalesce(
        KeyTextTransform(name, "credential__metadata"),
        KeyTextTransform(name, "extracted"),
        output_field=CharField(),
    )
    rows = (
        _current(actor)
        .filter(credential__type=kind)
        .annotate(end=end)
        .filter(end__isnull=False)
        .values_list(*_FIELDS, "end")
    )
    for credential_id, key, version_id, stored_at, text in rows:
        if is_rfc3339(text):
            at = datetime.fromisoformat(text.upper()).astimezone(UTC)
            if at <= until:
                yield ValueEnd(credential_id, key, version_id, stored_at, what, at)


def _current(actor: Actor) -> QuerySet[Version]:
    return Version.objects.of(actor).filter(
        state=VersionState.CURRENT, credential__state=State.ACTIVE
    )
