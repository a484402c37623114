"""How each credential of a run gets to work, decided from its policy before anything is leased."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from disclosure.destinations import Destination, parse_destinations
from vaultctl.agents import MODEL, agent_in, disclosure_of, surrounding_agent
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
PLACEHOLDER = "vlt_placeholder_"
BROKER = "broker"
# They decide what the program is and where it connects, so no credential may take their place.
_RESERVED = frozenset(
    {"PATH", "HOME", "SHELL", "USER", "IFS", "ENV", "BASH_ENV", "NODE_OPTIONS", "PYTHONPATH"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {"REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"}
)


class Way(StrEnum):
    """How a value gets to work."""

    PROXY = "proxy"
    BROKER = "broker"
    ENVIRONMENT = "environment"
    FILE = "file"

    @property
    def needs_value(self) -> bool:
        """Whether vaultctl reads the value."""
        return self is not Way.BROKER

    @property
    def needs_proxy(self) -> bool:
        """Whether the program is given a placeholder."""
        return self in (Way.PROXY, Way.BROKER)


@dataclass(frozen=True, slots=True)
class Choice:
    """One `-c`, `--env` or `--file` of the command line."""

    key: str
    variable: str
    way: Way | None


@dataclass(frozen=True, slots=True)
class Part:
    """One credential of the run. The placeholder means something to this run's proxy only."""

    key: str
    variable: str
    way: Way
    destinations: tuple[Destination, ...] = ()
    placeholder: str = field(default_factory=lambda: PLACEHOLDER + secrets.token_hex(20))

    def in_words(self) -> str:
        """The line that is shown before the program starts."""
        hosts = ", ".join(item.wire_host for item in self.destinations)
        return {
            Way.PROXY: f"{self.key}: {self.variable} is a placeholder; the value is put into "
            f"requests to {hosts} and never given to the program",
            Way.BROKER: f"{self.key}: {self.variable} is a placeholder; the server itself sends "
            f"requests to {hosts}, and the value never reaches this machine",
            Way.ENVIRONMENT: f"{self.key}: the value is in {self.variable} of the program; its "
            "output is masked",
            Way.FILE: f"{self.key}: the value is in a private file that {self.variable} names; "
            "the program's output is masked",
        }[self.way]


def parse_choices(
    proxied: Iterable[str], environment: Iterable[str], files: Iterable[str]
) -> list[Choice]:
    """The choices of the command line; a variable's name follows from its key unless given."""
    found = [
        *(_choice(text, None) for text in proxied),
        *(_choice(text, Way.ENVIRONMENT) for text in environment),
        *(_choice(text, Way.FILE) for text in files),
    ]
    names = [choice.variable for choice in found]
    if len(set(names)) != len(names):
        raise VaultctlError("Two credentials have the same variable.", Exit.USAGE)
    return found


def decide(choice: Choice, credential: Mapping[str, Any], command: Sequence[str]) -> Part:
    """How this credential gets to work. Refused where its policy or the program forbids it."""
    destinations = parse_destinations(credential["policy"].get("destinations"))
    disclosure = disclosure_of(credential)
    if choice.way is None:
        if not destinations:
            raise VaultctlError(
                f"{choice.key} has no destinations, so a proxy cannot put it into requests.",
                Exit.DENIED,
                hint="Add destinations to its policy, or give the value to the program with "
                f"--env {choice.key}={choice.variable}.",
            )
        way = Way.BROKER if disclosure == BROKER else Way.PROXY
        return Part(choice.key, choice.variable, way, destinations)
    if disclosure == BROKER:
        raise VaultctlError(
            f"The policy of {choice.key} gives its value to nobody; only the server uses it.",
            Exit.DENIED,
            hint=f"Use -c {choice.key}={choice.variable}.",
        )
    agent = agent_in(command) or surrounding_agent()
    if agent is not None and disclosure != MODEL:
        raise VaultctlError(
            f"{agent} would let a model see the value of {choice.key}, which its policy forbids.",
            Exit.DENIED,
            hint=f"Use -c {choice.key}={choice.variable}, which gives the program a placeholder.",
        )
    return Part(choice.key, choice.variable, choice.way)


def _choice(text: str, way: Way | None) -> Choice:
    key, equals, variable = text.partition("=")
    if not equals:
        variable = re.sub(r"[^A-Za-z0-9]", "_", key).upper()
        variable = f"_{variable}" if variable[:1].isdigit() else variable
    reserved = variable.upper() in _RESERVED or variable.upper().startswith(("LD_", "DYLD_"))
    if not key or not _VARIABLE.fullmatch(variable) or reserved:
        raise VaultctlError("KEY=VARIABLE is needed, with a variable that is free.", Exit.USAGE)
    return Choice(key, variable, way)
