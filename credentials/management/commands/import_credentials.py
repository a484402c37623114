"""Import the file of another tool as a member of a tenant."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import click
from django.core.management.base import BaseCommand, CommandError

from access.actions import Channel
from access.actor import ALL_SCOPES, Actor
from access.levels import Role
from credentials.importers import READERS
from credentials.importers.file_text import file_text
from credentials.importers.rows import MAXIMUM_FILE
from credentials.operations import import_credentials
from credentials.shapes.imports import ImportCredentials, ImportOut
from foundation.errors import Invalid, VaultError
from tenants.models import Membership


class Command(BaseCommand):
    """`manage.py import_credentials .env --format env --tenant acme --as olivia@example.org`."""

    help = "Stores the rows of another tool's file as a member of a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--format", default="detect", choices=("detect", *READERS))
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--as", required=True, metavar="EMAIL", dest="email")
        parser.add_argument("--folder", default="", metavar="PATH", help="where to store the rows")
        parser.add_argument("--flat", action="store_true", help="ignore the file's own folders")
        parser.add_argument("--prefix", default="", help="stands before each key")
        parser.add_argument(
            "--name-after-folder", action="store_true", help="the folder stands before each key"
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, store nothing")
        parser.add_argument(
            "--best-effort",
            action="store_true",
            help="store what can be stored, not all or nothing",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        actor = _actor(options["tenant"], options["email"])
        try:
            request = _request(options)
            with click.progressbar(length=1, label="Importing", file=sys.stderr) as bar:

                def watch(done: int, of: int) -> None:
                    bar.length = of
                    bar.update(done - bar.pos)

                result = import_credentials(actor, request, watch=watch)
        except VaultError as error:
            raise CommandError(error.detail) from None
        self._report(result)

    def _report(self, result: ImportOut) -> None:
        for row in result.rows:
            why = f" – {row.reason}" if row.reason else ""
            where = f" {row.key} ({row.type})" if row.key else ""
            # repr, because a foreign name may contain control sequences for the terminal.
            self.stdout.write(f"{row.row:>5}  {row.outcome:<12} {row.name!r}{where}{why}")
        would = sum(row.outcome == "would_create" for row in result.rows)
        self.stdout.write(f"Read as {result.format}.")
        made = f"{would} would be created" if result.dry_run else f"{result.created} created"
        self.stdout.write(f"{made}, {result.skipped} skipped, {result.failed} failed.")
        if result.failed and not result.created and not result.dry_run:
            raise CommandError("Nothing was stored; correct the rows, or use --best-effort.")


def _request(options: dict[str, Any]) -> ImportCredentials:
    return ImportCredentials.parse(
        {
            "format": options["format"],
            "content": _content(options["file"]),
            "folderPath": options["folder"],
            "keepFolders": not options["flat"],
            "prefix": options["prefix"],
            "nameAfterFolder": options["name_after_folder"],
            "dryRun": options["dry_run"],
            "mode": "best-effort" if options["best_effort"] else "all-or-nothing",
        }
    )


def _content(name: str) -> str:
    try:
        source = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115  # closed below
        with source:
            return file_text(source.read(MAXIMUM_FILE + 1))
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error.strerror}.") from None
    except Invalid as error:
        raise CommandError(error.detail) from None


def _actor(slug: str, email: str) -> Actor:
    membership = Membership.objects.filter(
        tenant__slug=slug, person__email__iexact=email, suspended_at=None
    ).first()
    if membership is None:
        raise CommandError("There is no such member of this tenant.")
    return Actor(
        tenant_id=membership.tenant_id,
        channel=Channel.COMMAND,
        person_id=membership.person_id,
        role=Role(membership.role),
        scopes=ALL_SCOPES,
    )
