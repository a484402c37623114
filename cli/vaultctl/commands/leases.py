"""lease, leases, revoke."""

import json
import sys
from typing import Any

import click

from vaultctl.api import segment
from vaultctl.application import Application, command
from vaultctl.configuration import read_secret_file
from vaultctl.leasing import LeaseRequest, release, take_lease
from vaultctl.output import as_json, local_time, seconds, table
from vaultctl.secret_output import require_place, write_secret

PURPOSE = click.option(
    "--purpose", required=True, metavar="TEXT", help="What it is for; the audit log shows it."
)
WAIT = click.option(
    "--no-wait", is_flag=True, help="End at once where a person has to approve first."
)
COLUMNS = ("LEASE", "KEY", "STATE", "HOLDER", "AGENT", "EXPIRES", "PURPOSE")


@command("lease", short_help="Lease a credential and keep the handle in a file or pipe.")
@click.argument("key")
@PURPOSE
@click.option("--ttl", metavar="TIME", help="How long, such as 15m; the policy limits it.")
@click.option("--previous", is_flag=True, help="The previous value, while a window is open.")
@click.option("-o", "--output", metavar="FILE", help="Write the handle to this file (mode 0600).")
@click.option("--reveal", is_flag=True, help="Show the handle on the terminal.")
@WAIT
def lease(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    key: str,
    purpose: str,
    ttl: str | None,
    previous: bool,
    output: str | None,
    reveal: bool,
    no_wait: bool,
) -> None:
    """Lease a credential; the handle goes to a pipe or file, for `vaultctl read --handle`."""
    require_place(output, reveal=reveal)
    request = LeaseRequest(key, purpose, ttl, "previous" if previous else None)
    taken = take_lease(app.api(), request, note=app.note, wait=not no_wait)
    write_secret(_shown(taken, as_data=app.as_json), output)
    capped = ", capped by policy" if taken["capped"] else ""
    app.note(f"{taken['leaseId']}: {key} for {seconds(taken['ttlSeconds'])}{capped}")


@command("leases", short_help="List leases.")
@click.option("--all", "everybody", is_flag=True, help="Everybody's, not only your own.")
@click.option("--key", help="Only leases on this credential.")
@click.option("--any-state", is_flag=True, help="Also those that are over.")
def leases(app: Application, *, everybody: bool, key: str | None, any_state: bool) -> None:
    """List your leases, newest first; with --all those on a credential or in the tenant."""
    query = {
        "whose": "all" if everybody else "mine",
        "key": key,
        "state": "any" if any_state else "living",
    }
    found = list(app.api().pages("leases", "leases", **query))
    app.show({"leases": found}, lambda: table(COLUMNS, map(_row, found)))


@command("revoke", short_help="Release or revoke leases.")
@click.argument("lease_ids", nargs=-1, metavar="[LEASE]...")
@click.option("--handle", metavar="FILE", help="Release the lease of this handle; - for stdin.")
@click.option("--mine", is_flag=True, help="End all your own leases.")
@click.option("--key", help="End everybody's leases on this credential.")
def revoke(
    app: Application, *, lease_ids: tuple[str, ...], handle: str | None, mine: bool, key: str | None
) -> None:
    """End leases by their ids, by a handle, all of your own, or all on a credential."""
    if sum(map(bool, (lease_ids, handle, mine or key))) != 1:
        raise click.UsageError("Name leases, or give --handle, or --mine and --key.")
    api = app.api()
    if handle:
        release(api, read_handle(handle))
        ended = 1
    elif lease_ids:
        for lease_id in lease_ids:
            api.send("POST", f"leases/{segment(lease_id)}/revoke", {})
        ended = len(lease_ids)
    else:
        body = {"whose": "mine" if mine else "all", "key": key}
        ended = api.send("POST", "leases/revoke", body)["revoked"]
    app.show({"revoked": ended}, f"Ended {ended} lease{'' if ended == 1 else 's'}.")


def read_handle(file: str) -> str:
    """The handle in a file that `lease` wrote, as text or as JSON."""
    text = sys.stdin.read() if file == "-" else _content(file)
    if text.lstrip().startswith("{"):
        try:
            return str(json.loads(text)["leaseHandle"])
        except (ValueError, KeyError):
            raise click.UsageError("The file holds no lease handle.") from None
    return text.strip()


def _content(file: str) -> str:
    return read_secret_file(file, "--handle")


def _shown(taken: dict[str, Any], *, as_data: bool) -> str:
    return f"{as_json(taken)}\n" if as_data else f"{taken['leaseHandle']}\n"


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    return (
        item["leaseId"],
        item["key"],
        item["state"],
        item["holder"].get("name", ""),
        item["agent"],
        local_time(item["expiresAt"]),
        item["purpose"],
    )
