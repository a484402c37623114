"""What every command is given: the options that all commands have, and the way to the server."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from vaultctl.configuration import pipeline_identity, server_url

if TYPE_CHECKING:
    from vaultctl.api import Api


@dataclass
class Application:
    """The running command."""

    command: str
    url_option: str | None
    as_json: bool

    @property
    def url(self) -> str:
        """The server's address."""
        return server_url(self.url_option)

    def api(self, program: str = "") -> "Api":
        """The server, as the one who is signed in; `program` is what the command runs.

        From here on this process has tokens, and perhaps values.
        """
        from vaultctl.api import Api
        from vaultctl.running.hardening import protect_memory

        protect_memory()
        about = f"{self.command} {program}".strip()
        return Api(self.url, about, pipeline_identity())

    def show(self, data: Any, text: str | Callable[[], str]) -> None:
        """Print `data` with --json, otherwise `text`."""
        from vaultctl.output import as_json, printable

        if self.as_json:
            click.echo(as_json(data))
        else:
            shown = text if isinstance(text, str) else text()
            if shown:
                click.echo(printable(shown))

    def note(self, text: str) -> None:
        """A line about what happens, on standard error."""
        from vaultctl.output import printable

        click.echo(f"vaultctl: {printable(text)}", err=True)


def command(name: str, **settings: Any) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command of vaultctl: its function is given the application, and may answer an exit code."""

    def decorate(function: Callable[..., int | None]) -> click.Command:
        @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
        @click.option("--url", metavar="URL", help="The server's address.")
        @functools.wraps(function)
        def run(*, as_json: bool, url: str | None, **options: Any) -> int | None:
            return function(Application(name, url, as_json), **options)

        return click.command(name, cls=click.Command, **settings)(run)

    return decorate
