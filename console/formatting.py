"""How the console says things: types, durations."""

from typing import NamedTuple


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

UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def long_duration(seconds: int) -> str:
    """A duration for people: 900 → "15 minutes", 5400 → "1 hour 30 minutes"."""
    parts: list[str] = []
    for size, unit in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 seconds"


SHORT_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def short_duration(seconds: float) -> str:
    """A span for tables, its two largest units: 7500 → "2 h 5 min"; countdown.js says it alike."""
    left = int(seconds)
    parts: list[str] = []
    for size, unit in SHORT_UNITS:
        count, left = divmod(left, size)
        if (count or parts) and len(parts) < 2:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


class Band(NamedTuple):
    """A usual choice of lease times; `fill` is what a button writes into the form."""

    name: str
    usual: str
    longest: str

    @property
    def fill(self) -> str:
        return f"default_ttl={self.usual} max_ttl={self.longest}"


BANDS = (
    Band("critical", "5m", "15m"),
    Band("standard", "15m", "2h"),
    Band("extended", "1h", "8h"),
)
TYPED_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def typed_duration(seconds: int | None) -> str:
    """A duration as people type it: 900 → "15m"; empty for none."""
    if seconds is None:
        return ""
    return next(f"{seconds // size}{unit}" for size, unit in TYPED_UNITS if seconds % size == 0)


# What the tenant's mails are about, by their kind.
MAILS = {
    "agent_connected": "a new agent",
    "token_reused": "a token that was used twice",
    "member_invited": "an invitation",
    "access_requested": "a request for access",
    "access_decided": "a decision on a request for access",
}
