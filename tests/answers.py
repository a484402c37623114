"""Answers of the REST API that are kept for a repetition."""

from credentials.operations import create_credential
from credentials.shapes.credentials import CreateCredential
from restapi.idempotency import respond_once
from restapi.responses import Answer
from restapi.routes import ROUTES
from tests.people import CANARY, Somebody


def once(who: Somebody, key: str) -> Answer:
    """A credential stored under an Idempotency-Key of its own name."""
    (route,) = (one for one in ROUTES if one.operation is create_credential)
    request = CreateCredential.parse({"key": key, "type": "api-key", "value": CANARY})
    return respond_once(who.console, route, (request,), key)
