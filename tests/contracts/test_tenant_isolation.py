"""Nothing of acme is reachable from globex: every operation, tool and address, as the outsider."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from access.actions import RULES, SYSTEM
from access.actor import Actor, system_actor
from foundation.errors import VaultError
from mcpserver.tool_calls import call_tool
from mcpserver.tools import TOOLS, Tool
from restapi.routes import ROUTES
from tests.console.pages import page, signed_in
from tests.contracts.acme import Acme, nowhere
from tests.contracts.cases import CASES
from tests.contracts.full_acme import FullAcme
from tests.contracts.operations import Operation, operations
from tests.people import CANARY, PURPOSE, Somebody, store
from tests.storage import dump


def _every(choose: Callable[[Operation], bool]) -> pytest.MarkDecorator:
    chosen = {name: one for name, one in operations().items() if choose(one)}
    return pytest.mark.parametrize("operation", chosen.values(), ids=chosen)


def _at_home(operation: Operation) -> bool:
    return CASES[operation.name].at_home


def _is_work(operation: Operation) -> bool:
    """Machinery's own, which has the tenant that its caller gives it."""
    return RULES[operation.action].channels == SYSTEM


def acmes_rows(owner: Somebody) -> dict[str, list[str]]:
    """Every row that carries acme's id, its part of the log included."""
    tenant = str(owner.console.tenant_id)
    return {table: [row for row in rows if tenant in row] for table, rows in dump().items()}


def _actor(operation: Operation, who: Somebody) -> Actor:
    if _is_work(operation):
        return system_actor("worker", who.console.tenant_id)
    return who.console


def _outcome(operation: Operation, actor: Actor, things: dict[str, Any]) -> object:
    """The answer, or everything the caller is told of the refusal."""
    try:
        return CASES[operation.name].call(actor, things)
    except VaultError as error:
        return error.as_problem()


@_every(lambda operation: not _at_home(operation))
def test_acmes_things_are_as_unknown_as_things_that_do_not_exist(
    operation: Operation, full_acme: FullAcme
) -> None:
    owner, outsider = full_acme.owner, full_acme.outsider
    things = full_acme.needed(operation.name)
    actor = _actor(operation, outsider)
    before = acmes_rows(owner)

    outcome = _outcome(operation, actor, things)

    assert outcome == _outcome(operation, actor, nowhere())
    assert outcome is False or (isinstance(outcome, dict) and outcome["status"] == 404)
    assert acmes_rows(owner) == before


@_every(_at_home)
def test_what_works_at_home_neither_shows_nor_touches_acme(
    operation: Operation, owner: Somebody, outsider: Somebody
) -> None:
    case = CASES[operation.name]
    acme = Acme(owner)
    key = acme.key(owner, description="acme-only", tags=["acme-only"])
    things = {**acme.things(owner, *case.needs), "key": key}
    before = acmes_rows(owner)

    answer = str(case.call(outsider.console, things))

    assert key not in answer.replace(things.get("new_key", " "), "")
    assert "acme-only" not in answer
    assert acmes_rows(owner) == before


@_every(lambda operation: not _is_work(operation))
def test_a_forged_tenant_opens_nothing(operation: Operation, full_acme: FullAcme) -> None:
    """An actor with acme's id but a person of globex has no standing there."""
    owner, outsider = full_acme.owner, full_acme.outsider
    things = full_acme.needed(operation.name)
    stray = replace(outsider.console, tenant_id=owner.console.tenant_id)
    before = {table: rows for table, rows in acmes_rows(owner).items() if table != "audit_entry"}

    outcome = _outcome(operation, stray, things)

    assert isinstance(outcome, dict)
    assert outcome["status"] in {401, 403, 404}
    after = {table: rows for table, rows in acmes_rows(owner).items() if table != "audit_entry"}
    assert after == before


# -- tools --------------------------------------------------------------------------------------

