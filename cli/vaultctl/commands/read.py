"""read: a value, to a pipe or a file."""

import click

from vaultctl.agents import refuse_inside_agent
from vaultctl.api import Api, segment
from vaultctl.application import Application, command
from vaultctl.commands.leases import WAIT, read_handle
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.leasing import RUN_SECONDS, LeaseRequest, Secret, read_lease, release, take_lease
from vaultctl.output import as_json
from vaultctl.secret_output import require_place, write_secret


@command("read", short_help="Write a credential's value to a file or pipe.")
@click.argument("key", required=False)
@click.option("--purpose", metavar="TEXT", help="What it is for; the audit log shows it.")
@click.option("--handle", metavar="FILE", help="Redeem this lease instead; - for stdin.")
@click.option("--field", metavar="NAME", help="A secret field instead of the value.")
@click.option("-o", "--output", metavar="FILE", help="Write to this file (mode 0600).")
@click.option("--reveal", is_flag=True, help="Show it on the terminal.")
@WAIT
def read(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    key: str | None,
    purpose: str | None,
    handle: str | None,
    field: str | None,
    output: str | None,
    reveal: bool,
    no_wait: bool,
) -> None:
    """Write the value of KEY to a pipe or file. It is leased, read once and released.

    With --handle, redeem a lease that `vaultctl lease` took.
    """
    if bool(key and purpose) == bool(handle) or (handle and (key or purpose)):
        raise click.UsageError("Give KEY with --purpose, or --handle.")
    require_place(output, reveal=reveal)
    api = app.api()
    if handle:
        secret = _redeem(api, read_handle(handle))
    else:
        assert key is not None
        assert purpose is not None
        refuse_inside_agent(api.get(f"credentials/{segment(key)}"))
        secret = _once(app, api, LeaseRequest(key, purpose, RUN_SECONDS), wait=not no_wait)
    if app.as_json and field is None:
        write_secret(f"{as_json(secret.as_json())}\n", output)
        return
    value = secret.value if field is None else secret.fields.get(field)
    if value is None:
        raise VaultctlError("The credential has no secret field of this name.", Exit.NOT_FOUND)
    write_secret(f"{as_json(value)}\n" if app.as_json else value, output)


def _once(app: Application, api: Api, request: LeaseRequest, *, wait: bool) -> Secret:
    taken = take_lease(api, request, note=app.note, wait=wait)
    try:
        return read_lease(api, taken["leaseHandle"])
    finally:
        release(api, taken["leaseHandle"])


def _redeem(api: Api, handle: str) -> Secret:
    secret = read_lease(api, handle)
    refuse_inside_agent(api.get(f"credentials/{segment(secret.key)}"))
    return secret
