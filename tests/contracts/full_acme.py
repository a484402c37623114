"""Acme with everything in it that an operation may be called on, made once for many tests.

Each test that uses it checks that it changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from access.levels import Role
from tests.contracts.acme import Acme
from tests.contracts.cases import CASES
from tests.people import Somebody, new_person, new_tenant, somebody

# Keys of the tenant come last: each one that is made changes what the ones before it are.
LAST = ("due_key", "unused_key", "active_key")


@dataclass(frozen=True)
class FullAcme:
    """The owner, who holds what has a holder, an owner of globex, and all things by name."""

    owner: Somebody
    outsider: Somebody
    things: dict[str, Any]

    def needed(self, operation: str) -> dict[str, Any]:
        """The things that the operation's case needs."""
        return {name: self.things[name] for name in CASES[operation].needs}


def make_full_acme() -> FullAcme:
    """In an empty database."""
    owner, outsider = _owner("olivia", "acme"), _owner("otto", "globex")
    needed = dict.fromkeys(name for case in CASES.values() for name in case.needs)
    names = sorted(needed, key=lambda name: LAST.index(name) if name in LAST else -1)
    return FullAcme(owner, outsider, Acme(owner).things(owner, *names))


def _owner(name: str, slug: str) -> Somebody:
    person = new_person(name)
    return somebody(person, new_tenant(slug, person), Role.OWNER)
