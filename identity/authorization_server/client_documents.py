"""Clients that identify themselves by the address of a metadata document.

draft-ietf-oauth-client-id-metadata-document-01. The document is fetched for a signed-in person, as
part of an authorization request, through the guard for outgoing calls; what is used of it is kept
as a client, for as long as HTTP's cache rules say (RFC 9111), 5 minutes to a day.
"""

import re
import time
from datetime import timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from foundation.bounded_dict import BoundedDict
from foundation.db.clock import database_now
from foundation.errors import Malformed, TooLarge, Unavailable
from foundation.outgoing import Answer, CallFailed, NotAllowed, call
from foundation.schema.strict_json import parse_strict_object
from identity.authorization_server.registration import (
    ClientMetadata,
    RegistrationError,
    create_public_client,
    read_metadata,
)
from identity.authorization_server.well_known_clients import published_document
from identity.models import Client
from identity.web.rate_limits import REGISTER, REGISTER_FAILED, exhausted, spend
from identity.web.request_context import network_of

# These calls share two places among the outgoing calls, so that they do not take those of sign-ins.
SLOTS = "client metadata documents"
LONGEST = 255
MOST_BYTES = 16 * 1024
LEAST_KEPT, MOST_KEPT = timedelta(minutes=5), timedelta(days=1)
# A document that was once right serves on for a day while its address does not answer.
STALE = timedelta(days=1)
FAILURE_KEPT_SECONDS = 60.0
MOST_FAILURES = 1000
OK = 200
SECRETS = ("client_secret", "client_secret_expires_at")

_MAX_AGE = re.compile(r"(?:^|,)\s*max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|,)\s*(?:no-store|no-cache|private)\b", re.IGNORECASE)


class DocumentRefused(Exception):
    """The document cannot be used; the text says why, and repeats nothing of it."""


class _NoAnswer(DocumentRefused):
    """The address did not answer with a document."""


