"""One request of the program to a host with a rule: checked, given the value, sent."""

from dataclasses import dataclass

import h11

from disclosure.destinations import Destination, DestinationError, Target, parse_url
from disclosure.header_rules import is_reserved
from disclosure.injection import (
    InjectionError,
    forwardable_headers,
    inject,
    require_method,
    without_parameter,
)
from vaultctl.proxy.broker import Broker
from vaultctl.proxy.connection import Headers, ProgramConnection, headers_of
from vaultctl.proxy.credentials import ProxiedCredential, contains
from vaultctl.proxy.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Host:
    """Where the connection goes; what the request itself says about that does not count."""

    name: str
    port: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """Passes requests on."""

    credentials: tuple[ProxiedCredential, ...]
    upstream: Upstream
    broker: Broker

    def serve(self, program: ProgramConnection, host: Host) -> None:
        """Answer the program's requests until it closes the connection."""
        while (request := program.next_request()) is not None:
            self._pass_on(program, host, request)

    def _pass_on(self, program: ProgramConnection, host: Host, request: h11.Request) -> None:
        method = request.method.decode("ascii")
        headers = headers_of(request)
        try:
            target = parse_url(f"https://{host.name}:{host.port}{_path(request)}")
            meant = self._meant(host, target, headers)
            if meant is None:
                self.upstream.exchange(program, method, target, _plain(headers))
                return
            credential, destination = meant
            if reason := credential.lease.check():
                program.refuse(403, f"{credential.part.key}: {reason}")
                return
            target = without_parameter(target, destination.inject)
            if credential.value is None:
                self.broker.exchange(
                    program, credential, (method, target, _kept(credential, destination, headers))
                )
                return
            self._inject(program, credential, destination, (method, target, headers))
        except (DestinationError, InjectionError) as error:
            program.refuse(400, str(error))

    def _meant(
        self, host: Host, target: Target, headers: Headers
    ) -> tuple[ProxiedCredential, Destination] | None:
        """The credential whose placeholder the request contains, with the rule for the host."""
        found = [
            (credential, destination)
            for credential in self.credentials
            if (destination := credential.destination(host.name, host.port))
            and credential.is_meant(target, headers)
        ]
        if len(found) > 1:
            raise InjectionError("The request contains two placeholders.")
        return found[0] if found else None

    def _inject(
        self,
        program: ProgramConnection,
        credential: ProxiedCredential,
        destination: Destination,
        request: tuple[str, Target, Headers],
    ) -> None:
        method, target, headers = request
        require_method(method)
        assert credential.value is not None
        kept = _kept(credential, destination, headers)
        sent = inject(destination.inject, credential.value, target, kept)
        framing = _framing(headers)
        self.upstream.exchange(program, method, parse_url(sent.url), [*sent.headers, *framing])


def _path(request: h11.Request) -> str:
    path = request.target.decode("latin-1")
    if not path.startswith("/"):
        raise DestinationError("The request's target is a path.")
    return path


def _kept(
    credential: ProxiedCredential, destination: Destination, headers: Headers
) -> list[tuple[str, str]]:
    """The program's own headers, without the placeholder and what stands for the injected one."""
    placeholder = credential.part.placeholder
    kept = [(n, t) for n, t in _joined(headers) if not contains(t, placeholder)]
    return forwardable_headers(kept, destination.inject)


def _plain(headers: Headers) -> Headers:
    """A request without a placeholder, as it is but for what belongs to the connection."""
    return [(n, t) for n, t in headers if not is_reserved(n)] + _framing(headers)


def _framing(headers: Headers) -> Headers:
    """How the body is sent, which h11 has read the same way: chunks go before a length."""
    given = {name.lower(): text for name, text in headers}
    if "transfer-encoding" in given:
        return [("Transfer-Encoding", "chunked")]
    length = given.get("content-length")
    return [] if length is None else [("Content-Length", length)]


def _joined(headers: Headers) -> Headers:
    """Repeated headers as one (RFC 9110 §5.3), cookies by their own separator (RFC 6265 §5.4)."""
    joined: dict[str, tuple[str, str]] = {}
    for name, text in headers:
        folded = name.lower()
        if folded in joined:
            separator = "; " if folded == "cookie" else ", "
            joined[folded] = (joined[folded][0], joined[folded][1] + separator + text)
        else:
            joined[folded] = (name, text)
    return list(joined.values())
