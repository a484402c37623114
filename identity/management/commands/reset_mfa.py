"""Remove a person's second factors, for somebody who lost them all."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identity.operations.recovery import reset_second_factors
from tenants.models import Person


class Command(BaseCommand):
    """`manage.py reset_mfa marc@example.org`. Verify who asks before you run it."""

    help = "Removes a person's second factors and ends their sessions; it is on record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *_: Any, **options: Any) -> None:
        person = Person.objects.filter(email=options["email"].lower()).first()
        if person is None:
            raise CommandError("There is no such person.")
        count = reset_second_factors(person)
        self.stdout.write(
            f"{count} factors removed; the sessions are ended. The person gets a mail."
        )
