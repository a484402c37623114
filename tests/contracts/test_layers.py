"""Who may know whom, and how rows are reached: read from the source."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Model

from tests.contracts.models import TENANT_MODELS, our_models
from tests.contracts.operations import DOMAIN, OPENERS

APPS = (
    "foundation",
    "access",
    "audit",
    *DOMAIN,
    "identity",
    "restapi",
    "mcpserver",
    "console",
    "vaultsite",
    "devtools",
)

# Not the tenants': each looked up before a tenant is known, or by its holder's own secret.
NO_TENANTS = {
    "Tenant": "the tenant itself",
    "Person": "belongs to tenants through memberships",
    "Process": "the installation's",
    "Invitation": "its link is opened before a tenant is known",
    "Membership": "says which tenants a person belongs to",
    "Client": "registered with the installation, allowed per consent",
    "SigningKey": "the installation's",
    "Consent": "found by the code's or token's hash",
    "AuthorizeRequest": "a person's, before they picked a tenant",
    "AuthorizationCode": "found by its hash",
    "AccessToken": "found by its id and hash",
    "RefreshToken": "found by its hash",
    "BrowserSession": "a person's, found by its key's digest",
    "KnownPlace": "a person's",
    "Letter": "to a person, about their own account",
    "Milestone": "the installation's",
    "IDToken": "the toolkit's; no row exists",
    "DeviceGrant": "the toolkit's; no row exists",
    "AccountProof": "found by its client's id",
    "UsedAssertion": "a proof that was given, before a tenant is known",
    "PersonalToken": "found by its hash",
}

# How a query on tenants' rows may begin, and what else ties it to one tenant: a row in hand.
BEGINNINGS = {"of", "fetch", "create", "bulk_create"}
ANCHORS = {"tenant_id", "credential", "credential_id", "previous"}
OTHERWISE = {
    ("leases/redemption.py", "Version"): "by the id that a lease in hand names",
    ("leases/operations/lifecycle.py", "Version"): "by the id that a lease in hand names",
    (
        "credentials/operations/rotation_windows.py",
        "Version",
    ): "by the id that a rotation in hand names",
    ("tenants/clients.py", "SuspendedClient"): "of the tenant of the agent's row in hand",
    ("devtools/demo.py", "Credential"): "an operator's command, in its tenant's transaction",
}


def _sources(*apps: str) -> Iterator[tuple[str, ast.Module]]:
    base = Path(settings.BASE_DIR)
    for app in apps:
        for path in sorted((base / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(base)), ast.parse(path.read_text())


def test_apps_import_only_downwards_and_the_domain_knows_no_face() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [command, "--no-cache"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "6 kept, 0 broken" in done.stdout


def test_every_model_is_a_tenants_or_says_why_not() -> None:
    assert {model.__name__ for model in our_models() if model not in TENANT_MODELS} == set(
        NO_TENANTS
    )


def test_rows_of_tenants_are_reached_through_the_actor_or_a_row_in_hand() -> None:
    names = {model.__name__ for model in TENANT_MODELS}
    strays = {
        (path, model)
        for path, tree in _sources(*APPS)
        for model, calls in _queries(tree)
        if model in names and not _anchored(calls)
    }

    assert strays == set(OTHERWISE)


def _queries(tree: ast.Module) -> Iterator[tuple[str, list[ast.Call]]]:
    """Each `Model.objects…` with the calls that are chained to it, the first one first."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr == "objects"):
            continue
        if not isinstance(node.value, ast.Name):
            continue
        calls: list[ast.Call] = []
        link: ast.AST = node
        while isinstance(parents.get(link), ast.Attribute | ast.Call):
            parent = parents[link]
            if isinstance(parent, ast.Call) and parent.func is not link:
                break
            link = parent
            if isinstance(link, ast.Call):
                calls.append(link)
        yield node.value.id, calls


def _anchored(calls: list[ast.Call]) -> bool:
    if not calls:
        return False
    first = calls[0].func
    if isinstance(first, ast.Attribute) and first.attr in BEGINNINGS:
        return True
    return any(keyword.arg in ANCHORS for call in calls for keyword in call.keywords)


@pytest.mark.parametrize("face", ["mcpserver", "restapi"])
def test_a_face_of_programs_touches_no_rows(face: str) -> None:
    imported = {
        node.module
        for _, tree in _sources(face)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }

    # Answers that were given are no business of the domain's.
    assert {module for module in imported if module.endswith(".models")} <= {"restapi.models"}


def test_the_console_imports_no_models_and_its_pages_no_pages() -> None:
    imported = [
        (path, f"{node.module}.{alias.name}")
        for path, tree in _sources("console")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    found = {name for _, name in imported if ".models." in name and not name.startswith("django.")}
    assert [name for name in found if _is_model(name)] == []
    pages = {path for path, name in imported if name.startswith("console.pages")}
    assert pages == {"console/navigation.py", "console/pages/table.py", "console/urls.py"}


def _is_model(name: str) -> bool:
    """Enums and constants stand beside the models."""
    module, _, symbol = name.rpartition(".")
    found = getattr(importlib.import_module(module), symbol)
    return isinstance(found, type) and issubclass(found, Model)


# Where entries are written outside a decorated operation, and why.
UNDECORATED = {
    "audit/processes.py": "the end of a process, which belongs to no tenant",
    "identity/authorization_server/client_authentication.py": "a client, which is no actor yet",
    "identity/authorization_server/client_credentials.py": "the token endpoint",
    "identity/authorization_server/clients.py": "an operator's command",
    "identity/authorization_server/consent.py": "a refusal of a consent, which has no tenant yet",
    "identity/authorization_server/registration.py": "the registration endpoint",
    "identity/authorization_server/token_storage.py": "the token endpoint",
    "identity/management/commands/rotate_signing_key.py": "an operator's command",
    "identity/oidc_client/account_linking.py": "a sign-in, before there is an actor",
    "identity/operations/restored_access.py": "an operator's command",
    "identity/operations/root_key_rotation.py": "an operator's command",
    "identity/service_accounts/personal_tokens.py": "joins the change of a password",
    "identity/tasks.py": "removes clients that belong to no tenant",
    "identity/tokens/grant_family.py": "joins whatever ended the access",
    "leases/operations/use.py": "two transactions, with a request to another server between them",
    "tenants/retention.py": "background work on rows of two apps, an entry for each batch",
    "mcpserver/guard.py": "a refusal before a tool is known",
    "restapi/idempotency.py": "answers a repeated request without running its operation again",
    "restapi/views.py": "a refusal before an operation runs",
    "tenants/agents.py": "joins the consent",
    "tenants/management/commands/verify_audit.py": "an operator's command",
    "tenants/operations/audit_log.py": "an export goes on in parts after its operation",
    "tenants/operations/invitations.py": "somebody accepts, who is no actor yet",
    "tenants/operations/tenants.py": "an operator's command",
}


def test_every_operation_is_decorated() -> None:
    found = {path for path, tree in _sources(*APPS) if OPENERS & set(_called(tree))}

    assert found - {"audit/operation.py", "audit/recording.py"} == set(UNDECORATED)


def _called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def test_tasks_only_find_what_is_due_and_call_an_operation() -> None:
    for path, tree in _sources(*DOMAIN):
        if path.endswith("/tasks.py"):
            called = set(_called(tree))
            assert called & {"due_rows", "process_due"}, path
            assert not called & OPENERS, path
