"""`manage.py demo`: the demo tenants acme and globex, for development."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devtools.demo import demo_keys, seed_credentials, seed_people
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Make the demo tenants with people, credentials and grants; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--people-file",
            required=True,
            help="JSON file (0600) that keeps the demo people's random passwords",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if not settings.ENVIRONMENT.development:
            raise CommandError("Demo people are for development only.")
        path = Path(options["people_file"])
        people = seed_people(_passwords(path))
        seed_credentials()
        acme = Tenant.objects.get(slug="acme")
        _write(path, {"people": people, "credentials": demo_keys(acme.pk)})


def _passwords(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {person["email"]: person["password"] for person in kept["people"]}


def _write(path: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