KEY, UNKNOWN = "acme-only-key", "no-such-key-x"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "vault.list_credentials": {},
    "vault.search_credentials": {"query": "{key}"},
    "vault.get_credential_metadata": {"key": "{key}"},
    "vault.lease_credential": {"key": "{key}", "purpose": PURPOSE},
    "vault.read_credential": {"leaseHandle": "{handle}"},
    "vault.use_credential": {
        "leaseHandle": "{handle}",
        "method": "GET",
        "url": "https://a.example/",
    },
    "vault.rotate_credential": {"key": "{key}", "generate": True},
    "vault.release_lease": {"leaseHandle": "{handle}"},
    "vault.request_access": {"key": "{key}", "level": "manager", "reason": PURPOSE},
    "vault.request_credential": {"key": "{key}", "type": "api-key", "purpose": PURPOSE},
}
OWN_REQUEST = re.compile("creq_[0-9a-f]{32}")  # of whoever calls, another one each time


def _call(tool: Tool, actor: Actor, things: dict[str, Any]) -> str:
    arguments = {
        name: value.format(**things) if isinstance(value, str) else value
        for name, value in ARGUMENTS[tool.name].items()
    }
    return OWN_REQUEST.sub("creq_", str(asdict(call_tool(tool, arguments, actor))))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: str(tool.name))
def test_every_tool_tells_the_outsider_of_acme_what_it_tells_of_nothing(
    tool: Tool, owner: Somebody, outsider: Somebody
) -> None:
    things = Acme(owner).things(owner, "key", "handle")
    before = acmes_rows(owner)

    answer = _call(tool, outsider.agent, things)

    assert answer == _call(tool, outsider.agent, nowhere())
    assert CANARY not in answer
    assert acmes_rows(owner) == before


def test_every_tool_is_one_of_the_operations() -> None:
    known = {one.function: one.action for one in operations().values()}

    assert {tool.name for tool in TOOLS} == set(ARGUMENTS)
    assert all(known[tool.operation] is tool.action for tool in TOOLS)


# -- addresses ----------------------------------------------------------------------------------

