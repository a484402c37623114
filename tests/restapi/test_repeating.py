"""Idempotency-Key: a write that is repeated is done once and answered the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NoReturn

import httpx2
import pytest

from access.levels import Role
from audit.models import Entry
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from leases.shapes import SecretOut
from restapi import idempotency, views
from restapi.routes import ROUTES
from restapi.tasks import forget_answers
from tenants.operations import change_role
from tenants.shapes.members import ChangeRole
from tests.audit_trail import trail
from tests.oauth_client import reach
from tests.people import CANARY, PURPOSE, Somebody, grant, join, new_person, set_agent, store
from tests.restapi.conftest import ADMIN, TokenOf
from tests.storage import dump, owner_sql

CREDENTIALS = "/api/v1/credentials"
LEASES = "/api/v1/leases"
WISH = {"key": "new-key", "type": "api-key", "value": CANARY}
KEY = {"Idempotency-Key": "deploy-4711"}


def code(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def created(owner: Somebody) -> list[Entry]:
    """The entries of what was stored."""
    return trail(owner.console.tenant_id, event="credential.created")


def test_a_repeated_write_is_done_once(api: httpx2.Client, owner: Somebody) -> None:
    first = api.post(CREDENTIALS, json=WISH, headers=KEY)
    again = api.post(CREDENTIALS, json=WISH, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(created(owner)) == 1


def test_without_a_key_nothing_is_repeated(api: httpx2.Client) -> None:
    assert api.post(CREDENTIALS, json=WISH).status_code == 201
    assert code(api.post(CREDENTIALS, json=WISH)) == (409, "state/conflict")


def test_the_same_key_with_another_request_is_refused(api: httpx2.Client) -> None:
    api.post(CREDENTIALS, json=WISH, headers=KEY)

    for other in ({**WISH, "value": "another"}, {**WISH, "key": "another"}):
        assert code(api.post(CREDENTIALS, json=other, headers=KEY)) == (422, "input/invalid")


def test_a_key_belongs_to_its_route_and_its_path(api: httpx2.Client, owner: Somebody) -> None:
    store(owner, "one")
    store(owner, "two")

    for path in ("one/archive", "one/restore", "two/archive"):
        answer = api.post(f"{CREDENTIALS}/{path}", headers={"Idempotency-Key": path})
        assert answer.status_code == 204
        assert "idempotency-replayed" not in answer.headers
    again = api.post(f"{CREDENTIALS}/one/archive", headers={"Idempotency-Key": "one/archive"})
    assert (again.status_code, again.content) == (204, b"")
    listed = list_credentials(owner.console, ListCredentials())
    states = {one.key: one.state for one in listed.credentials}
    assert states == {"one": "active", "two": "archived"}


def test_a_key_belongs_to_its_client_and_tenant(
    http: httpx2.Client, token_of: TokenOf, owner: Somebody, outsider: Somebody
) -> None:
    def post(token: str, **more: str) -> httpx2.Response:
        headers = {**KEY, "Authorization": f"Bearer {token}"}
        return http.post(CREDENTIALS, json={**WISH, **more}, headers=headers)

    assert post(token_of(owner)).status_code == 201
    assert post(token_of(owner), key="of-another-client").status_code == 201
    assert post(token_of(outsider)).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ä"])
def test_a_key_has_a_form(api: httpx2.Client, key: str) -> None:
    answer = api.post(CREDENTIALS, json=WISH, headers={b"Idempotency-Key": key.encode()})
    assert code(answer) == (422, "input/invalid")


def test_who_was_stopped_is_not_answered_again(
    http: httpx2.Client, token_of: TokenOf, owner: Somebody
) -> None:
    ada = join(owner, new_person("ada"), Role.ADMIN)
    http.headers["Authorization"] = f"Bearer {token_of(ada, ADMIN)}"
    assert http.post("/api/v1/groups", json={"name": "Deploys"}, headers=KEY).status_code == 201
    again = partial(http.post, "/api/v1/groups", json={"name": "Deploys"}, headers=KEY)
    (agent,) = owner_sql("SELECT id FROM agent WHERE name LIKE 'program %%'")[0]

    set_agent(owner, agent, "suspended")
    assert code(again()) == (403, "access/permission-denied")
    set_agent(owner, agent, "active")
    assert again().headers["idempotency-replayed"] == "true"
    change_role(owner.console, ChangeRole(person_id=ada.id, role="member"))
    assert code(again()) == (403, "access/permission-denied")
    assert len(trail(owner.console.tenant_id, outcome="denied")) == 2


def test_a_refused_request_is_tried_again(api: httpx2.Client, owner: Somebody) -> None:
    missing = api.post(f"{CREDENTIALS}/new-key/archive", headers=KEY)
    assert code(missing) == (404, "credential/not-found")
    store(owner, "new-key")
    assert api.post(f"{CREDENTIALS}/new-key/archive", headers=KEY).status_code == 204


def test_a_refusal_under_a_key_is_recorded_like_any_other(
    http: httpx2.Client, token_of: TokenOf, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    http.headers["Authorization"] = f"Bearer {token_of(member)}"
    for headers in ({}, KEY):
        answer = http.post(f"{CREDENTIALS}/stripe-api-key/archive", headers=headers)
        assert code(answer) == (403, "access/permission-denied")

    plain, keyed = trail(owner.console.tenant_id, outcome="denied")
    assert (plain.event, plain.credential_key) == (keyed.event, keyed.credential_key)
    assert plain.details == keyed.details


def test_a_request_for_approval_stays_although_it_is_refused(
    api: httpx2.Client, owner: Somebody
) -> None:
    store(owner, policy={"approval": "required"})
    wish = {"key": "stripe-api-key", "purpose": PURPOSE}
    first, again = (api.post(LEASES, json=wish, headers=KEY) for _ in range(2))

    assert code(first) == code(again) == (409, "access/approval-pending")
    assert first.json()["approvalId"] == again.json()["approvalId"]
    assert len(trail(owner.console.tenant_id, event="access.requested")) == 1


def test_a_repeated_lease_is_the_same_lease_with_its_handle_made_again(
    api: httpx2.Client, owner: Somebody
) -> None:
    store(owner)
    wish = {"key": "stripe-api-key", "purpose": PURPOSE}
    first = api.post(LEASES, json=wish, headers=KEY).json()
    again = api.post(LEASES, json=wish, headers=KEY).json()

    assert first == again
    assert len(trail(owner.console.tenant_id, event="lease.created")) == 1
    read = api.post(f"{LEASES}/read", json={"leaseHandle": again["leaseHandle"]})
    assert read.json()["value"] == CANARY
    assert first["leaseHandle"] not in str(dump())


def test_a_read_takes_no_key(api: httpx2.Client, owner: Somebody) -> None:
    store(owner)
    lease = api.post(LEASES, json={"key": "stripe-api-key", "purpose": PURPOSE}).json()
    handle = {"leaseHandle": lease["leaseHandle"]}

    assert code(api.post(f"{LEASES}/read", json=handle, headers=KEY)) == (422, "input/invalid")
    assert not trail(owner.console.tenant_id, event="credential.read")


def test_every_route_that_gives_a_value_takes_no_key() -> None:
    assert [route.name for route in ROUTES if route.gives is SecretOut] == ["readCredential"]
    # The link of an invitation lets its holder in, so its answer is not stored either.
    once = {route.name for route in ROUTES if not route.repeatable}
    assert once == {"readCredential", "useCredential", "showInvitationLink"}


def test_what_is_kept_holds_no_value(api: httpx2.Client, owner: Somebody) -> None:
    api.post(CREDENTIALS, json=WISH, headers=KEY)
    store(owner)
    rotations = f"{CREDENTIALS}/stripe-api-key/rotations"
    api.post(rotations, json={"newValue": CANARY + "2"}, headers=KEY)

    kept = dump()["kept_answer"]
    assert len(kept) == 2
    assert CANARY not in str(kept)
    assert "deploy-4711" not in str(kept)


def test_a_crash_before_the_commit_leaves_neither_the_change_nor_the_answer(
    api: httpx2.Client, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "_store", _breaks)
        assert api.post(CREDENTIALS, json=WISH, headers=KEY).status_code == 500
    assert (created(owner), dump()["kept_answer"]) == ([], [])

    assert api.post(CREDENTIALS, json=WISH, headers=KEY).status_code == 201


def test_an_answer_that_was_lost_is_given_again(
    api: httpx2.Client, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit happened; the connection or the process ended before the answer was out."""
    with monkeypatch.context() as patch:
        patch.setattr(views.Resource, "finalize_response", _breaks)
        assert api.post(CREDENTIALS, json=WISH, headers=KEY).status_code == 500

    again = api.post(CREDENTIALS, json=WISH, headers=KEY)
    assert (again.status_code, again.json()["key"]) == (201, "new-key")
    assert len(created(owner)) == 1


