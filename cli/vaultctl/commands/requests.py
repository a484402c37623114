"""request: ask people for access."""

from typing import Any

import click

from vaultctl.api import segment
from vaultctl.application import Application, command
from vaultctl.output import local_time, seconds, table

COLUMNS = ("REQUEST", "STATE", "LEVEL", "ON", "FOR", "ASKED", "REASON")


@command("request", short_help="Ask for access, or for a lease that needs approval.")
@click.argument("key", required=False)
@click.option("--folder", metavar="PATH", help="Ask for a folder instead of a credential.")
@click.option(
    "--level",
    type=click.Choice(["viewer", "user", "manager", "admin"]),
    default="user",
    show_default=True,
)
@click.option(
    "--duration", metavar="TIME", help="For how long, such as 8h; without an end if left out."
)
@click.option("--reason", metavar="TEXT", help="Why; the people who decide see it.")
@click.option("--withdraw", metavar="REQUEST", help="Withdraw a request of your own.")
def request(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    key: str | None,
    folder: str | None,
    level: str,
    duration: str | None,
    reason: str | None,
    withdraw: str | None,
) -> None:
    """Ask for a level on KEY or on a folder; without arguments, list your requests."""
    api = app.api()
    if withdraw:
        done = api.send("POST", f"access-requests/{segment(withdraw)}/withdraw", {})
        app.show(done, f"Withdrew {withdraw}.")
        return
    if key is None and folder is None:
        found = list(api.pages("access-requests", "requests", state="any"))
        app.show({"requests": found}, lambda: table(COLUMNS, map(_row, found)))
        return
    if not reason:
        raise click.UsageError("--reason is needed.")
    body = {"key": key, "folderPath": folder, "level": level, "duration": duration}
    asked = api.send("POST", "access-requests", {**body, "reason": reason}, once=True)
    app.show(
        asked,
        f"{asked['requestId']}: {asked['state']}. Owners and admins decide at {api.url}/team/",
    )


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    time = item["durationSeconds"]
    return (
        item["requestId"],
        item["state"],
        item["level"],
        item["key"] or f"{item['folderPath']}/",
        seconds(time) if time else "no end",
        local_time(item["requestedAt"]),
        item["reason"],
    )
