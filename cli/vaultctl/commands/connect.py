"""connect claude: register Vault's MCP server with Claude Code."""

import shutil
import subprocess

import click

from vaultctl.application import Application, command
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

CALLBACK_PORT = 8123


@click.group("connect", short_help="Connect an agent to Vault.")
def connect() -> None:
    """Connect an agent to Vault's MCP server."""


@command("claude", short_help="Add Vault to Claude Code.")
@click.option("--print", "only_print", is_flag=True, help="Print the commands, run none.")
@click.option("--name", default="vault", show_default=True, help="The server's name there.")
@click.option(
    "--scope", type=click.Choice(["local", "user", "project"]), default="local", show_default=True
)
def claude(app: Application, *, only_print: bool, name: str, scope: str) -> None:
    """Add Vault to Claude Code, replacing an earlier entry, and sign in there."""
    endpoint = f"{app.url}/api/mcp"
    add = ["claude", "mcp", "add", "--scope", scope, "--transport", "http", name, endpoint]
    add += ["--callback-port", str(CALLBACK_PORT)]
    sign_in = ["claude", "mcp", "login", name]
    if only_print:
        lines = [" ".join(add), " ".join(sign_in)]
        app.show({"commands": lines}, "\n".join(lines))
        return
    if shutil.which("claude") is None:
        raise VaultctlError("There is no `claude` on the PATH.", Exit.NO_PROGRAM)
    remove = ["claude", "mcp", "remove", "--scope", scope, name]
    subprocess.run(remove, capture_output=True, check=False)  # noqa: S603  # fixed words and a name
    done = subprocess.run(add, capture_output=True, text=True, check=False)  # noqa: S603  # as above
    if done.returncode:
        raise VaultctlError(
            "Claude Code did not take the server.", Exit.FAILED, hint=done.stderr.strip()
        )
    app.show(
        {"name": name, "url": endpoint},
        f"Added {name} ({endpoint}). Sign in with: {' '.join(sign_in)}",
    )


connect.add_command(claude)
