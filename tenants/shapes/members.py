"""Members and their roles."""

from datetime import datetime

from foundation.schema.shapes import Shape
from tenants.shapes.fields import PublicId, RoleWord


class ChangeRole(Shape):
    """A new role for a member."""

    person_id: PublicId
    role: RoleWord


class RemoveMember(Shape):
    """A member who leaves; the heir, another member, becomes owner of what they owned."""

    person_id: PublicId
    heir_id: PublicId | None = None


class GroupRefOut(Shape):
    """A group by id and name."""

    group_id: str
    name: str


class MemberOut(Shape):
    """A person's membership."""

    person_id: str
    email: str
    name: str
    role: RoleWord
    joined_at: datetime
    suspended_at: datetime | None
    groups: list[GroupRefOut]


class MemberPageOut(Shape):
    """A page of members, by e-mail."""

    members: list[MemberOut]
    next_cursor: str | None
