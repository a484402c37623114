"""Grant levels in order, and membership roles."""

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
    """A membership's role in its tenant; an auditor reads the audit log and nothing else."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    AUDITOR = "auditor"

    @property
    def is_admin(self) -> bool:
        """Owners and admins have `admin` on everything in their tenant."""
        return self in {Role.OWNER, Role.ADMIN}
