"""What ends soon: rotations that are due, open windows, certificates and tokens."""

from datetime import UTC, datetime, timedelta
from typing import Literal

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


def due_rotations(actor: Actor, until: datetime) -> list[ComingOut]:
    """Active credentials whose value is due for rotation before `until`, the most overdue first."""
    rows = (
        _current(actor)
        .filter(credential__rotate_every__isnull=False)
        .annotate(due=DUE)
        .filter(due__lte=until)
        .order_by("due")
        .values_list("credential__key", "due")
    )
    return [ComingOut(key=key, what="rotation", at=due) for key, due in rows]


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
    found = [
        *_ending(actor, "certificate", until),
        *_ending(actor, "token", until),
    ]
    return sorted(found, key=lambda end: (end.at, end.key))


def _ending(
    actor: Actor, what: Literal["certificate", "token"], until: datetime
) -> list[ComingOut]:
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
        .values_list("credential__key", "end")
    )
    ends = [(key, datetime.fromisoformat(text.upper())) for key, text in rows if is_rfc3339(text)]
    return [ComingOut(key=key, what=what, at=at.astimezone(UTC)) for key, at in ends if at <= until]


def _current(actor: Actor) -> QuerySet[Version]:
    return Version.objects.of(actor).filter(
        state=VersionState.CURRENT, credential__state=State.ACTIVE
    )
