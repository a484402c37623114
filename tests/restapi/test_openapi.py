"""The OpenAPI document is valid, says all of the table, and is what the server does."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import httpx2
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest import Subtests

from access.actions import RULES
from foundation.db.ids import public_id
from foundation.schema.strict_json import MAXIMUM_BODY
from restapi.openapi import document
from restapi.routes import ROUTES
from restapi.urls import urlpatterns
from tests.people import CANARY, PURPOSE, Somebody, store
from tests.restapi.conftest import ADMIN, TokenOf

ADDRESS = "/api/v1/openapi.json"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and description of each operation in the document."""
    for address, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), address, operation


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_everybody_gets_it(http: httpx2.Client) -> None:
    answer = http.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document()
    refused = http.post(ADDRESS)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.json()["code"] == "request/method-not-allowed"


def test_it_has_exactly_the_addresses_that_are_served() -> None:
    served = {re.sub(r"<str:(\w+)>", r"{\1}", str(one.pattern)) for one in urlpatterns}

    assert {address.lstrip("/") for _, address, _ in operations()} == served - {
        "openapi.json",
        "docs",
    }
    assert {(method, address.lstrip("/")) for method, address, _ in operations()} == {
        (route.method, route.path) for route in ROUTES
    }


def test_each_operation_says_its_scope_and_its_errors() -> None:
    described = {operation["operationId"]: operation for _, _, operation in operations()}
    for route in ROUTES:
        operation = described[route.name]
        scope = RULES[route.action].scope.value
        assert operation["security"] == [{"oauth": [scope]}, {"bearer": []}]
        for error in route.refusals:
            answer = described_answer(operation, error.status)["content"]
            schema = answer["application/problem+json"]["schema"]
            assert error.code in schema["allOf"][1]["properties"]["code"]["enum"]


def described_answer(operation: dict[str, Any], status: int) -> dict[str, Any]:
    """The answer with this status. Refusals are shared; what no route has alone is the default."""
    responses: dict[str, Any] = operation["responses"]
    answer: dict[str, Any] = responses.get(str(status), responses["default"])
    name = answer.get("$ref", "").rpartition("/")[2]
    return document()["components"]["responses"][name] if name else answer


def test_it_is_small_and_no_refusal_is_described_twice() -> None:
    assert len(json.dumps(document(), separators=(",", ":")).encode()) <= 200_000
    for method, address, operation in operations():
        refusals = {status: one for status, one in operation["responses"].items() if status > "399"}
        assert all(list(one) == ["$ref"] for one in refusals.values()), (method, address)
    shared = [json.dumps(one) for one in document()["components"]["responses"].values()]
    assert len(shared) == len(set(shared))


def test_no_two_addresses_can_be_confused() -> None:
    """A parameter of one never stands where another has a fixed word, for the same length."""
    split = [address.strip("/").split("/") for address in document()["paths"]]
    for one, other in combinations(split, 2):
        if len(one) == len(other):
            pairs = list(zip(one, other, strict=True))
            mixed = {a.startswith("{") for a, b in pairs if a.startswith("{") != b.startswith("{")}
            fixed = all(a == b or "{" in (a[0], b[0]) for a, b in pairs)
            assert not (fixed and mixed == {True, False}), (one, other)


def test_a_write_may_be_repeated_and_what_has_a_state_is_changed_only_in_it() -> None:
    for route in ROUTES:
        operation = document()["paths"][f"/{route.path}"][route.method.lower()]
        named = [one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]]
        answered = operation["responses"][str(route.done)]["headers"]
        repeatable = route.writes and route.repeatable
        assert ("IdempotencyKey" in named) == ("Idempotency-Replayed" in answered) == repeatable
        assert ("IfMatch" in named) == route.conditional
        assert ("ETag" in answered) == route.versioned


def test_durations_go_in_both_ways_and_come_out_as_seconds() -> None:
    lease = document()["paths"]["/leases"]["post"]
    taken = lease["requestBody"]["content"]["application/json"]["schema"]["properties"]
    given = document()["components"]["schemas"]["LeaseOut"]["properties"]

    assert {one["type"] for one in taken["ttl"]["anyOf"]} == {"integer", "string", "null"}
    assert given["ttlSeconds"]["type"] == "integer"
    assert "ttl" not in given
    assert "ttlSeconds" not in taken


