"""Groups and their members."""

from datetime import datetime

from pydantic import Field

from foundation.schema.shapes import Shape
from tenants.shapes.fields import Description, Name, PublicId


class CreateGroup(Shape):
    """A new group without members."""

    name: Name
    description: Description = ""


class GroupWords(Shape):
    """What a group is called and for."""

    name: str
    description: str


class ChangeGroup(Shape):
    """What to call a group; what is left out stays.

    `expected` and `revision`, when they are given, are what the caller saw: when it is something
    else by now, nothing is changed.
    """

    group_id: PublicId
    name: Name | None = None
    description: Description | None = None
    expected: GroupWords | None = None
    revision: int | None = Field(default=None, ge=1)


class GroupPlace(Shape):
    """A person in a group."""

    group_id: PublicId
    person_id: PublicId


class PersonRefOut(Shape):
    """A person by id, e-mail and name."""

    person_id: str
    email: str
    name: str


class GroupOut(Shape):
    """A group and how many people are in it; `revision` counts what was done to it."""

    group_id: str
    revision: int
    name: str
    description: str
    people: int
    created_at: datetime


class GroupDetailOut(GroupOut):
    """A group with everybody in it."""

    members: list[PersonRefOut]


class GroupPageOut(Shape):
    """A page of groups, by name."""

    groups: list[GroupOut]
    next_cursor: str | None
