"""Bearer tokens of the REST resource only: no sessions, no cookies, no query parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.actions import Channel
from access.actor import Actor
from foundation.call_limits import CallLimit
from foundation.errors import VaultError
from foundation.web.client_ip import client_address
from identity.resource_server.bearer_token import bearer_token
from identity.resource_server.verification import actor_from_token
from identity.web.request_context import request_id_of
from tenants.agent_activity import record_activity

CLAIM_LENGTH = 200
# Calls of one person or service account over REST, with all of their tokens, in each web process.
CALL_LIMIT = CallLimit(burst=2000, per_second=200)


@dataclass(frozen=True)
class Caller:
    """The framework's user object; it carries the actor."""

    actor: Actor
    is_authenticated: bool = True


class BearerAuthentication(BaseAuthentication):
    """The actor of the request's token; Unauthenticated or AudienceMismatch otherwise."""

    def authenticate(self, request: Request) -> tuple[Caller, Actor]:
        header = request.META.get("HTTP_AUTHORIZATION")
        actor = actor_from_token(
            bearer_token([header] if header is not None else []),
            resource=settings.REST_RESOURCE,
            channel=Channel.REST,
            request_id=request_id_of(cast(HttpRequest, request)),
            address=_address(request),
            claimed=_claims(request),
        )
        CALL_LIMIT.take((actor.tenant_id, actor.subject))
        record_activity(actor)
        return Caller(actor), actor


def has_valid_token(headers: Sequence[str]) -> bool:
    """Whether the Authorization headers of a request are one token of this resource, in force.

    For a decision before the body is read. Runs in a thread of its own, whose database connection
    it gives back.
    """
    try:
        actor_from_token(
            bearer_token(headers), resource=settings.REST_RESOURCE, channel=Channel.REST
        )
    except (VaultError, DatabaseError):
        return False
    finally:
        connection.close()
    return True


def actor_of(request: Request) -> Actor:
    """The actor that authentication found."""
    actor = request.auth
    assert isinstance(actor, Actor)
    return actor


def _address(request: Request) -> str:
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        [forwarded] if forwarded else [],
        settings.ENVIRONMENT.trusted_proxies,
    )


def _claims(request: Request) -> dict[str, str]:
    agent = "".join(filter(str.isprintable, request.META.get("HTTP_USER_AGENT", "")))
    return {"userAgent": agent[:CLAIM_LENGTH]} if agent else {}
