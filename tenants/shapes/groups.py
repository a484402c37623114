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
    """A group's name and description."""

    name: str
    description: str


class ChangeGroup(Shape):
    """A group's new name or description; members that are left out stay.

    `expected` and `revision`, when given, are what the caller saw: nothing is changed when they no
    longer match.
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
    """A group and its number of people; `revision` counts its changes."""

    group_id: str
    revision: int
    name: str
    description: str
    people: int
    created_at: datetime


class GroupDetailOut(GroupOut):
    """A group with its members."""

    members: list[PersonRefOut]


class GroupPageOut(Shape):
    """A page of groups, by name."""

    groups: list[GroupOut]
    next_cursor: str | None
