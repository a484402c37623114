"""Vault calls other servers through one guard, and sends mail from the worker only."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS = (
    "disclosure", "foundation", "access", "audit", "tenants", "credentials", "leases", "identity",
    "mcpserver", "restapi", "console", "vaultsite",
)  # fmt: skip
# Modules by which Python reaches other machines.
NETWORK = frozenset(
    {
        "aiohttp", "ftplib", "http.client", "httpcore", "httpcore2", "httpx", "httpx2", "imaplib",
        "poplib", "requests", "smtplib", "socket", "ssl", "telnetlib", "urllib.request", "urllib3",
        "websockets", "xmlrpc",
    }
)  # fmt: skip
CALLS = frozenset({"create_connection", "open_connection", "open_unix_connection", "send_mail"})

ALLOWED = {
    "foundation/outgoing/calls.py": "the guard",
    "foundation/outgoing/deadline.py": "the guard",
    "foundation/outgoing/destinations.py": "the guard: resolves names",
    "foundation/outgoing/exchanges.py": "the guard",
    "vaultsite/environment.py": "checks that the operator's certificates can be read",
    "tenants/mail_queue.py": "names smtplib's errors; the worker sends mail",
}
# Starts and checks the processes of one machine; the web process and the worker import none of it.
LOCAL = "devtools/"


def test_nothing_else_reaches_other_servers() -> None:
    assert set(_reaching()) == set(ALLOWED)


def test_the_launcher_is_not_part_of_what_serves() -> None:
    root = Path(settings.BASE_DIR)
    importing = {
        name
        for name, tree in _sources()
        if not name.startswith(LOCAL)
        and any(module.startswith("devtools") for module in _imported(tree))
    }
    assert importing <= {"vaultsite/management/commands/demo.py"}, root


def _reaching() -> Iterator[str]:
    for name, tree in _sources():
        if name.startswith(LOCAL):
            continue
        if NETWORK & set(_imported(tree)) or CALLS & set(_called(tree)):
            yield name


def _sources() -> Iterator[tuple[str, ast.Module]]:
    root = Path(settings.BASE_DIR)
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            yield str(path.relative_to(root)), ast.parse(path.read_text())


def _imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is named, with the packages that it is in."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id
