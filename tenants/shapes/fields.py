"""Fields that several shapes share. Ids are public ones (`person_…`)."""

from typing import Annotated, Literal

from pydantic import Field

from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.safe_text import line, visible
from foundation.schema.shapes import Shape

RoleWord = Literal["owner", "admin", "member", "auditor"]
PublicId = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80), line("name", least=1)]
Description = Annotated[str, Field(max_length=500), visible("description")]


class Listing(Shape):
    """The page of a list."""

    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)
