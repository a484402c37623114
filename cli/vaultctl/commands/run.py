"""run: a program that uses credentials without seeing them."""

from collections.abc import Sequence
from pathlib import PurePath

import click

from vaultctl.application import Application, command
from vaultctl.commands.leases import WAIT
from vaultctl.running.plan import Part, decide, parse_choices


@command(
    "run",
    short_help="Run a program that uses credentials it cannot see.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option(
    "--purpose", required=True, metavar="TEXT", help="What it is for; the audit log shows it."
)
@click.option(
    "-c",
    "--credential",
    "proxied",
    multiple=True,
    metavar="KEY[=VARIABLE]",
    help="Give the program a placeholder; the value is put into its requests.",
)
@click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="KEY[=VARIABLE]",
    help="Give the program the value itself, and mask its output.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="KEY[=VARIABLE]",
    help="Give the program the name of a private file with the value, and mask its output.",
)
@WAIT
@click.option("-q", "--quiet", is_flag=True, help="Do not say how each value gets to work.")
@click.option("--no-sandbox", is_flag=True, help="Leave Claude Code's own sandbox as it is.")
@click.argument("program", nargs=-1, required=True, metavar="-- PROGRAM [ARGUMENT]...")
def run(  # noqa: PLR0913  # one per option
    app: Application,
    *,
    purpose: str,
    proxied: tuple[str, ...],
    environment: tuple[str, ...],
    files: tuple[str, ...],
    no_wait: bool,
    quiet: bool,
    no_sandbox: bool,
    program: tuple[str, ...],
) -> int:
    """Run PROGRAM with credentials, for as long as it runs.

    With -c the program has only a placeholder. It talks to the world through a proxy on this
    machine, which puts the value into requests to the hosts that the credential's policy lists, and
    takes it out of their answers. The program's exit code is passed on.
    """
    from vaultctl.api import segment
    from vaultctl.running.session import Run

    if not (proxied or environment or files):
        raise click.UsageError("Name a credential with -c, --env or --file.")
    choices = parse_choices(proxied, environment, files)
    api = app.api(PurePath(program[0]).name)
    described = [api.get(f"credentials/{segment(choice.key)}") for choice in choices]
    parts = [
        decide(choice, credential, program)
        for choice, credential in zip(choices, described, strict=True)
    ]
    words, sandbox = _prepared(program, parts, may_sandbox=not no_sandbox)
    if not quiet:
        for part in parts:
            app.note(part.in_words())
    return Run(app, api, parts, words, purpose, not no_wait, sandbox).execute()


def _prepared(
    program: Sequence[str], parts: Sequence[Part], *, may_sandbox: bool
) -> tuple[list[str], bool]:
    """The command as it is started, and whether a sandbox is put around what it runs."""
    from vaultctl.running.claude_code import can_sandbox, is_claude_code, with_settings

    if not is_claude_code(program):
        return list(program), False
    sandbox = may_sandbox and can_sandbox()
    hosts = [item.host for part in parts for item in part.destinations]
    return with_settings(program, hosts, sandbox=sandbox), sandbox
