"""The environment, read once into a frozen value; a wrong or unknown name stops the start."""

import os
import ssl
import stat
import sys
from base64 import urlsafe_b64decode
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    ValidationError,
    field_validator,
)

from foundation.rate_limits import BY_NAME, parse_rates

PREFIX = "VAULTSITE_"
# Read by all, written by all or by the group. A group of the service's own may read.
OTHERS = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP
PUBLIC_FILES = ("VAULTSITE_DESTINATION_CA",)
WEAK_SECRETS = ("changeme", "secret", "password", "default", "insecure")


class SettingsError(SystemExit):
    """Stops the start with one plain line on standard error."""


class Environment(BaseModel):
    """Every setting of an installation. Durations are whole seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    public_url: str = "http://localhost:8000"
    database_url: PostgresDsn
    database_owner_url: PostgresDsn | None = None
    redis_url: RedisDsn
    secret_key: SecretStr
    root_key: SecretStr
    root_key_second: SecretStr | None = None
    handle_key: SecretStr
    audit_key: SecretStr
    development: bool = False
    access_token_seconds: Annotated[int, Field(ge=5, le=86_400)] = 3600
    refresh_leeway_seconds: Annotated[int, Field(ge=0, le=600)] = 30
    sweep_seconds: Annotated[int, Field(ge=1, le=3600)] = 2
    request_head_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    request_body_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    import_body_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    web_connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    arriving_mebibytes: Annotated[int, Field(ge=8, le=10_000)] = 64
    database_pool: Annotated[int, Field(ge=0, le=100)] = 8
    redirect_hosts: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    well_known_redirects: bool = True
    client_metadata_documents: bool = True
    allowed_origins: tuple[str, ...] = ()
    private_providers: tuple[str, ...] = ()
    private_destinations: tuple[str, ...] = ()
    development_destinations: tuple[str, ...] = ()
    destination_ca: str | None = None
    use_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    metrics_token: SecretStr | None = None
    email_url: SecretStr | None = None
    email_from: str = "vault@localhost"
    limit_register: str = BY_NAME["register"].rates
    limit_register_failed: str = BY_NAME["register_failed"].rates
    limit_token: str = BY_NAME["token"].rates
    limit_consent: str = BY_NAME["consent"].rates
    limit_single_sign_on: str = BY_NAME["single_sign_on"].rates
    limit_sign_in_failed_here: str = BY_NAME["sign_in_failed_here"].rates
    limit_sign_in: str = BY_NAME["sign_in"].rates
    limit_sign_in_failed: str = BY_NAME["sign_in_failed"].rates
    limit_sign_in_failed_account: str = BY_NAME["sign_in_failed_account"].rates
    limit_sign_in_failed_guessed: str = BY_NAME["sign_in_failed_guessed"].rates
    limit_sign_in_failed_browser: str = BY_NAME["sign_in_failed_browser"].rates
    limit_second_factor: str = BY_NAME["second_factor"].rates
    limit_reset_password: str = BY_NAME["reset_password"].rates
    limit_reset_password_account: str = BY_NAME["reset_password_account"].rates
    limit_reset_password_link: str = BY_NAME["reset_password_link"].rates
    limit_change_password: str = BY_NAME["change_password"].rates
    limit_reauthenticate: str = BY_NAME["reauthenticate"].rates
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["line", "json"] = "line"

    @field_validator(
        "redirect_hosts",
        "redirect_uris",
        "allowed_origins",
        "private_providers",
        "private_destinations",
        "development_destinations",
        mode="before",
    )
    @classmethod
    def split(cls, value: Any) -> Any:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def is_an_origin(cls, value: str) -> str:
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            raise ValueError("must be an origin such as https://vault.example.org")
        if parts.query or parts.fragment or parts.username:
            raise ValueError("must be an origin such as https://vault.example.org")
        return value.rstrip("/")

    @field_validator("secret_key", "root_key", "root_key_second", "handle_key", "audit_key")
    @classmethod
    def is_strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        if len(text) < 43 or any(weak in text.lower() for weak in WEAK_SECRETS):
            raise ValueError("must be at least 32 random bytes as base64url text")
        return SecretStr(text)

    @field_validator("root_key", "root_key_second")
    @classmethod
    def is_an_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value()
        try:
            key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ValueError("must be exactly 32 random bytes as base64url text")
        return value

    @field_validator("destination_ca")
    @classmethod
    def is_a_certificate(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ssl.create_default_context(cadata=value)
            except ssl.SSLError:
                raise ValueError("must be certificates as PEM") from None
        return value

    @field_validator("metrics_token")
    @classmethod
    def is_a_strong_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().strip()) < 43:
            raise ValueError("must be at least 32 random bytes as base64url text")
        return value

    @field_validator("email_url")
    @classmethod
    def is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("must be smtp://user:password@host:port or smtps://…")
        return value

    @field_validator(*(f"limit_{name}" for name in BY_NAME))
    @classmethod
    def is_a_limit(cls, value: str) -> str:
        parse_rates(value)
        return value

    def limit(self, name: str) -> str:
        """The rates of a row of foundation/rate_limits.py."""
        rates: str = getattr(self, f"limit_{name}")
        return rates

    @cached_property
    def host(self) -> str:
        """The host of PUBLIC_URL: the only one that requests may name."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def secure(self) -> bool:
        """Whether people and agents reach us over TLS."""
        return self.public_url.startswith("https://")


