"""Create the next key that signs access tokens."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from access.actions import Channel
from access.actor import system_actor
from audit.events import Event
from audit.recording import INSTALLATION, record_in_transaction
from identity.tokens.signing_keys import ALGORITHMS, DEFAULT_ALG, PUBLISHED_AHEAD, rotate


class Command(BaseCommand):
    """`manage.py rotate_signing_key`: publish a new key now; it signs after a while."""

    help = f"Publishes a new signing key; it signs from {PUBLISHED_AHEAD} seconds later on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--alg", choices=ALGORITHMS, default=DEFAULT_ALG)
        parser.add_argument(
            "--compromised",
            action="store_true",
            help="sign with the new key at once and refuse everything the old ones signed",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        compromised: bool = options["compromised"]
        with transaction.atomic():
            key = rotate(options["alg"], compromised=compromised)
            record_in_transaction(
                system_actor("rotate-signing-key", INSTALLATION, Channel.COMMAND),
                Event.TENANT_SETTINGS_UPDATED,
                signing_key=key.kid,
                alg=key.alg,
                compromised=compromised,
            )
        self.stdout.write(
            f"{key.alg} key {key.kid} signs from {key.active_from:%Y-%m-%dT%H:%M:%SZ}"
        )
