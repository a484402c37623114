"""audit tail: the newest entries, and those that follow."""

import time
from datetime import datetime
from typing import Any

import click

from vaultctl.api import Api
from vaultctl.application import Application, command
from vaultctl.output import local_time, printable

EVERY = 2.0


@click.group("audit", short_help="Follow the audit log.")
def audit() -> None:
    """The audit log of the tenant, for owners, admins and auditors. Sign in with --admin."""


@command("tail", short_help="Show the newest entries.")
@click.option("-n", "--lines", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on with new entries until Ctrl-C.")
@click.option("--key", help="Only entries about this credential.")
@click.option("--event", help="Only this event, such as credential.read, or noun, such as lease.")
@click.option("--outcome", type=click.Choice(["ok", "denied", "failed"]))
def tail(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    lines: int,
    follow: bool,
    key: str | None,
    event: str | None,
    outcome: str | None,
) -> None:
    """Show the newest entries, oldest first. With --json, one object a line."""
    api = app.api()
    query = {"key": key, "event": event, "outcome": outcome}
    newest = api.get("audit", limit=lines, **query)["entries"]
    _print(app, list(reversed(newest)))
    shown = {entry["entryId"] for entry in newest}
    since = newest[0]["at"] if newest else None
    while follow:
        time.sleep(EVERY)
        fresh = [e for e in _since(api, since, query) if e["entryId"] not in shown]
        _print(app, fresh)
        shown |= {entry["entryId"] for entry in fresh}
        since = fresh[-1]["at"] if fresh else since


audit.add_command(tail)


def _since(api: Api, since: str | None, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries from `since` on, oldest first; queries of the log itself are left out."""
    found = list(api.pages("audit", "entries", since=since, **query))
    return sorted(
        (entry for entry in found if entry["event"] != "audit.read"),
        key=lambda entry: datetime.fromisoformat(entry["at"]),
    )


def _print(app: Application, entries: list[dict[str, Any]]) -> None:
    import json

    for entry in entries:
        if app.as_json:
            click.echo(json.dumps(entry, ensure_ascii=False))
            continue
        parts = (
            local_time(entry["at"]),
            entry["event"],
            entry["outcome"],
            entry["actor"]["name"],
            entry["agent"],
            entry["key"],
            entry["purpose"],
            _program(entry),
        )
        click.echo(printable("  ".join(str(part) for part in parts if part)))


def _program(entry: dict[str, Any]) -> str:
    """What vaultctl ran, as it said itself."""
    claimed = str(entry["claimed"].get("userAgent", ""))
    return claimed if claimed.startswith("vaultctl/") else ""
