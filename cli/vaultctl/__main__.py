"""The entry point: commands are imported when they are called."""

import sys
from importlib import import_module
from typing import Any

import click

from vaultctl import __version__
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.interruption import Interrupted

# Each command's module, and its line in the list of commands. Importing them all would take longer
# than most commands do.
COMMANDS = {
    "login": ("sign_in", "Sign in with the browser."),
    "logout": ("sign_in", "Sign out, here and on the server."),
    "status": ("sign_in", "Show who is signed in, and where."),
    "ls": ("browse", "List credentials and folders."),
    "search": ("browse", "Find credentials by an inexact match."),
    "show": ("browse", "Describe a credential, without its value."),
    "run": ("run", "Run a program that uses credentials it cannot see."),
    "lease": ("leases", "Lease a credential and keep the handle in a file or pipe."),
    "read": ("read", "Write a credential's value to a file or pipe."),
    "leases": ("leases", "List leases."),
    "revoke": ("leases", "Release or revoke leases."),
    "rotate": ("rotate", "Give a credential a new value."),
    "request": ("requests", "Ask for access, or for a credential to be stored."),
    "audit": ("audit", "Follow the audit log."),
    "connect": ("connect", "Connect an agent to Vault."),
    "completion": ("completion", "Print the shell's completion script."),
    "doctor": ("doctor", "Check the installation, the sign-in and the server."),
}
# Called by programs, and not listed.
HIDDEN = {"hook": "hook"}


class Commands(click.Group):
    """The list of commands, without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        listed = COMMANDS.get(cmd_name)
        name = listed[0] if listed else HIDDEN.get(cmd_name)
        if name is None:
            return None
        module = import_module(f"vaultctl.commands.{name}")
        found = getattr(module, cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes, settings and examples: docs/vaultctl.md.",
)
@click.version_option(__version__, prog_name="vaultctl")
def vaultctl() -> None:
    """Use credentials of Vault from the command line."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: list[str]) -> int:
    try:
        ended = vaultctl.main(arguments, prog_name="vaultctl", standalone_mode=False)
    except Exception as error:  # noqa: BLE001  # a traceback may hold what must not be shown
        return _exit_code(error, as_json=_wants_json(arguments))
    except KeyboardInterrupt:
        return _interrupted()
    except Interrupted as interruption:
        return interruption.exit_code
    return ended if isinstance(ended, int) else Exit.OK


def _exit_code(error: Exception, *, as_json: bool) -> int:
    """Explain the error; its exit code."""
    if isinstance(error, VaultctlError):
        _explain(error, as_json=as_json)
        return error.exit_code
    if isinstance(error, click.Abort):
        return _interrupted()
    if isinstance(error, click.ClickException):
        error.show()
        return Exit.USAGE
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return Exit.CANNOT_WRITE
    click.echo(f"vaultctl: an internal error: {_place(error)}", err=True)
    return Exit.INTERNAL


def _interrupted() -> int:
    click.echo("vaultctl: interrupted", err=True)
    return Exit.INTERRUPTED


def _wants_json(arguments: list[str]) -> bool:
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in ours


def _explain(error: VaultctlError, *, as_json: bool) -> None:
    from vaultctl.output import as_json as to_json
    from vaultctl.output import printable

    if as_json:
        click.echo(to_json(error.as_json()), err=True)
        return
    click.echo(f"vaultctl: {printable(error.message)}", err=True)
    if error.hint:
        click.echo(f"  {printable(error.hint)}", err=True)


def _place(error: BaseException) -> str:
    """The kind of an error and where it was raised; never its text."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {where}"


if __name__ == "__main__":
    main()
