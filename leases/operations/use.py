"""Using a leased credential without answering it: Vault makes the HTTP request itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from access.actions import Action
from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event, Outcome
from audit.recording import EntryDraft, audited, record
from credentials.context import CredentialContext
from credentials.models import Credential
from disclosure import (
    Destination,
    DestinationError,
    InjectionError,
    RedactionError,
    Redactor,
    Target,
    find_destination,
    inject,
    is_listed,
    parse_destinations,
    parse_url,
    unmaskable_reason,
)
from disclosure.header_rules import DROPPED_FROM_ANSWERS
from foundation.errors import (
    Conflict,
    DestinationDenied,
    DestinationFailed,
    Invalid,
    Unavailable,
    VaultError,
)
from foundation.outgoing import (
    CallFailed,
    NotAllowed,
    Outgoing,
    StreamedAnswer,
    exchange,
    use_slots,
)
from leases.redemption import count_use, redeem, redemption_facts, unseal_or_alarm
from leases.shapes import UseCredential, UsedOut

MOST_HEADERS = 100
LONGEST_HEADER = 8192
# Besides those that every redacted answer loses: cookies are for a browser that keeps them.
DROPPED_HEADERS = DROPPED_FROM_ANSWERS | {"set-cookie", "set-cookie2"}


@dataclass(frozen=True, slots=True)
class Use:
    """A use that was checked, counted and recorded; the request is still to be sent."""

    draft: EntryDraft
    request: Outgoing
    trusted: bool
    secrets: tuple[str, ...] = field(repr=False)


def use_credential(actor: Actor, request: UseCredential) -> UsedOut:
    """Make one HTTP request with the value put in as the policy's `destinations` say.

    Two transactions, because none may be open while another server answers: the first checks,
    counts the use and writes `credential.use_started`; the second writes `credential.used` with
    the outcome. A process that dies in between leaves the first entry. The answer comes without
    the value in any of its encodings. Redirects are answered, not followed.

    Raises what reading raises, but not DisclosureDenied; DestinationDenied, DestinationFailed;
    Conflict when the value cannot be taken out of answers; Unavailable when too many uses are
    under way.
    """
    _require_url(request)
    with use_slots.taken(str(actor.tenant_id)):
        started = audited(
            actor,
            Action.USE_CREDENTIAL,
            Event.CREDENTIAL_USE_STARTED,
            lambda: redemption_facts(actor, request.lease_handle),
        )
        with started as entry:
            context = CredentialContext(actor, Action.USE_CREDENTIAL, entry)
            use = _begin(context, request)
        return _send(actor, use)


def _require_url(request: UseCredential) -> None:
    """What the address alone gets wrong is not recorded."""
    try:
        parse_url(request.url)
    except DestinationError as error:
        raise Invalid(f"url: {error}", "url") from None


def _begin(context: CredentialContext, request: UseCredential) -> Use:
    entry = context.entry
    lease, version = redeem(context)
    destination, target = _allowed(version.credential, request.url)
    entry.add_details(method=request.method, host=f"{target.host}:{target.port}")
    value = unseal_or_alarm(version).value
    if reason := unmaskable_reason(value):
        raise Conflict(f"This value cannot be taken out of answers, because {reason}.")
    sent, secrets = _injected(destination, target, value, request)
    count_use(entry, lease)
    return Use(entry, sent, is_listed(target, _listed_hosts()), secrets)


def _allowed(credential: Credential, url: str) -> tuple[Destination, Target]:
    destinations = parse_destinations(credential.destinations)
    found = find_destination(destinations, url, settings.ENVIRONMENT.development_destinations)
    if found is not None:
        return found
    hosts = ", ".join(item.wire_host for item in destinations)
    if not destinations:
        hint = "A person with the level admin on it can add hosts to `destinations` in its policy."
        raise DestinationDenied("The policy of this credential names no destination.", hint=hint)
    raise DestinationDenied(
        "The policy of this credential does not let its value be sent there.",
        hint=f"Over https it may be sent to: {hosts}.",
    )


def _listed_hosts() -> tuple[str, ...]:
    environment = settings.ENVIRONMENT
    return (*environment.private_destinations, *environment.development_destinations)


def _injected(
    destination: Destination, target: Target, value: str, request: UseCredential
) -> tuple[Outgoing, tuple[str, ...]]:
    body = (request.body or "").encode()
    try:
        injected = inject(destination.inject, value, target, request.headers or {}, len(body))
    except InjectionError as error:
        raise Invalid(f"The request cannot be sent: {error}") from None
    sent = parse_url(injected.url)
    outgoing = Outgoing(
        request.method, sent.scheme, sent.host, sent.port, sent.rest, injected.headers, body
    )
    return outgoing, (value, *injected.secrets)


def _send(actor: Actor, use: Use) -> UsedOut:
    """The redacted answer, after its entry was written; a failure has its entry as well."""
    try:
        with exchange(use.request, trusted=use.trusted) as answer:
            used = _redacted(answer, Redactor(use.secrets))
    except NotAllowed:
        error: VaultError = DestinationDenied(
            "This host resolves to an address that Vault does not call."
        )
        _record(actor, use, Outcome.DENIED, code=error.code)
        raise error from None
    except (CallFailed, RedactionError) as failure:
        error = DestinationFailed(f"{failure} The use counts; what was sent may have arrived.")
        _record(actor, use, Outcome.FAILED, code=error.code)
        raise error from None
    except Exception:
        _record(actor, use, Outcome.FAILED, code=VaultError.code)
        raise
    _record(
        actor,
        use,
        Outcome.OK,
        status=used.status,
        bytes=len(used.body.encode()),
        redactions=used.redactions,
        truncated=used.truncated,
    )
    return used


def _redacted(answer: StreamedAnswer, redactor: Redactor) -> UsedOut:
    stream = redactor.stream()
    parts = [stream.feed(chunk) for chunk in answer.chunks]
    parts.append(stream.finish(truncated=answer.truncated))
    headers, in_headers = redactor.redact_headers(_kept(answer.headers))
    return UsedOut(
        status=answer.status,
        headers=_joined(headers),
        body=b"".join(parts).decode(errors="replace"),
        redactions=stream.redactions + in_headers,
        truncated=answer.truncated,
    )


def _kept(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = [(name.lower(), text) for name, text in headers if name.lower() not in DROPPED_HEADERS]
    return [(name, text) for name, text in kept if len(text) <= LONGEST_HEADER][:MOST_HEADERS]


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One member for each name (RFC 9110 §5.2)."""
    joined: dict[str, str] = {}
    for name, text in headers:
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


def _record(actor: Actor, use: Use, outcome: Outcome, **facts: object) -> None:
    """The outcome in a transaction of its own; Unavailable, and no answer, when it fails."""
    details = {**use.draft.details, **facts}
    draft = replace(
        use.draft, event=Event.CREDENTIAL_USED, details=details, facts=(), writes=[], at=None
    )
    try:
        with tenant_transaction(actor.tenant_id):
            record(actor, draft, outcome)
    except (DatabaseError, InterfaceError):
        raise Unavailable() from None
