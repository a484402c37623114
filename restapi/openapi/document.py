"""The document: every route with its parameters, answers, errors and scope."""

from functools import cache
from typing import Any

from django.conf import settings

from access.scopes import SCOPE_MEANINGS, Scope
from restapi.openapi.error_responses import error_responses, shared_responses
from restapi.openapi.headers import ANSWERED, PARAMETERS, headers_of_answer
from restapi.openapi.schemas import Schemas
from restapi.routes import ROUTES
from restapi.routes.route import Route

INTRODUCTION = """\
What scripts, pipelines and other services can do with Vault. Tokens come from `/oauth/token` or are
personal tokens; send them as `Authorization: Bearer …`.

Durations are sent as seconds or as `15m` and returned as seconds. To read a whole list, send
`nextCursor` as `cursor` until it is null. Every refusal is a problem document (RFC 9457) whose
`code` is stable. A write with an `Idempotency-Key` can be repeated safely for a day.
"""

SUBJECTS = {
    "Access requests": "Asking for a level, and deciding on such requests",
    "Agents": "The agents that people connected",
    "Approvals": "Leases that wait for a person's decision",
    "Audit": "The tenant's log",
    "Credential requests": "Asking people to store a credential that is missing",
    "Credentials": "Storing, finding, changing and ending credentials",
    "Folders": "Where credentials are kept",
    "Grants": "Who may do what on which credential or folder",
    "Groups": "Members who receive grants together",
    "Keys": "The tenant's keys, under which values are sealed",
    "Leases": "Using a credential for a limited time",
    "Members": "The people of the tenant",
    "Personal tokens": "A person's own tokens for scripts",
    "Reach": "What somebody can use, and who can use something",
    "Rotations": "New values, with a window for the old one",
    "Service accounts": "Accounts of programs, with their secrets and keys",
    "Settings": "The tenant's settings",
}


@cache
def document() -> dict[str, Any]:
    """The document; constant while the process runs."""
    schemas = Schemas.of(ROUTES)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        address = paths.setdefault(f"/{route.path}", {})
        address[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vault",
            "version": "1",
            "description": INTRODUCTION,
            "contact": {"name": "The operator of this installation", "url": settings.PUBLIC_URL},
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{settings.PUBLIC_URL}/api/v1"}],
        "tags": [
            {"name": name, "description": SUBJECTS[name]}
            for name in dict.fromkeys(route.subject for route in ROUTES)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "responses": shared_responses(ROUTES),
            "parameters": PARAMETERS,
            "headers": ANSWERED,
            "securitySchemes": _security(),
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.subject],
        "security": [{"oauth": [route.scope.value]}, {"bearer": []}],
        "parameters": _parameters(route, schemas),
        "responses": {str(route.done): _answer(route, schemas)} | error_responses(route),
    }
    if route.in_body and route.members:
        body = schemas.body(route)
        operation["requestBody"] = {
            "required": "required" in body,
            "content": {"application/json": {"schema": body}},
        }
    return operation


def _parameters(route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    found = [_place(route, name, schemas) for name in route.places]
    if not route.in_body:
        found += [_query(route, name, schemas) for name in route.members]
    if route.conditional:
        found.append({"$ref": "#/components/parameters/IfMatch"})
    if route.writes and route.repeatable:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return found


def _place(route: Route, name: str, schemas: Schemas) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if route.takes is not None:
        schema, _ = schemas.member(route, name)
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(route: Route, name: str, schemas: Schemas) -> dict[str, Any]:
    schema, required = schemas.member(route, name)
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _answer(route: Route, schemas: Schemas) -> dict[str, Any]:
    headers = headers_of_answer(route)
    if route.media:
        file = {"schema": {"type": "string"}}
        content = dict.fromkeys(route.media.values(), file)
        return {"description": "The file", "headers": headers, "content": content}
    if route.gives is None:
        return {"description": "Done, without content", "headers": headers}
    return {
        "description": "Done" if route.writes else "Found",
        "headers": headers,
        "content": {"application/json": {"schema": schemas.answer(route.gives)}},
    }


def _security() -> dict[str, Any]:
    meanings = {scope.value: SCOPE_MEANINGS[scope] for scope in Scope}
    token = f"{settings.PUBLIC_URL}/oauth/token"
    return {
        "oauth": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{settings.PUBLIC_URL}/oauth/authorize",
                    "tokenUrl": token,
                    "scopes": meanings,
                },
                "clientCredentials": {"tokenUrl": token, "scopes": meanings},
            },
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "A personal token"},
    }
