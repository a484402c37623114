"""What operations on folders and tags take and answer."""

from pydantic import Field

from credentials.fields import FolderPath, LevelWord, NewFolderPath
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.shapes import Shape


class ListFolders(Shape):
    """Folders at and below `folderPath`, by their path."""

    folder_path: FolderPath = ""
    limit: int = Field(default=100, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=2048)


class NameFolder(Shape):
    """One folder by its path."""

    folder_path: FolderPath


class MoveFolder(NameFolder):
    """Give a folder another path: another name, another place, or both."""

    new_folder_path: NewFolderPath


class FolderOut(Shape):
    """A folder with the caller's own level on it (null: only on something in it).

    `credentials` counts those directly in it that the caller sees.
    """

    folder_path: str
    access: LevelWord | None
    credentials: int


class FolderPageOut(Shape):
    """A page of folders."""

    folders: list[FolderOut]
    next_cursor: str | None


class TagOut(Shape):
    """A tag and how many credentials that the caller sees have it."""

    tag: str
    credentials: int


class TagsOut(Shape):
    """All tags of what the caller sees, by name."""

    tags: list[TagOut]
