"""Writes that are safe to repeat: done once per Idempotency-Key, with the same answer each time.

Lock, look up, run, store the answer, commit: one transaction (docs/decisions/0010-rest.md).
"""

import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from pydantic import SecretStr

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.recording import atomic_operations, read_only
from foundation.db.clock import database_now
from foundation.errors import Conflict, Invalid
from restapi.models import KeptAnswer
from restapi.request_parsing import Call
from restapi.responses import Answer, make_answer, replay, storable_body
from restapi.routes.route import Route
from tenants.memberships import active_membership

KEPT = timedelta(hours=24)
RETRY_SECONDS = 2


def respond_once(actor: Actor, route: Route, call: Call, key: str) -> Answer:
    """The operation's answer, or the stored one of the same request.

    Conflict while the first request still runs, Invalid when the key belongs to another request.
    Refusals are not stored, so a repetition runs again.
    """
    actor.require(route.action)
    key_digest = _digest("key", _owner(actor), route.method, route.path, key)
    request = _digest("request", [_plain(argument) for argument in call])
    with atomic_operations(actor):
        _lock(key_digest)
        earlier = _stored(actor, key_digest)
        if earlier is not None:
            _require_membership(actor, route)
            return replay(route, actor, _require_same(earlier, request))
        answer = make_answer(route, route.operation(actor, *call))
        _store(actor, route, answer, key_digest, request)
    return answer


def _require_membership(actor: Actor, route: Route) -> None:
    """Refuse callers whose access has ended since; no operation checks it this time."""
    with read_only(actor, route.action):
        active_membership(actor).require(route.action)


def delete_response(actor: Actor, answer_id: UUID) -> None:
    """Remove an expired answer."""
    with tenant_transaction(actor.tenant_id):
        KeptAnswer.objects.of(actor).filter(pk=answer_id, ends_at__lte=database_now()).delete()


def _lock(key_digest: bytes) -> None:
    """Lock the key until the transaction ends."""
    with connection.cursor() as cursor:
        number = int.from_bytes(key_digest[:8], "big", signed=True)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise Conflict(
            "The request with this Idempotency-Key is still running; repeat it later.",
            retryAfter=RETRY_SECONDS,
        )


def _stored(actor: Actor, key_digest: bytes) -> KeptAnswer | None:
    found = KeptAnswer.objects.of(actor).filter(key_digest=key_digest).first()
    if found is not None and found.ends_at <= database_now():
        found.delete()
        return None
    return found


def _require_same(earlier: KeptAnswer, request: bytes) -> Answer:
    if not hmac.compare_digest(bytes(earlier.request_digest), request):
        raise Invalid("Idempotency-Key: it was used for another request; use a new one.")
    headers = {"ETag": earlier.etag} if earlier.etag else {}
    return Answer(earlier.status, earlier.body, headers)


def _store(actor: Actor, route: Route, answer: Answer, key_digest: bytes, request: bytes) -> None:
    KeptAnswer.objects.create(
        tenant_id=actor.tenant_id,
        key_digest=key_digest,
        request_digest=request,
        status=answer.status,
        body=storable_body(route, answer),
        etag=answer.headers.get("ETag", ""),
        ends_at=database_now() + KEPT,
    )


def _owner(actor: Actor) -> list[str]:
    """The owner of a key; other clients of the same person have their own keys."""
    return [str(part) for part in (actor.tenant_id, actor.subject, actor.client_id, actor.agent_id)]


def _digest(purpose: str, *facts: Any) -> bytes:
    """Keyed, because a request may contain a value that could be guessed."""
    key = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    text = json.dumps([purpose, *facts], sort_keys=True, default=_reveal)
    return hmac.digest(key, b"repeating\0" + text.encode(), sha256)


def _plain(argument: Any) -> Any:
    return argument.model_dump(mode="python") if hasattr(argument, "model_dump") else argument


def _reveal(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
