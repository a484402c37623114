"""Value, handle and token appear in the answer that carries them, and in no log at any level."""

import logging

import pytest

from devtools.client.mcp import ERAS
from tests.mcpserver.conftest import Connect
from tests.people import CANARY, PURPOSE, Somebody, store

OWN_CLIENT = ("httpx2", "httpcore2")


def test_the_logs_of_the_main_job_tell_nothing(
    agent_of: Connect, owner: Somebody, caplog: pytest.LogCaptureFixture
) -> None:
    store(owner)
    secrets = {CANARY, "sk_live_second"}
    with caplog.at_level(logging.DEBUG):
        for version in ERAS:
            agent = agent_of(owner, version)
            lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
            handle = lease["leaseHandle"]
            agent.answer("vault.read_credential", leaseHandle=handle)
            agent.refusal("vault.read_credential", leaseHandle=handle + "x")
            agent.answer("vault.release_lease", leaseHandle=handle)
            secrets |= {handle, agent.token}
        agent.call("vault.rotate_credential", key="stripe-api-key", newValue="sk_live_second")

    ours = [one for one in caplog.records if one.name.split(".")[0] not in OWN_CLIENT]
    logged = "\n".join(f"{one.getMessage()} {one.exc_info}" for one in ours)
    assert not [secret for secret in secrets if secret in logged]
