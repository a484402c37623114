"""completion: the shell's script."""

import click
from click.shell_completion import get_completion_class

from vaultctl.application import Application, command


@command("completion", short_help="Print the shell's completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(app: Application, *, shell: str) -> None:
    """Print the completion script; for bash: eval "$(vaultctl completion bash)"."""
    from vaultctl.__main__ import vaultctl

    found = get_completion_class(shell)
    assert found is not None
    script = found(vaultctl, {}, "vaultctl", "_VAULTCTL_COMPLETE").source()
    app.show({"shell": shell, "script": script}, script)
