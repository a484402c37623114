"""Where vaultctl keeps its files, which server it talks to, and as whom a pipeline signs in."""

import json
import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

DEFAULT_URL = "http://localhost:8000"
URL = "VAULTCTL_URL"
HOME = "VAULTCTL_HOME"
STORE = "VAULTCTL_STORE"
ACCOUNT = "VAULTCTL_ACCOUNT"
SECRET_FILE = "VAULTCTL_SECRET_FILE"
KEY_FILE = "VAULTCTL_KEY_FILE"
TOKEN_FILE = "VAULTCTL_TOKEN_FILE"


def directory() -> Path:
    """The directory of vaultctl's own files; not created yet."""
    given = os.environ.get(HOME)
    return Path(given) if given else Path(click.get_app_dir("vaultctl"))


def create_directory() -> Path:
    """The directory, for its owner only."""
    place = directory()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; readable by its owner only, from its first byte on."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise VaultctlError(f"Cannot write {path}: {error.strerror}.", Exit.CANNOT_WRITE) from None


def server_url(given: str | None) -> str:
    """The server's address: the option, VAULTCTL_URL, the last sign-in's, or the default."""
    chosen = given or os.environ.get(URL) or _remembered() or DEFAULT_URL
    return require_safe(chosen.rstrip("/"))


def remember_url(url: str) -> None:
    """Use this server from now on."""
    write_private(create_directory() / "config.json", json.dumps({"url": url}) + "\n")


def require_safe(url: str) -> str:
    """The address, unless a token sent to it could be read on its way."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.query:
        return url
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return url
    raise VaultctlError(
        "The server's address must begin with https://, or with http:// on this machine.",
        Exit.CONFIGURATION,
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class PipelineIdentity:
    """How a pipeline signs in; the secrets are in files that the environment names.

    Either a personal token, or a service account with a secret or a private key (PEM).
    """

    account: str = ""
    token_file: str = ""
    secret_file: str = ""
    key_file: str = ""


def pipeline_identity() -> PipelineIdentity | None:
    """The identity that the environment names, or None for a person's own sign-in."""
    names = {"account": ACCOUNT, "token_file": TOKEN_FILE}
    names |= {"secret_file": SECRET_FILE, "key_file": KEY_FILE}
    identity = PipelineIdentity(**{part: os.environ.get(name, "") for part, name in names.items()})
    if identity == PipelineIdentity():
        return None
    ways = [identity.token_file, identity.secret_file, identity.key_file]
    if sum(map(bool, ways)) != 1 or bool(identity.account) == bool(identity.token_file):
        raise VaultctlError(
            f"Set {TOKEN_FILE}, or {ACCOUNT} with one of {SECRET_FILE} and {KEY_FILE}.",
            Exit.CONFIGURATION,
        )
    return identity


def read_secret_file(path: str, source: str) -> str:
    """The content of a file without the end of its last line; `source` is what names the file."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError):
        raise VaultctlError(
            f"The file that {source} names cannot be read.", Exit.CONFIGURATION
        ) from None


def _remembered() -> str | None:
    try:
        found = json.loads((directory() / "config.json").read_text(encoding="utf-8"))
        return str(found["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