class Failures:
    """The addresses that failed a moment ago, so that they are not called again at once."""

    def __init__(self) -> None:
        self._kept = BoundedDict[str, tuple[float, DocumentRefused]](MOST_FAILURES)
        self._lock = Lock()

    def raise_recent(self, url: str) -> None:
        """Raise what was refused less than a minute ago."""
        with self._lock:
            at, refused = self._kept.get(url, (0.0, None))
        if refused is not None and time.monotonic() - at < FAILURE_KEPT_SECONDS:
            raise refused

    def keep(self, url: str, refused: DocumentRefused) -> None:
        """Remember a refusal."""
        with self._lock:
            self._kept[url] = time.monotonic(), refused

    def forget(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._kept.clear()


failures = Failures()


def is_document_address(client_id: str) -> bool:
    """Whether a client id is the address of a document, right or wrong."""
    return client_id[:8].lower() == "https://"


def resolve_document(client_id: str, request: HttpRequest) -> None:
    """Keep the client that the document describes, fetched anew when it is due.

    Raises DocumentRefused, and Unavailable when too many documents are being fetched. No
    transaction may be open.
    """
    known = Client.objects.filter(client_id=client_id).first()
    now = database_now()
    if known is not None and (not known.is_usable() or _is_current(known, now)):
        return
    _require_form(client_id)
    failures.raise_recent(client_id)
    try:
        described, kept = _described(client_id, request)
    except _NoAnswer as refused:
        failures.keep(client_id, refused)
        expired = known.cimd_expires_at if known else None
        if expired is None or expired + STALE < now:
            raise
        return
    except DocumentRefused as refused:
        failures.keep(client_id, refused)
        raise
    with transaction.atomic():
        _store(client_id, described, kept, request)


def _is_current(known: Client, now: Any) -> bool:
    return known.cimd_expires_at is None or now < known.cimd_expires_at


def _require_form(client_id: str) -> None:
    """§3 of the draft: https, a path without dot segments, no fragment, nobody's name."""
    try:
        parts = urlsplit(client_id)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    segments = parts.path.lower().replace("%2e", ".").split("/")
    right = (
        client_id.startswith("https://")
        and len(client_id) <= LONGEST
        and parts.hostname
        and port != 0
        and len(parts.path) > 1
        and "@" not in parts.netloc
        and "#" not in client_id
        and "\\" not in client_id
        and not {".", ".."} & set(segments)
    )
    if not right:
        raise DocumentRefused("The app's id is no valid address of a metadata document.")


def _described(client_id: str, request: HttpRequest) -> tuple[ClientMetadata, timedelta]:
    network = network_of(request)
    if exhausted(REGISTER, network) or exhausted(REGISTER_FAILED, network):
        raise Unavailable("Too many apps were registered from your network; try again later.")
    try:
        answer = _fetched(client_id)
    except _NoAnswer:
        published = published_document(client_id)
        if published is None:
            spend(REGISTER_FAILED, network)
            raise
        return _read(published, client_id), LEAST_KEPT
    try:
        described = _read(_parsed(answer), client_id)
    except DocumentRefused:
        spend(REGISTER_FAILED, network)
        raise
    spend(REGISTER, network)
    return described, _kept_for(answer)


def _fetched(client_id: str) -> Answer:
    try:
        answer = call("GET", client_id, tenant=SLOTS, headers={"Accept": "application/json"})
    except NotAllowed:
        raise DocumentRefused(
            "The app's metadata document is at an address that is not allowed."
        ) from None
    except CallFailed:
        raise _NoAnswer("The address of the app's metadata document does not answer.") from None
    if answer.status != OK:
        raise _NoAnswer("The address of the app's metadata document answers without a document.")
    return answer


def _parsed(answer: Answer) -> dict[str, Any]:
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (
        media.startswith("application/") and media.endswith("+json")
    ):
        raise DocumentRefused("The app's metadata document is not JSON.")
    if len(answer.body) > MOST_BYTES:
        raise DocumentRefused("The app's metadata document is too large.")
    try:
        return parse_strict_object(answer.body)
    except (Malformed, TooLarge):
        raise DocumentRefused("The app's metadata document is not a JSON object.") from None


def _read(document: dict[str, Any], client_id: str) -> ClientMetadata:
    if document.get("client_id") != client_id:
        raise DocumentRefused("The app's metadata document belongs to another address.")
    if any(name in document for name in SECRETS):
        raise DocumentRefused("The app's metadata document contains a secret.")
    methods = document.get("token_endpoint_auth_methods_supported")
    if document.get("token_endpoint_auth_method", "none") != "none" and not (
        isinstance(methods, list) and "none" in methods
    ):
        raise DocumentRefused("The app's metadata document requires authentication of the client.")
    given = {name: value for name, value in document.items() if value is not None}
    given.setdefault("grant_types", ["authorization_code"])
    try:
        return read_metadata(given, "https://" + urlsplit(client_id).netloc)
    except RegistrationError as error:
        raise DocumentRefused(f"The app's metadata document is not accepted. {error}") from None


def _kept_for(answer: Answer) -> timedelta:
    """RFC 9111 §5.2.2, within our own bounds."""
    control = answer.headers.get("cache-control", "")
    age = _MAX_AGE.search(control)
    if age is None or _NOT_KEPT.search(control):
        return LEAST_KEPT
    return min(max(timedelta(seconds=int(age[1])), LEAST_KEPT), MOST_KEPT)


def _store(
    client_id: str, described: ClientMetadata, kept: timedelta, request: HttpRequest
) -> None:
    values = {**described.columns, "cimd_expires_at": database_now() + kept}
    own = {"client_id": client_id, "registration_source": Client.RegistrationSource.CIMD}
    if Client.objects.filter(**own).update(**values):
        return
    try:
        with transaction.atomic():
            create_public_client(request, **own, **values)
    except IntegrityError:  # the same document at the same moment, in another tab
        return
