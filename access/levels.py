"""Grant levels and membership roles, each in order."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """The access to a credential; each level includes those below it."""

    NONE = 0
    VIEWER = 1
    USER = 2
    MANAGER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The level as the product spells it, such as `viewer`."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Level":
        """The level for a stored word, in exact lower case."""
        return _BY_WORD[word]


_BY_WORD = {level.word: level for level in Level}
LEVEL_CHOICES = [(level.word, level.word) for level in Level if level]


class Role(StrEnum):
    """A membership's role in its tenant."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    @property
    def is_admin(self) -> bool:
        """Owners and admins have `admin` on everything in their tenant."""
        return self is not Role.MEMBER
