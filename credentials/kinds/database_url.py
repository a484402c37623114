"""Database URLs: checked, and taken apart into what is not secret."""

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from credentials.kinds.kind import refuse
from credentials.naming import is_visible

DRIVERS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "mssql": "mssql",
    "sqlite": "sqlite",
}
ENCRYPTED = {"rediss", "mongodb+srv"}
TLS_PARAMETERS = ("sslmode", "ssl", "tls", "ssl-mode", "encrypt")
TLS_OFF = {"disable", "false", "0", "disabled", "no", ""}


def examine_database_url(
    value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """A URL with a known scheme and, except for SQLite, a host; never its password."""
    del secret_fields, metadata
    if value != value.strip() or not is_visible(value) or any(one.isspace() for one in value):
        raise refuse("a database URL has no spaces or control characters.")
    try:
        url = urlsplit(value)
    except ValueError:
        raise refuse("it is no valid URL.") from None
    if url.scheme not in DRIVERS:
        raise refuse(f"a database URL begins with one of {', '.join(DRIVERS)}.")
    if url.scheme == "sqlite":
        return _clip({"driver": "sqlite", "database": url.path.lstrip("/")})
    return _clip(_facts(url))


def _facts(url: SplitResult) -> dict[str, str]:
    if "@" in url.path + url.query + url.fragment:
        # A bare / ? or # in a password would otherwise put the rest of it into the database name.
        raise refuse("percent-encode @ / ? and # in the user name, the password and what follows.")
    userinfo, _, place = url.netloc.rpartition("@")
    hosts = [_host_and_port(one) for one in place.split(",")]
    if not all(host for host, _ in hosts):
        raise refuse("a host is missing.")
    return {
        "driver": DRIVERS[url.scheme],
        "host": ",".join(host for host, _ in hosts),
        "port": ",".join(dict.fromkeys(port for _, port in hosts if port)),
        "database": unquote(url.path.lstrip("/").split("/")[0]),
        "username": unquote(userinfo.split(":", 1)[0]),
        "ssl": _ssl(url),
    }


def _host_and_port(place: str) -> tuple[str, str]:
    """One `host:port`; an IPv6 address stands in brackets."""
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        port = rest.removeprefix(":")
        valid = bool(bracket) and (rest == "" or rest.startswith(":"))
    else:
        host, _, port = place.partition(":")
        valid = True
    if not valid or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise refuse("the port must be a number from 1 to 65535.")
    return host, port


def _ssl(url: SplitResult) -> str:
    if url.scheme in ENCRYPTED:
        return "true"
    query = parse_qs(url.query, keep_blank_values=True)
    for name in TLS_PARAMETERS:
        if name in query:
            return "false" if query[name][-1].lower() in TLS_OFF else "true"
    return ""


def _clip(facts: Mapping[str, str]) -> dict[str, str]:
    """What is there and can be shown; something unusual is left out rather than refused."""
    return {
        name: text
        for name, text in facts.items()
        if text and is_visible(text) and len(text.encode()) <= 1024
    }