def _breaks(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("broken")


def test_a_request_that_still_runs_is_not_started_twice(
    api: httpx2.Client, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(keep: Callable[..., None]) -> Callable[..., None]:
        def kept(*arguments: Any) -> None:
            with ThreadPoolExecutor(1) as other:
                second.append(other.submit(_again, api).result())
            keep(*arguments)

        return kept

    second: list[httpx2.Response] = []
    monkeypatch.setattr(idempotency, "_store", meanwhile(idempotency._store))
    first = api.post(CREDENTIALS, json=WISH, headers=KEY)

    assert first.status_code == 201
    assert code(second[0]) == (409, "state/conflict")
    assert int(second[0].headers["retry-after"]) > 0
    assert len(created(owner)) == 1


def _again(api: httpx2.Client) -> httpx2.Response:
    with reach(str(api.base_url)) as other:
        headers = {**KEY, "Authorization": api.headers["Authorization"]}
        return other.post(CREDENTIALS, json=WISH, headers=headers)


def test_an_answer_is_forgotten_after_a_day(api: httpx2.Client, owner: Somebody) -> None:
    api.post(CREDENTIALS, json=WISH, headers=KEY)
    forget_answers()
    assert len(dump()["kept_answer"]) == 1
    owner_sql("UPDATE kept_answer SET ends_at = clock_timestamp()")

    late = api.post(CREDENTIALS, json=WISH, headers=KEY)
    assert code(late) == (409, "state/conflict")
    assert "idempotency-replayed" not in late.headers

    forget_answers()
    assert dump()["kept_answer"] == []


def test_a_key_lets_nobody_do_more(
    http: httpx2.Client, token_of: TokenOf, owner: Somebody, member: Somebody
) -> None:
    """Who lost the right in between gets the old answer at most, and nothing is done."""
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    http.headers["Authorization"] = f"Bearer {token_of(member)}"
    wish = {"key": "stripe-api-key", "purpose": PURPOSE}
    lease = http.post(LEASES, json=wish, headers=KEY).json()
    owner_sql("DELETE FROM credential_grant")

    again = http.post(LEASES, json=wish, headers=KEY).json()
    assert again == lease
    read = http.post(f"{LEASES}/read", json={"leaseHandle": again["leaseHandle"]})
    assert read.status_code in (403, 410)
    assert CANARY not in read.text