def read_environment() -> Environment:
    """The environment's settings, with every NAME also accepted as NAME_FILE."""
    values = {name: read_setting(name) for name in Environment.model_fields}
    unknown = sorted(_named() - {_variable(name) for name in values})
    if unknown:
        raise SettingsError(f"vault: unknown setting {unknown[0]}; see docs/settings.md")
    try:
        environment = Environment.model_validate({k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        name = _variable(str(problem["loc"][0]))
        raise SettingsError(
            f"vault: {name}: {_rule(problem['msg'])}; see docs/settings.md"
        ) from None
    _require_separate_keys(environment)
    _require_tls(environment)
    return environment


def _require_separate_keys(environment: Environment) -> None:
    keys = (
        environment.secret_key,
        environment.root_key,
        environment.handle_key,
        environment.audit_key,
        *filter(None, [environment.root_key_second]),
    )
    if len({key.get_secret_value() for key in keys}) != len(keys):
        raise SettingsError("vault: each purpose needs a key of its own; see docs/settings.md")


def _require_tls(environment: Environment) -> None:
    if not environment.secure and not environment.development:
        raise SettingsError(
            "vault: VAULTSITE_PUBLIC_URL must be https:// outside development; see docs/settings.md"
        )


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _named() -> set[str]:
    return {name.removesuffix("_FILE") for name in os.environ if name.startswith(PREFIX)}


def read_setting(name: str) -> str | None:
    """The text of one setting from NAME or NAME_FILE; SettingsError when both are set."""
    variable = _variable(name)
    path = os.environ.get(f"{variable}_FILE")
    if path is None:
        return os.environ.get(variable)
    if variable in os.environ:
        raise SettingsError(f"vault: {variable} and {variable}_FILE are both set; keep one")
    try:
        _warn_of_mode(variable, path)
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"vault: {variable}_FILE: {error.strerror}") from None


def _warn_of_mode(variable: str, path: str) -> None:
    """Every user of the machine can read the file, or another can replace its content."""
    mode = stat.S_IMODE(Path(path).stat().st_mode)
    if variable not in PUBLIC_FILES and mode & OTHERS:
        sys.stderr.write(
            f"vault: {variable}_FILE: other users can read or change the file (mode {mode:03o});"
            " it should have mode 600\n"
        )


def _rule(message: str) -> str:
    return message.removeprefix("Value error, ")
