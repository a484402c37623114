"""Many calls at once: a single use stays a single use, and nobody gets another's answer."""

from concurrent.futures import ThreadPoolExecutor

from tests.mcpserver.agent import Agent
from tests.mcpserver.conftest import Connect
from tests.people import PURPOSE, Somebody, store

ROUNDS, READERS = 3, 20


def test_of_parallel_reads_of_a_single_use_lease_exactly_one_wins(
    agent: Agent, owner: Somebody
) -> None:
    store(owner, policy={"maxUses": 1})
    with ThreadPoolExecutor(READERS) as crowd:
        for _ in range(ROUNDS):
            lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
            reads = crowd.map(
                lambda handle: agent.call("vault.read_credential", leaseHandle=handle),
                [lease["leaseHandle"]] * READERS,
            )
            told = sorted(one["structuredContent"].get("code", "") for one in reads)
            assert told == ["", *["lease/consumed"] * (READERS - 1)]


def test_parallel_agents_each_get_their_own(
    agent_of: Connect, owner: Somebody, outsider: Somebody
) -> None:
    store(owner, value="sk_live_of_acme")
    store(outsider, value="sk_live_of_globex")
    agents = [agent_of(owner), agent_of(outsider)] * 10

    def lease_and_read(agent: Agent) -> str:
        lease = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
        secret = agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])
        return str(secret["value"])

    with ThreadPoolExecutor(len(agents)) as crowd:
        values = list(crowd.map(lease_and_read, agents))

    assert values == ["sk_live_of_acme", "sk_live_of_globex"] * 10
