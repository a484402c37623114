"""What reports on access take and answer: who reaches what, and by which rules."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from credentials.fields import FolderPath, Key, LevelWord, StateWord
from credentials.shapes.grants import SubjectOut, TermsOut
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape

RuleWord = Literal["role", "baseline", "grant", "group"]
KindOfSubject = Literal["person", "group", "service_account"]
Cursor = Annotated[str | None, Field(max_length=1024)]


class ShowAccess(Shape):
    """Who reaches exactly one of `key` or `folderPath`."""

    key: Key | None = None
    folder_path: FolderPath | None = None
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: Cursor = None


class ShowReach(Shape):
    """What exactly one person, group or service account reaches."""

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: Cursor = None


class ShowMatrix(Shape):
    """The subjects, and the folders and credentials, of a matrix; each side has its pages."""

    subject_kind: KindOfSubject | None = None
    subject_query: Annotated[str, Field(max_length=200), visible("subjectQuery")] = ""
    subject_limit: int = Field(default=8, ge=1, le=50)
    subject_cursor: Cursor = None
    folder_path: FolderPath | None = None
    query: Annotated[str, Field(max_length=200), visible("query")] = ""
    limit: int = Field(default=25, ge=1, le=MAXIMUM_PAGE)
    cursor: Cursor = None


class RouteOut(Shape):
    """One rule that gives a level: the `role`, the tenant's baseline, a grant, a `group`'s grant.

    `inheritedFrom` is the folder that a grant is on, unless that is the target itself. The
    members after it are the grant's.
    """

    rule: RuleWord
    level: LevelWord
    role: str | None = None
    group: str | None = None
    inherited_from: str | None = None
    grant_id: str | None = None
    expires_at: datetime | None = None
    agents: list[str] | None = None


class ReacherOut(Shape):
    """Somebody who reaches the target, with every rule that allows it; the highest level first."""

    subject: SubjectOut
    level: LevelWord
    routes: list[RouteOut]


class AccessPageOut(Shape):
    """Who reaches a credential or folder: people and service accounts, the highest level first."""

    reachers: list[ReacherOut]
    next_cursor: str | None


class ReachedOut(Shape):
    """A credential that a subject reaches, with every rule that allows it."""

    key: str
    folder_path: str
    state: StateWord
    level: LevelWord
    routes: list[RouteOut]


class ReachPageOut(Shape):
    """What a subject reaches, by folder and key."""

    subject: SubjectOut
    reached: list[ReachedOut]
    next_cursor: str | None


class MatrixCellOut(Shape):
    """One subject on one target: the grant there, and what is inherited."""

    subject: SubjectOut
    own: TermsOut | None
    inherited: list[RouteOut]


class MatrixRowOut(Shape):
    """A folder (`key` null) or a credential with a cell for each subject, in their order."""

    key: str | None
    folder_path: str
    cells: list[MatrixCellOut]


class MatrixPageOut(Shape):
    """Subjects across, folders and credentials down, each folder before what is in it."""

    subjects: list[SubjectOut]
    rows: list[MatrixRowOut]
    next_subject_cursor: str | None
    next_cursor: str | None