# Everything that is mounted, as it stands in the URLconf. A new address fails the
# test below until it stands here; one that names something of a tenant belongs to the second set.
RESTS = {
    "api/v1/" + one.path.replace("{", "<str:").replace("}", ">") for one in ROUTES
}  # fmt: skip
NAMES_NOTHING = {
    "livez", "readyz", "metrics",
    "api/v1/openapi.json", "api/v1/docs", "^api(?:/|$)",
    ".well-known/oauth-authorization-server", ".well-known/openid-configuration",
    ".well-known/oauth-protected-resource", ".well-known/oauth-protected-resource/api/mcp",
    ".well-known/oauth-protected-resource/api/v1", "api/v1/.well-known/oauth-protected-resource",
    "oauth/jwks", "oauth/register", "oauth/authorize", "oauth/token", "oauth/revoke",
    "oauth/introspect", "oauth/complete",
    "account/login/", "account/logout/", "account/inactive/", "account/reauthenticate/",
    "account/password/change/", "account/password/reset/", "account/password/reset/done/",
    "account/password/reset/key/done/",
    "setup/", "setup/root-key-kept/", "account/sso/", "admin/sign-in/",
    "account/", "account/authenticate/", "account/passkeys/sign-in/",
    "account/reauthenticate/code/", "account/reauthenticate/passkey/", "account/second-factor/",
    "account/sessions/", "account/authenticator/add/", "account/authenticator/remove/",
    "account/passkeys/add/", "account/recovery-codes/", "account/recovery-codes/new/",
    "", "team/", "tenant/", "appearance/", "admin/", "admin/figures/",
    "connect/", "connect/waiting/",
    "credentials/", "credentials/check",
    "credentials/new",
    "admin/audit/", "admin/audit/export", "admin/settings/", "invitations/",
    "admin/keys/", "admin/keys/rotate", "folders/",
    "import/", "leases/all/", "leases/revoke", "leases/",
    "admin/agents/", "admin/agents/waiting/", "account/agents/", "admin/service-accounts/",
    "admin/clients/",
    "account/tokens/", "account/tokens/new", "approvals/", "approvals/waiting/", "team/ask/",
    "team/grants/", "team/grants/review", "team/grants/save", "team/grants/give",
    "team/access/",
    "team/members/", "team/invitations/", "team/groups/",
}  # fmt: skip
NAMES_SOMETHING = {
    "credentials/<str:key>/",
    "admin/audit/<str:entry_id>/",
    "admin/keys/<str:tenant_key_id>/destroy",
    "folders/<path:folder_path>/move",
    "folders/<path:folder_path>/remove",
    "leases/<str:lease_id>/revoke",
    "credentials/<str:key>/edit",
    "credentials/<str:key>/move",
    "credentials/<str:key>/rotate",
    "credentials/<str:key>/window",
    "credentials/<str:key>/roll-back",
    "credentials/<str:key>/value",
    "credentials/<str:key>/archive",
    "credentials/<str:key>/restore",
    "credentials/<str:key>/revoke",
    "credentials/<str:key>/delete",
    "account/tokens/<str:token_id>/revoke",
    "credentials/<str:key>",
    "admin/service-accounts/<str:account_id>/",
    "admin/service-accounts/<str:account_id>/state",
    "admin/service-accounts/<str:account_id>/remove",
    "admin/service-accounts/<str:account_id>/secrets/new",
    "admin/service-accounts/<str:account_id>/secrets/<str:proof_id>/remove",
    "admin/service-accounts/<str:account_id>/keys/new",
    "admin/service-accounts/<str:account_id>/keys/<str:key_id>/remove",
    "admin/clients/<str:client_id>/suspend",
    "admin/clients/<str:client_id>/resume",
    "admin/clients/<str:client_id>/remove",
    "agents/<str:agent_id>/",
    "agents/<str:agent_id>/state",
    "agents/<str:agent_id>/merge",
    "agents/<str:agent_id>/remove",
    "team/reach/<str:subject_id>/",
    "team/members/<str:person_id>/role",
    "team/members/<str:person_id>/remove",
    "team/members/<str:person_id>/suspend",
    "team/members/<str:person_id>/resume",
    "team/members/<str:person_id>/left-behind",
    "team/invitations/<str:invitation_id>/withdraw",
    "team/invitations/<str:invitation_id>/link",
    "team/groups/<str:group_id>/",
    "team/groups/<str:group_id>/people",
    "team/groups/<str:group_id>/people/out",
    "team/groups/<str:group_id>/remove",
    "approvals/<creq:credential_request_id>/",
    "approvals/<creq:credential_request_id>/withdraw",
    "approvals/<req:access_request_id>/",
    "approvals/<req:access_request_id>/withdraw",
    "admin/<moved:rest>",
    "approvals/<str:request_id>",
    "approvals/<str:request_id>/",
    "approvals/<str:request_id>/withdraw",
    # A person's own: who asked for it and in which session decides (tests/identity).
    "oauth/status/<uuid:identifier>",
    "setup/<str:token>/",
    "invitations/<str:link>",
    "account/sso/<slug:slug>/",
    "account/sso/<slug:slug>/again/",
    "account/sso/<slug:slug>/callback/",
    "account/passkeys/<int:pk>/rename/",
    "account/passkeys/<int:pk>/remove/",
    r"account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
}


def _addresses(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _addresses(one.url_patterns, start + str(one.pattern))
        else:
            yield start + str(one.pattern)


def test_every_address_is_known_here() -> None:
    """Those of the REST API are walked in tests/restapi/test_isolation.py, from their table."""
    addresses = set(_addresses(get_resolver().url_patterns))

    assert addresses - RESTS == NAMES_NOTHING | NAMES_SOMETHING
    assert addresses >= RESTS


@pytest.mark.parametrize("address", ["/credentials/{}/", "/credentials/{}"])
def test_an_address_that_names_acmes_credential_leads_the_outsider_nowhere(
    address: str, owner: Somebody, outsider: Somebody
) -> None:
    store(owner, KEY, description="acme-only")
    browser = signed_in(outsider)

    found = browser.get(address.format(KEY), follow=True)
    unknown = browser.get(address.format(UNKNOWN), follow=True)

    assert found.status_code == unknown.status_code == 404
    assert page(found).text.replace(KEY, UNKNOWN) == page(unknown).text
    assert b"acme-only" not in found.content.replace(KEY.encode(), b"")


@pytest.mark.parametrize("address", ["/", "/team/", "/tenant/", "/admin/", "/credentials/new"])
def test_no_page_shows_the_outsider_anything_of_acme(
    address: str, owner: Somebody, outsider: Somebody
) -> None:
    store(owner, KEY, description="acme-only")
    browser = signed_in(outsider)

    shown = browser.get(address, follow=True).content

    assert b"acme-only" not in shown
