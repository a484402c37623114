"""Texts and formats for people: credential types, durations, subjects of mails."""

from collections.abc import Iterator
from typing import NamedTuple

from foundation.schema.durations import UNITS
from tenants.ttl_presets import TTL_PRESETS


class Kind(NamedTuple):
    """A credential type's name for people, and what is checked and found when one is stored."""

    title: str
    help: str


KINDS: dict[str, Kind] = {
    "api-key": Kind("API key", "One line that a service gave you. Any text is accepted."),
    "oauth-token": Kind(
        "OAuth token",
        "An access token. Put a refresh token into the secret fields, and the end into the "
        "metadata as tokenExpiresAt (RFC 3339).",
    ),
    "ssh-key": Kind(
        "SSH private key",
        "PEM, with its BEGIN and END lines. A passphrase goes into the secret fields as "
        "passphrase. Algorithm and fingerprint are found by themselves.",
    ),
    "tls-certificate": Kind(
        "TLS certificate",
        'JSON with "certificate", "privateKey" and, if there is one, "chain", each as PEM. Key '
        "and certificate must belong together; subject and end are found by themselves.",
    ),
    "database-url": Kind(
        "Database URL",
        "For example postgresql://user:password@host:5432/name. Driver, host and user are found "
        "by themselves; the password stays sealed.",
    ),
    "generic-secret": Kind("Generic secret", "Anything else, up to 64 KiB of text."),
}

_LARGEST_FIRST = sorted(UNITS.items(), key=lambda unit: -unit[1])
_LONG = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_SHORT = {**{unit: unit for unit in UNITS}, "m": "min"}


def _counts(seconds: int) -> Iterator[tuple[int, str]]:
    """How many of each unit, the largest first, without those of which there is none."""
    for unit, size in _LARGEST_FIRST:
        count, seconds = divmod(seconds, size)
        if count:
            yield count, unit


def long_duration(seconds: int) -> str:
    """A duration for people: 900 → "15 minutes", 5400 → "1 hour 30 minutes"."""
    parts = [
        f"{count} {_LONG[unit]}{'' if count == 1 else 's'}" for count, unit in _counts(seconds)
    ]
    return " ".join(parts) or "0 seconds"


def short_duration(seconds: float) -> str:
    """A duration for tables, in its two largest units: 7500 → "2 h 5 min".

    static/console/times.js continues it in the browser, with units of its own.
    """
    counts = list(_counts(int(seconds)))
    if not counts:
        return "0 s"
    units = [unit for unit, _ in _LARGEST_FIRST]
    first = units.index(counts[0][1])
    return " ".join(
        f"{count} {_SHORT[unit]}" for count, unit in counts if unit in units[first : first + 2]
    )


def largest_unit(seconds: float) -> str:
    """A duration of at least a minute in its largest unit only: 7500 → "2 h"."""
    count, unit = short_duration(seconds).split(" ")[:2]
    return f"{count} {unit}"


def typed_duration(seconds: int | None) -> str:
    """A duration as people type it: 900 → "15m"; empty for none."""
    if seconds is None:
        return ""
    return next(f"{seconds // size}{unit}" for unit, size in _LARGEST_FIRST if seconds % size == 0)


class LeaseTimes(NamedTuple):
    """A preset of lease times as it is typed; `fill` is what its button writes into the form."""

    name: str
    usual: str
    longest: str

    @property
    def fill(self) -> str:
        return f"default_ttl={self.usual} max_ttl={self.longest}"


def lease_times(maximum: int | None = None) -> list[LeaseTimes]:
    """The presets; one that leaves the maximum to the tenant is offered only with a `maximum`."""
    return [
        LeaseTimes(preset.name, typed_duration(preset.default_ttl), typed_duration(longest))
        for preset in TTL_PRESETS
        if (longest := preset.max_ttl or maximum)
    ]


# What the tenant's mails are about, by their kind.
MAILS = {
    "agent_connected": "a new agent",
    "token_reused": "a token that was used twice",
    "member_invited": "an invitation",
    "access_requested": "a request for access",
    "access_decided": "a decision on a request for access",
}
