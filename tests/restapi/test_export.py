"""The audit log as a file, by the API."""

import csv
import json

import httpx2
import pytest

from leases.operations import lease_credential
from leases.shapes import LeaseCredential
from tests.audit_trail import trail
from tests.people import Somebody, store
from tests.restapi.conftest import TokenOf

PATH = "/api/v1/audit/export"
FORMULA = '=HYPERLINK("https://evil.example","look")'


@pytest.fixture
def used(owner: Somebody) -> None:
    """A credential that was leased for a purpose that would be a formula in a spreadsheet."""
    store(owner)
    store(owner, "another-key")
    wish = LeaseCredential(key="stripe-api-key", purpose=FORMULA)
    lease_credential(owner.console, wish)


@pytest.mark.usefixtures("used")
def test_lines_of_json_are_the_entries_of_the_log(admin_api: httpx2.Client) -> None:
    answer = admin_api.get(PATH, params={"key": "stripe-api-key"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    asked = admin_api.get("/api/v1/audit", params={"key": "stripe-api-key"}).json()
    assert lines == asked["entries"]
    assert [one["event"] for one in lines] == ["lease.created", "credential.created"]
    assert lines[0]["purpose"] == FORMULA


@pytest.mark.usefixtures("used")
def test_a_table_holds_no_formula(admin_api: httpx2.Client, owner: Somebody) -> None:
    wish = {"format": "csv", "event": "lease.created"}
    answer = admin_api.get(PATH, params=wish, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"] == 'attachment; filename="vault-audit.csv"'
    (row,) = csv.DictReader(answer.text.splitlines())
    assert row["purpose"] == f"'{FORMULA}"
    (entry,) = trail(owner.console.tenant_id, event="audit.exported")
    assert entry.details == {"asked": {"event": "lease.created"}, "format": "csv"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"format": "xml"}, 422, "input/invalid"),
        ({"limit": "1"}, 422, "input/invalid"),
    ],
)
def test_what_makes_no_file_is_a_problem(
    admin_api: httpx2.Client, query: dict[str, str], status: int, code: str
) -> None:
    answer = admin_api.get(PATH, params=query, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_does_not_govern_gets_no_file(
    http: httpx2.Client, token_of: TokenOf, member: Somebody
) -> None:
    answer = http.get(PATH, headers={"Authorization": f"Bearer {token_of(member)}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth/insufficient-scope")
