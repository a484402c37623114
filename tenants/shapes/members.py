"""Members and their roles."""

from datetime import datetime

from access.left_behind import LeftBehindKind
from foundation.schema.shapes import Shape
from tenants.shapes.fields import PublicId, RoleWord


class ChangeRole(Shape):
    """A new role for a member; a lower one ends secrets as in `RemoveMember`."""

    person_id: PublicId
    role: RoleWord
    keep_account_proofs: bool = False


class RemoveMember(Shape):
    """A member who leaves; the heir, another member, becomes owner of what they owned.

    The secrets and keys of service accounts that they made, and so have seen, end with their
    membership. With `keepAccountProofs` they stay until somebody replaces them, and are marked.
    """

    person_id: PublicId
    heir_id: PublicId | None = None
    keep_account_proofs: bool = False


class LeftBehindItemOut(Shape):
    """One thing that a person set up or learned. `ends`: it ends when they are removed."""

    kind: LeftBehindKind
    id: str
    name: str
    ends: bool


class LeftBehindOut(Shape):
    """What outlives a person's membership and deserves a look: at most 200 of a kind.

    A credential is on the list while its current value is one that they know.
    """

    person_id: str
    left_behind: list[LeftBehindItemOut]


class SuspendMember(Shape):
    """A member whose access ends until they are resumed; secrets as in `RemoveMember`."""

    person_id: PublicId
    keep_account_proofs: bool = False


class GroupRefOut(Shape):
    """A group by id and name."""

    group_id: str
    name: str


class MemberOut(Shape):
    """A person's membership. `addressProven` is false while nobody showed that the person receives
    mail at the address: an owner's link or the sign-on provider made the account.
    """

    person_id: str
    email: str
    name: str
    address_proven: bool
    role: RoleWord
    joined_at: datetime
    suspended_at: datetime | None
    groups: list[GroupRefOut]


class MemberPageOut(Shape):
    """A page of members, by e-mail."""

    members: list[MemberOut]
    next_cursor: str | None
