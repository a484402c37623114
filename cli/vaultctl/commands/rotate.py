"""rotate: a new value, from a file, a pipe or the generator."""

import sys
from typing import Any

import click

from vaultctl.api import segment
from vaultctl.application import Application, command
from vaultctl.configuration import read_secret_file
from vaultctl.output import fields, local_time


@command("rotate", short_help="Give a credential a new value.")
@click.argument("key")
@click.option("--generate", is_flag=True, help="Let the server make the new value.")
@click.option("--length", type=int, help="Characters of a generated value.")
@click.option("--value-file", metavar="FILE", help="Read the new value from a file; - for stdin.")
@click.option("--window", metavar="TIME", help="How long the old value stays valid, such as 1h.")
@click.option("--reason", metavar="TEXT", help="Why; the audit log shows it.")
def rotate(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    key: str,
    generate: bool,
    length: int | None,
    value_file: str | None,
    window: str | None,
    reason: str | None,
) -> None:
    """Give KEY a new value. The old one works until the window closes; --window 0s ends it now.

    The new value is generated, read from a file, or asked for on the terminal. It is never an
    argument.
    """
    if generate and value_file:
        raise click.UsageError("Choose --generate or --value-file.")
    body: dict[str, Any] = {"window": _window(window), "reason": reason}
    if generate or length is not None:
        body["generate"] = True if length is None else {"length": length}
    else:
        body["newValue"] = _new_value(value_file)
    done = app.api().send("POST", f"credentials/{segment(key)}/rotations", body, once=True)
    app.show(
        done,
        lambda: fields(
            [
                ("rotation", done["rotationId"]),
                ("version", f"{done['previousVersion']} → {done['currentVersion']}"),
                ("old value until", local_time(done["closesAt"])),
                ("state", done["state"]),
            ]
        ),
    )


def _window(text: str | None) -> int | str | None:
    return 0 if text in ("0", "0s") else text


def _new_value(file: str | None) -> str:
    if file == "-" or (file is None and not sys.stdin.isatty()):
        return sys.stdin.read().rstrip("\r\n")
    if file is not None:
        return read_secret_file(file, "--value-file")
    value: str = click.prompt("New value", hide_input=True, confirmation_prompt=True, err=True)
    return value
