"""What the proxy knows of each credential: its placeholder, its hosts, its lease, its value."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from disclosure.destinations import Destination, Target
from disclosure.injection import InjectedRequest, InjectionError, inject
from disclosure.redaction import Redactor, unmaskable_reason
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.leasing import HeldLease
from vaultctl.running.plan import Part

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ProxiedCredential:
    """One credential of the run. Without a `value` the server makes its requests."""

    part: Part
    lease: HeldLease = field(repr=False)
    value: str | None = field(repr=False, default=None)

    def destination(self, host: str, port: int) -> Destination | None:
        """The rule for a connection; an exact host goes before a wildcard."""
        found = [item for item in self.part.destinations if item.matches(host, port)]
        return min(found, key=lambda item: item.host.startswith("*."), default=None)

    def is_meant(self, target: Target, headers: Headers) -> bool:
        """Whether a request contains the placeholder: in a header, in Basic, or in its query."""
        placeholder = self.part.placeholder
        return placeholder in unquote(target.rest) or any(
            contains(text, placeholder) for _, text in headers
        )


def contains(text: str, placeholder: str) -> bool:
    """Whether a header's text holds the placeholder, as it is or in HTTP Basic."""
    if placeholder in text:
        return True
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return placeholder in base64.b64decode(token.strip()).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return False


def build_redactor(credentials: Iterable[ProxiedCredential]) -> Redactor:
    """Finds every value and every form in which it is put into a request.

    Refused for a value that would come back with the answers, as `vault.use_credential` does.
    """
    secrets: list[str] = []
    for credential in credentials:
        if credential.value is None:
            continue
        if reason := unmaskable_reason(credential.value):
            raise VaultctlError(
                f"{credential.part.key} cannot be taken out of answers, because {reason}.",
                Exit.REJECTED,
            )
        secrets.append(credential.value)
        for destination in credential.part.destinations:
            secrets += _injected(credential, destination).secrets
    return Redactor(secrets)


def _injected(credential: ProxiedCredential, destination: Destination) -> InjectedRequest:
    target = Target("https", destination.host, destination.port, "/")
    try:
        return inject(destination.inject, credential.value or "", target)
    except InjectionError as error:
        raise VaultctlError(
            f"{credential.part.key} cannot be sent to {destination.wire_host}: {error}",
            Exit.REJECTED,
        ) from None
