"""A missing scope is the one refusal that is HTTP 403: the client then asks its person for more."""

from django.conf import settings

from devtools.client.mcp import ERAS
from tests.audit_trail import trail
from tests.mcpserver.conftest import Connect
from tests.people import Somebody, store

ROTATION = {"key": "stripe-api-key", "generate": True}


def test_a_missing_scope_is_challenged_with_all_that_is_needed(
    agent_of: Connect, owner: Somebody
) -> None:
    store(owner)
    for version in ERAS:
        agent = agent_of(owner, version, scopes="vault:read offline_access")
        params = {"name": "vault.rotate_credential", "arguments": ROTATION}
        answer = agent.ask("tools/call", params)

        assert answer.status_code == 403
        assert answer.json()["code"] == "auth/insufficient-scope"
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="vault:read vault:write"' in challenge
        assert f'resource_metadata="{settings.PUBLIC_URL}/.well-known/' in challenge
        assert agent.answer("vault.get_credential_metadata", key="stripe-api-key")["version"] == 1

        entry = trail(owner.console.tenant_id, event="access.denied")[-1]
        assert entry.details == {
            "action": "rotate_credential",
            "code": "auth/insufficient-scope",
        }


def test_the_underscore_name_needs_the_same_scope(agent_of: Connect, owner: Somebody) -> None:
    agent = agent_of(owner, scopes="vault:read")
    params = {"name": "vault_rotate_credential", "arguments": ROTATION}
    assert agent.ask("tools/call", params).status_code == 403


def test_the_higher_scope_satisfies_the_lower(agent_of: Connect, owner: Somebody) -> None:
    agent = agent_of(owner, scopes="vault:write")
    assert agent.answer("vault.list_credentials")["credentials"] == []


def test_a_missing_right_is_no_missing_scope(
    agent_of: Connect, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    refusal = agent_of(member).refusal("vault.rotate_credential", **ROTATION)
    assert refusal["code"] == "access/permission-denied"
