"""OAuth scopes: a strict hierarchy in which the higher satisfies the lower."""

from enum import StrEnum


class Scope(StrEnum):
    """The most a token may do; permissions come from membership and grants."""

    READ = "vault:read"
    WRITE = "vault:write"
    ADMIN = "vault:admin"


OFFLINE_ACCESS = "offline_access"
DEFAULT_SCOPES = (Scope.READ, Scope.WRITE)

_RANK = {Scope.READ: 1, Scope.WRITE: 2, Scope.ADMIN: 3}

SCOPE_MEANINGS = {
    Scope.READ: "List, search and lease the credentials you may use, and read their values",
    Scope.WRITE: "Also create, update, move and rotate credentials you manage",
    Scope.ADMIN: "Also manage grants, members, agents and settings of the tenant",
    OFFLINE_ACCESS: "Stay connected without asking you again (up to 90 days)",
}


def satisfies(granted: frozenset[str], required: Scope) -> bool:
    """Whether any of the scopes is at least `required`."""
    return any(_RANK[Scope(scope)] >= _RANK[required] for scope in granted if scope in _RANK)
