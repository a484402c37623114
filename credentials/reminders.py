"""Whom to remind of which ends: values that expire or are due for rotation, and grants."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from uuid import UUID

from access.actor import Actor
from access.levels import Level
from credentials.access_paths import read_access_paths
from credentials.models import Credential, Folder, Grant
from credentials.permissions import Permissions
from credentials.principals import Principal, active_principals
from credentials.upcoming_expirations import value_ends
from tenants.reminders import UpcomingEnd

NAMES = {
    "rotation": "{} is due for rotation",
    "certificate": "the certificate {} expires",
    "token": "the token {} expires",
}


def find_ends(actor: Actor, until: datetime) -> Iterator[UpcomingEnd]:
    """What ends in the tenant before `until`."""
    keepers = Keepers(actor)
    yield from _values(actor, until, keepers)
    yield from _grants(actor, until, keepers)


class Keepers:
    """Who looks after credentials and folders of a tenant; who may do what is read once."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    @cached_property
    def _people(self) -> list[Principal]:
        return [one for one in active_principals(self._actor) if one.kind == "person"]

    @cached_property
    def _permissions(self) -> dict[UUID, Permissions]:
        paths = read_access_paths(self._actor, self._people)
        return {person.id: paths.permissions(person) for person in self._people}

    def of(self, target: Credential | Folder) -> list[UUID]:
        """The active owners of a credential; without any, everyone with `admin` on the target."""
        owners = set(target.owners) if isinstance(target, Credential) else set()
        active = [person.id for person in self._people if person.id in owners]
        return active or [
            person
            for person, permissions in self._permissions.items()
            if _level(permissions, target) >= Level.ADMIN
        ]


def _level(permissions: Permissions, target: Credential | Folder) -> Level:
    if isinstance(target, Credential):
        return permissions.on(target)
    return permissions.on_folder(target.path)


def _values(actor: Actor, until: datetime, keepers: Keepers) -> Iterator[UpcomingEnd]:
    ends = list(value_ends(actor, until))
    rows = Credential.objects.of(actor).select_related("folder")
    credentials = rows.in_bulk({end.credential_id for end in ends})
    for end in ends:
        credential = credentials.get(end.credential_id)
        if credential is not None:
            yield UpcomingEnd(
                subject_id=end.version_id,
                kind=end.what,
                name=NAMES[end.what].format(end.key),
                path=f"credentials/{end.key}/",
                since=end.stored_at,
                at=end.at,
                recipients=keepers.of(credential),
            )


def _grants(actor: Actor, until: datetime, keepers: Keepers) -> Iterator[UpcomingEnd]:
    """The person whose access ends is told; of a group's or a service account's the keepers are."""
    rows = Grant.objects.of(actor).filter(expires_at__lte=until)
    for grant in rows.select_related("credential__folder", "folder", "group", "service_account"):
        target = grant.credential or grant.folder
        assert target is not None
        assert grant.expires_at is not None
        yield UpcomingEnd(
            subject_id=grant.pk,
            kind="grant",
            name=f"{_holder(grant)} {grant.level} access to {_place(target)} ends",
            path=f"credentials/{target.key}/" if isinstance(target, Credential) else "team/",
            since=grant.created_at,
            at=grant.expires_at,
            recipients=[grant.person_id] if grant.person_id else keepers.of(target),
        )


def _holder(grant: Grant) -> str:
    if grant.group is not None:
        return f"the group {grant.group.name}'s"
    return f"{grant.service_account.name}'s" if grant.service_account is not None else "your"


def _place(target: Credential | Folder) -> str:
    if isinstance(target, Credential):
        return target.key
    return f"the folder {target.path}" if target.path else "all folders"
