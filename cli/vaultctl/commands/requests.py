"""request: ask people for access, or to store a credential that does not exist."""

from typing import Any

import click

from vaultctl.api import Api, segment
from vaultctl.application import Application, command
from vaultctl.errors import Refused
from vaultctl.leasing import PENDING, until_approved
from vaultctl.output import local_time, seconds, table

COLUMNS = ("REQUEST", "STATE", "LEVEL", "ON", "FOR", "ASKED", "REASON")


@command("request", short_help="Ask for access, or for a credential to be stored.")
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
@click.option(
    "--type",
    "kind",
    metavar="TYPE",
    help="Ask for KEY to be stored, as an api-key, oauth-token, ssh-key, tls-certificate, "
    "database-url or generic-secret.",
)
@click.option("--destination", metavar="HOST", help="With --type: the host that takes the value.")
@click.option("--wait", is_flag=True, help="With --type: wait until it is stored.")
@click.option("--reason", metavar="TEXT", help="Why; the people who decide see it.")
@click.option("--withdraw", metavar="REQUEST", help="Withdraw a request of your own.")
def request(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    key: str | None,
    folder: str | None,
    level: str,
    duration: str | None,
    kind: str | None,
    destination: str | None,
    wait: bool,
    reason: str | None,
    withdraw: str | None,
) -> None:
    """Ask for a level on KEY or on a folder; without arguments, list your requests.

    With --type, ask for KEY to be stored in --folder. A person types its value at the console.
    """
    api = app.api()
    if withdraw:
        done = api.send("POST", f"{_path(withdraw)}/withdraw", {})
        app.show(done, f"Withdrew {withdraw}.")
        return
    if kind is not None and key is None:
        raise click.UsageError("KEY is needed with --type.")
    if key is None and folder is None:
        _list(app, api)
        return
    if not reason:
        raise click.UsageError("--reason is needed.")
    if kind is not None:
        missing = {"key": key, "type": kind, "folderPath": folder, "destination": destination}
        _ask_to_store(app, api, {**missing, "purpose": reason}, wait=wait)
        return
    body = {"key": key, "folderPath": folder, "level": level, "duration": duration}
    asked = api.send("POST", "access-requests", {**body, "reason": reason}, once=True)
    app.show(
        asked,
        f"{asked['requestId']}: {asked['state']}. Owners and admins decide at {api.url}/team/",
    )


def _ask_to_store(app: Application, api: Api, body: dict[str, Any], *, wait: bool) -> None:
    """Show the credential once it exists; without `wait` the page on which it is stored."""
    try:
        stored = until_approved(
            lambda: api.send("POST", "credential-requests", body),
            lambda url: app.note(f"{body['key']}: is to be stored at {url}"),
            wait=wait,
        )
    except Refused as refusal:
        if refusal.code != PENDING:
            raise
        page = refusal.problem["approvalUrl"]
        waiting = {"requestId": refusal.problem["approvalId"], "state": "waiting", "url": page}
        app.show(waiting, f"{waiting['requestId']}: waiting. A person stores it at {page}")
        return
    app.show(stored, f"{stored['key']}: it exists, in {stored['folderPath'] or 'the top folder'}.")


def _path(request_id: str) -> str:
    kind = "credential-requests" if request_id.startswith("creq_") else "access-requests"
    return f"{kind}/{segment(request_id)}"


def _list(app: Application, api: Api) -> None:
    access = list(api.pages("access-requests", "requests", state="any"))
    missing = list(api.pages("credential-requests", "requests", state="any"))
    rows = [*map(_row, access), *map(_missing_row, missing)]
    app.show(
        {"requests": access, "credentialRequests": missing},
        lambda: table(COLUMNS, rows),
    )


def _missing_row(item: dict[str, Any]) -> tuple[object, ...]:
    folder = f"{item['folderPath']}/" if item["folderPath"] else ""
    return (
        item["requestId"],
        item["state"],
        "store",
        f"{folder}{item['key']}",
        "",
        local_time(item["requestedAt"]),
        item["purpose"],
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
