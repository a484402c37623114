"""ls, search, show: what there is, never a value."""

from typing import Any

import click

from vaultctl.api import segment
from vaultctl.application import Application, command
from vaultctl.output import fields, local_time, seconds, table

COLUMNS = ("KEY", "FOLDER", "TYPE", "ACCESS", "STATE", "DESCRIPTION")


@command("ls", short_help="List credentials and folders.")
@click.argument("folder", required=False)
@click.option("-r", "--recursive", is_flag=True, help="Also what is in folders below.")
@click.option("--type", "kind", metavar="TYPE", help="Only credentials of this type.")
@click.option("--tag", help="Only credentials with this tag.")
def ls(
    app: Application, *, folder: str | None, recursive: bool, kind: str | None, tag: str | None
) -> None:
    """List the credentials you may see, and the folders below FOLDER.

    Without FOLDER, everything is listed.
    """
    api = app.api()
    query: dict[str, Any] = {"type": kind, "tag": tag}
    if folder is not None:
        query |= {"folderPath": folder.strip("/"), "recursive": str(recursive).lower()}
    found = list(api.pages("credentials", "credentials", **query))
    folders = api.get("credentials", limit=1, **query)["folders"] if folder is not None else []
    data = {"credentials": found, "folders": folders}
    app.show(data, lambda: "\n".join([*(f"{name}/" for name in folders), _list(found)]).strip())


@command("search", short_help="Find credentials by an inexact match.")
@click.argument("query")
@click.option("--folder", metavar="PATH", help="Only in this folder and below.")
@click.option("--type", "kind", metavar="TYPE", help="Only credentials of this type.")
@click.option("--tag", help="Only credentials with this tag.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
def search(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    query: str,
    folder: str | None,
    kind: str | None,
    tag: str | None,
    limit: int,
) -> None:
    """Find credentials by key, tag, type, folder or description, best match first."""
    page = app.api().get("search", query=query, folderPath=folder, type=kind, tag=tag, limit=limit)
    app.show(page, lambda: _list(page["credentials"]))


@command("show", short_help="Describe a credential, without its value.")
@click.argument("key")
def show(app: Application, *, key: str) -> None:
    """Describe a credential: policy, versions, open window, recent audit. Never its value."""
    found = app.api().get(f"credentials/{segment(key)}")
    app.show(found, lambda: _detail(found))


def _list(credentials: list[dict[str, Any]]) -> str:
    rows = [
        (
            item["key"],
            item["folderPath"] or "/",
            item["type"],
            item["access"],
            item["state"],
            item["description"],
        )
        for item in credentials
    ]
    return table(COLUMNS, rows)


def _detail(item: dict[str, Any]) -> str:
    policy: dict[str, Any] = item["policy"]
    head = fields(
        [
            ("key", item["key"]),
            ("folder", item["folderPath"] or "/"),
            ("type", item["type"]),
            ("state", item["state"]),
            ("version", item["version"]),
            ("your access", item["access"]),
            ("description", item["description"]),
            ("tags", item["tags"]),
            ("owners", item["owners"]),
            ("lease time", seconds(item["leaseTtlSeconds"])),
            ("approval", policy.get("approval")),
            ("disclosure", policy.get("disclosure")),
            ("destinations", _destinations(policy)),
            ("active leases", item["activeLeases"]),
            ("last read", local_time(item["lastReadAt"])),
        ]
    )
    trail = [
        (local_time(line["at"]), line["event"], line["actor"], line["agent"], line["purpose"])
        for line in item["recentAudit"]
    ]
    parts = [head, table(("AT", "EVENT", "ACTOR", "AGENT", "PURPOSE"), trail)]
    return "\n\n".join(part for part in parts if part)


def _destinations(policy: dict[str, Any]) -> list[str]:
    return [str(rule.get("host", "")) for rule in policy.get("destinations") or []]
