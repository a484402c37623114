"""Using a credential without showing it: where a value may go, how it is put into a request, and
how it is taken out of what comes back.

The package needs only the standard library. The server and `vaultctl` use it alike:

- `destinations`: hosts and ways of injection, their wire form, matching URLs against them;
- `injection`: the request with the value in it;
- `redaction`: the value taken out of bodies, headers and output, while they stream;
- `providers`: the hosts and ways of well-known services.

Errors derive from ValueError and repeat nothing that was given.
"""

from disclosure.destinations import (
    Basic,
    Bearer,
    Destination,
    DestinationError,
    Header,
    Injection,
    Query,
    Target,
    find_destination,
    is_listed,
    parse_destination,
    parse_destinations,
    parse_injection,
    parse_url,
)
from disclosure.injection import (
    InjectedRequest,
    InjectionError,
    forwardable_headers,
    inject,
    injected_header_name,
    require_method,
    without_parameter,
)
from disclosure.matching import RedactionError
from disclosure.providers import PROVIDERS, Provider, find_provider, usual_destination
from disclosure.redaction import MASK, RedactionStream, Redactor, unmaskable_reason

__all__ = [
    "MASK",
    "PROVIDERS",
    "Basic",
    "Bearer",
    "Destination",
    "DestinationError",
    "Header",
    "InjectedRequest",
    "Injection",
    "InjectionError",
    "Provider",
    "Query",
    "RedactionError",
    "RedactionStream",
    "Redactor",
    "Target",
    "find_destination",
    "find_provider",
    "forwardable_headers",
    "inject",
    "injected_header_name",
    "is_listed",
    "parse_destination",
    "parse_destinations",
    "parse_injection",
    "parse_url",
    "require_method",
    "unmaskable_reason",
    "usual_destination",
    "without_parameter",
]