def test_answers_of_the_running_server_are_as_described(
    admin_api: httpx2.Client, owner: Somebody, subtests: Subtests
) -> None:
    """Every list and what hangs on one credential; refusals of all of them."""
    store(owner, value=CANARY)
    lease = {"key": "stripe-api-key", "purpose": PURPOSE}
    calls = [("POST", "/leases", lease, {}), ("GET", "/reach", None, _own(owner))]
    calls += [
        (method, address, None, QUERIES.get(address, {}))
        for method, address, _ in operations()
        if method == "GET" and address != "/reach" and set(_places(address)) <= {"key"}
    ]
    for method, address, body, query in calls:
        with subtests.test(address=address):
            here = address.replace("{key}", "stripe-api-key")
            answer = admin_api.request(method, f"/api/v1{here}", json=body, params=query)
            assert answer.status_code in (200, 201, 409)
            _as_described(method, address, answer)
            refused = admin_api.request(method, f"/api/v1{here}", params={"nonsense": "1"})
            assert refused.status_code in (415, 422)
            _as_described(method, address, refused)


QUERIES = {"/search": {"query": "stripe"}, "/access": {"key": "stripe-api-key"}}


def _own(owner: Somebody) -> dict[str, str]:
    return {"personId": public_id("person", owner.person.pk)}


def _places(address: str) -> list[str]:
    return re.findall(r"{(\w+)}", address)


def _as_described(method: str, address: str, answer: httpx2.Response) -> None:
    """Status, media type, members and headers are those of the document."""
    operation = document()["paths"][address][method.lower()]
    described = described_answer(operation, answer.status_code)
    components = {"components": document()["components"]}
    for name, reference in described["headers"].items():
        header = components["components"]["headers"][reference["$ref"].rpartition("/")[2]]
        assert name in answer.headers or not header.get("required"), name
        if name in answer.headers:
            sent: Any = answer.headers[name]
            sent = int(sent) if header["schema"]["type"] == "integer" else sent
            OAS31Validator(header["schema"]).validate(sent)
    if "content" not in described:
        assert answer.content == b""
        return
    media = answer.headers["content-type"]
    schema = described["content"][media]["schema"]
    told = answer.json() if media.endswith("json") and "ndjson" not in media else answer.text
    OAS31Validator({**schema, **components}).validate(told)


def test_what_the_door_refuses_is_described_on_every_operation(
    http: httpx2.Client, token_of: TokenOf, owner: Somebody, subtests: Subtests
) -> None:
    """Without a token or with one for little, with another method, in another form, too much."""
    little = {"Authorization": f"Bearer {token_of(owner, 'vault:read')}"}
    whole = {"Authorization": f"Bearer {token_of(owner, ADMIN)}"}
    for method, address, operation in operations():
        mistakes: list[tuple[int, str, dict[str, Any]]] = [
            (401, method, {}),
            (405, "TRACE", {"headers": whole}),
            (406, method, {"headers": {**whole, "Accept": "text/html"}}),
            (415, method, {"headers": {**whole, "Content-Type": "text/csv"}, "content": b"a,b"}),
            (400, method, {"headers": {**whole, **JSON}, "content": b'{"a": 1, "a": 2}'}),
        ]
        if "vault:read" not in operation["security"][0]["oauth"]:
            mistakes.append((403, method, {"headers": little}))
        if address == "/tags":
            mistakes.append((413, method, {"headers": JSON, "content": b" " * (MAXIMUM_BODY + 1)}))
        for status, way, request in mistakes:
            with subtests.test(address=address, method=way, status=status):
                answer = http.request(way, f"/api/v1{_no_such(address)}", **request)
                assert answer.status_code == status
                _as_described(method, address, answer)


JSON = {"Content-Type": "application/json"}


def _no_such(address: str) -> str:
    return re.sub(r"{\w+}", "no-such", address)
