"""Create the link with which a new installation is set up."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from foundation.errors import Conflict
from identity.sign_in.first_run import is_open, setup_link


class Command(BaseCommand):
    """`manage.py setup_link`: once, before anybody has an account."""

    help = "Prints the link to set up a fresh installation; it works once, for a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", type=Path, metavar="FILE", help="write it there (0600), and nothing when set up"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path | None = options["to"]
        if path is not None:
            _write(path, setup_link() if is_open() else "")
            return
        try:
            self.stdout.write(setup_link())
        except Conflict as error:
            raise CommandError(error.detail) from None


def _write(path: Path, link: str) -> None:
    path.unlink(missing_ok=True)
    if link:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(link + "\n")
