"""What operations on grants take and answer."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from credentials.fields import FolderPath, Instant, Key, LevelWord
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.shapes import Shape


class SubjectOut(Shape):
    """A person, a group or a service account; `name` is the person's e-mail or the name."""

    kind: Literal["person", "group", "service_account"]
    id: str
    name: str


class GiveGrant(Shape):
    """A level for exactly one of a person, a group or a service account, on exactly one of `key`
    or `folderPath`. `agents` null means any.
    """

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    level: LevelWord
    key: Key | None = None
    folder_path: FolderPath | None = None
    expires_at: Instant | None = None
    agents: list[str] | None = Field(default=None, max_length=100)


class TermsOut(Shape):
    """What a grant gives: a level, until when, through which agents (null: any)."""

    level: LevelWord
    expires_at: Instant | None = None
    agents: list[str] | None = None


class ChangeGrant(Shape):
    """One change of a list; `level` null removes the grant.

    `expected`, if given, is the grant that the caller saw there before; null means none.
    """

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    level: LevelWord | None
    key: Key | None = None
    folder_path: FolderPath | None = None
    expires_at: Instant | None = None
    agents: list[str] | None = Field(default=None, max_length=100)
    expected: TermsOut | None = None


class ChangeGrants(Shape):
    """Changes of grants, all of them or none; `dryRun` only answers what would change."""

    changes: list[ChangeGrant] = Field(min_length=1, max_length=500)
    dry_run: bool = False


class ListGrants(Shape):
    """Which grants to list: those on one target, those of one subject, or all of the tenant."""

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    key: Key | None = None
    folder_path: FolderPath | None = None
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class GrantOut(TermsOut):
    """A grant."""

    grant_id: str
    subject: SubjectOut
    key: str | None
    folder_path: str | None
    given_by: str | None
    created_at: datetime


class GrantPageOut(Shape):
    """A page of grants, in the order in which they were given."""

    grants: list[GrantOut]
    next_cursor: str | None


class ChangedGrantOut(Shape):
    """One change: the grant before, the grant after, and how many live leases it ends."""

    subject: SubjectOut
    key: str | None
    folder_path: str | None
    before: TermsOut | None
    after: TermsOut | None
    ends_leases: int


class ChangedGrantsOut(Shape):
    """What a list of changes did, or would do."""

    dry_run: bool
    changes: list[ChangedGrantOut]
