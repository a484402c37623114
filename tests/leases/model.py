"""A model of credentials and leases that is simple enough to believe."""

from dataclasses import dataclass, field

from access.levels import Level

OK = "ok"


@dataclass
class Kept:
    """What the model knows of a credential."""

    key: str
    values: dict[int, str]
    max_uses: int | None
    current: int = 1
    previous: int | None = None
    archived: bool = False
    level: Level = Level.VIEWER
    grant_id: str = ""


@dataclass
class Lent:
    """What the model knows of a lease."""

    of: Kept
    by_member: bool
    version: int
    lease_id: str
    handle: str
    state: str = OK
    uses: int = field(default=0)

    def end(self, state: str) -> None:
        if self.state == OK:
            self.state = state
