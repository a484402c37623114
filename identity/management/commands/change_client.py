"""Suspend, resume or remove an OAuth client of the whole installation."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from foundation.errors import NotFound
from identity.authorization_server.clients import change_client
from identity.models import ClientState


class Command(BaseCommand):
    """`manage.py change_client CLIENT_ID suspended`: for a client that must stop at once."""

    help = "Stops an OAuth client in every tenant, or lets a suspended one go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("state", choices=ClientState.values)

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            change_client(options["client_id"], ClientState(options["state"]))
        except NotFound as error:
            raise CommandError(error.detail) from None
