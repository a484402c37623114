"""Database URLs: a known scheme, a host, and nothing extracted that could contain the password.

One pattern (RFC 3986 §3) finds the parts, and each is extracted only when it is plain; what is
ambiguous is refused or left out, never guessed. An `@` after the host, or a `#` anywhere, means
that a password was not percent-encoded; such a URL could be read in two ways.
"""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from credentials.types.submission import Submission, invalid_value, refusing

DRIVERS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mysql",
    "cockroachdb": "postgresql",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "mssql": "mssql",
    "sqlite": "sqlite",
}
ONE_HOST = frozenset({"mongodb+srv", "mssql"})
TLS_SCHEMES = frozenset({"rediss", "mongodb+srv"})
TLS_PARAMETERS = ("sslmode", "ssl-mode", "ssl", "tls", "encrypt", "usessl")

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<rest>(?:[!-$&-~]|%[0-9A-Fa-f]{2})*)")
_SERVER = re.compile(
    r"//(?:(?P<userinfo>[^/?#]*)@)?(?P<hosts>[^@/?#]*)(?:/(?P<path>[^@?#]*))?(?:\?(?P<query>[^@#]*))?"
)
_HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]{0,252})"
    r"|(?P<socket>%2[Ff](?:[A-Za-z0-9._-]|%2[Ff])+))(?::(?P<port>[0-9]{1,5}))?"
)
# The last alternative: some MySQL clients write their options as JSON, ssl={"ca":…}.
_TLS_REQUIRED = re.compile(
    r"true|1|yes|on|strict|mandatory|require|required|verify[-_](?:ca|full|identity)|\{.*"
)
_USERNAME = re.compile(r"[\w.$+@\\-]{1,128}")
_DATABASE = re.compile(r"[\w.$+ -]{1,128}")
_FILE = re.compile(r":memory:|(?:[A-Za-z]:[/\\])?[\w.+ ~/\\-]{1,512}")


def examine_database_url(submission: Submission) -> Mapping[str, str]:
    """`driver`, and `host`, `port`, `database`, `username`, `ssl` where the URL states them.

    `driver` is the product whatever the scheme's spelling (`postgres` → `postgresql`, `rediss` →
    `redis`, `mongodb+srv` → `mongodb`). Several hosts are joined by commas. `ssl` is
    `true` when TLS is required, `false` when the URL allows a connection without it. SQLite has
    only `driver` and `database`, its file.
    """
    found = _URL.fullmatch(submission.value)
    if found is None:
        raise invalid_value(
            "scheme://user:password@host:port/database in ASCII without spaces; everything else "
            "is percent-encoded."
        )
    scheme, rest = found["scheme"].lower(), found["rest"]
    if scheme == "jdbc":  # the URL of the Java driver follows
        inner = _URL.fullmatch(rest)
        scheme, rest = (inner["scheme"].lower(), inner["rest"]) if inner else ("", "")
    if scheme not in DRIVERS:  # SQLAlchemy names its driver: postgresql+psycopg
        scheme = scheme.partition("+")[0]
    if scheme not in DRIVERS:
        raise invalid_value(f"the scheme is one of {', '.join(DRIVERS)}.")
    if scheme == "sqlite":
        return {"driver": scheme, "database": _file(rest)}
    return _server(scheme, rest)


def _file(rest: str) -> str:
    """The file as SQLAlchemy reads it: `sqlite:///relative`, `sqlite:////absolute`."""
    path = rest.partition("?")[0]
    if path.startswith("//"):
        path = path[2:].removeprefix("/")
    if not path:
        raise invalid_value("a file is needed, or :memory:.")
    return _plain(path, _FILE)


def _server(scheme: str, rest: str) -> Mapping[str, str]:
    found = _SERVER.fullmatch(rest)
    if found is None:
        raise invalid_value(
            "scheme://user:password@host:port/database; a / ? # or @ in the password is "
            "percent-encoded."
        )
    driver = DRIVERS[scheme]
    hosts = found["hosts"] or _host_option(driver, found["query"] or "")
    return {
        "driver": driver,
        **_hosts(scheme, hosts),
        "database": _plain(found["path"] or "", _DATABASE),
        "username": _username(driver, found["userinfo"] or ""),
        "ssl": _ssl(scheme, found["query"] or ""),
    }


def _host_option(driver: str, query: str) -> str:
    """Libpq takes the host, a socket's folder too, as an option: `postgresql:///app?host=/run`."""
    host = dict(parse_qsl(query)).get("host", "") if driver == "postgresql" else ""
    return host.replace("/", "%2F")


def _hosts(scheme: str, text: str) -> Mapping[str, str]:
    hosts = [_HOST.fullmatch(host) for host in text.split(",")]
    named = [host for host in hosts if host is not None]
    if len(named) < len(hosts) or (len(named) > 1 and scheme in ONE_HOST):
        raise invalid_value("a host is needed: a name or an address, with or without :port.")
    with refusing("an address in [ ] is IPv6."):
        for host in named:
            ipaddress.IPv6Address(host["v6"] or "::")
    ports = [host["port"] for host in named if host["port"]]
    if not all(0 < int(port) < 2**16 for port in ports) or (ports and scheme == "mongodb+srv"):
        raise invalid_value("a port is 1 to 65535; mongodb+srv takes none.")
    names = [host["v6"] or unquote(host["name"] or host["socket"]) for host in named]
    return {"host": ",".join(names), "port": ",".join(dict.fromkeys(ports))}


def _username(driver: str, userinfo: str) -> str:
    name, colon, _ = userinfo.partition(":")
    # Redis clients read a lone `redis://text@host` as the password; with a bare @ it is unclear
    # where the user name ends.
    if (driver == "redis" and not colon) or "@" in name:
        return ""
    return _plain(name, _USERNAME)


def _plain(part: str, pattern: re.Pattern[str]) -> str:
    """The decoded part, or nothing when it is not plain, such as an encoded `user%3Apassword`."""
    try:
        text = unquote(part, errors="strict")
    except UnicodeDecodeError:
        return ""
    return text if pattern.fullmatch(text) else ""


def _ssl(scheme: str, query: str) -> str:
    options = {name.lower(): text.lower() for name, text in parse_qsl(query)}
    for name in TLS_PARAMETERS:
        if name in options:
            return "true" if _TLS_REQUIRED.fullmatch(options[name]) else "false"
    return "true" if scheme in TLS_SCHEMES else ""
