"""GET /metrics: for whoever has the token, and for nobody where there is none."""

import re
from collections.abc import Iterator
from secrets import token_urlsafe

import httpx2
import pytest
from django.conf import settings
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from audit.processes import this_process
from tests.oauth_client import reach
from tests.people import CANARY, Somebody, lease, read, store
from tests.refusals import code_of
from vaultsite.environment import Environment
from vaultsite.metrics import HELP

TOKEN = token_urlsafe(32)


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """The running product with a token for metrics."""
    environment = settings.ENVIRONMENT.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with override_settings(ENVIRONMENT=environment), reach(server) as connection:
        yield connection


def scraped(http: httpx2.Client) -> dict[str, float]:
    """Every sample as `name{labels}`."""
    answer = http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert CANARY not in answer.text
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN],
    ids=["none", "empty", "longer", "basic", "bare"],  # tokens belong in no output
)
def test_without_the_token_there_is_nothing_to_see(http: httpx2.Client, header: str) -> None:
    answer = http.get("/metrics", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.text) == (401, "A token is needed.\n")


def test_without_a_setting_there_is_no_such_address(server: str, database: None) -> None:
    with reach(server) as plain:
        answer = plain.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 404


def test_a_weak_token_stops_the_start() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        Environment.is_a_strong_token(SecretStr("short"))


def test_leases_reads_and_refusals_are_counted(http: httpx2.Client, owner: Somebody) -> None:
    before = scraped(http)
    store(owner)
    handle = lease(owner.agent).lease_handle
    read(owner.agent, handle)
    assert code_of(lambda: read(owner.agent, "vlt_lease_x")) == "lease/invalid-handle"
    after = scraped(http)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown("vault_audit_entries_total|lease.created") == 1
    assert grown("vault_audit_entries_total|credential.read") == 1
    assert grown("vault_refusals_total|lease/invalid-handle") == 1
    assert grown("vault_leases_active") == 1


def test_every_documented_metric_is_there(http: httpx2.Client, owner: Somebody) -> None:
    store(owner)
    this_process.show_life()
    assert code_of(lambda: read(owner.agent, "vlt_lease_x")) == "lease/invalid-handle"
    found = {name.split("|")[0] for name in scraped(http)}
    guide = (settings.BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(vault_[a-z_]+)", guide)) - {"vault_owner", "vault_app"}
    without_pool = {"vault_database_pool_in_use", "vault_database_pool_waiting"}
    ours = {name for name in found if name.startswith("vault_") and not name.endswith("_created")}
    assert ours == documented - without_pool
    assert {f"vault_{name}" for name in HELP} <= found
