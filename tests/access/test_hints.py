"""Every refusal says what would succeed, in every member of the tree of errors."""

from typing import Any

import pytest

from access.actions import Channel
from access.actor import Actor
from foundation.db.ids import NO_ID
from foundation.errors import CredentialNotFound, VaultError
from leases.shapes import LeaseCredential
from mcpserver.tool_calls import refusal
from tests.test_docs import errors

AGENT = Actor(tenant_id=NO_ID, channel=Channel.MCP, client_name="Claude Code (vault)")


def _code(kind: Any) -> str:
    return str(kind.code)


@pytest.mark.parametrize("kind", sorted(errors(), key=_code), ids=_code)
def test_every_refusal_says_what_would_succeed(kind: type[VaultError]) -> None:
    error = kind() if kind is CredentialNotFound else kind(kind.title)
    hint = error.as_problem()["hint"]
    assert len(hint) > 10
    assert hint[0].isupper()
    assert hint in refusal(error, AGENT).text
    if kind is not CredentialNotFound:
        assert kind("x", hint="Do y.").as_problem()["hint"] == "Do y."


def test_an_unknown_argument_is_answered_with_the_known_ones() -> None:
    with pytest.raises(VaultError) as refused:
        LeaseCredential.parse({"key": "a", "purpose": "for a test", "hunter2": "x"})
    assert "key, purpose, ttl, version" in refused.value.detail
    assert "hunter2" not in refused.value.detail
