"""Create a tenant with its first owner, for a new installation."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug

from foundation.errors import VaultError
from identity.sign_in.password_links import password_link
from tenants.models import Person
from tenants.operations import create_tenant


class Command(BaseCommand):
    """`manage.py create_tenant acme "Acme Ltd" --owner olivia@example.org`."""

    help = "Makes a tenant and its owner, and prints the link by which a new owner sets a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name of letters, digits and hyphens")
        parser.add_argument("name", help="the name that people read")
        parser.add_argument("--owner", required=True, metavar="EMAIL")

    def handle(self, *_: Any, **options: Any) -> None:
        slug, name, email = options["slug"], options["name"], options["owner"].lower()
        _require_valid(slug, email)
        known = Person.objects.filter(email=email).first()
        owner = known or Person.objects.create_user(email)
        try:
            create_tenant(slug, name, owner)
        except VaultError as error:
            if known is None:
                owner.delete()
            raise CommandError(error.detail) from None
        self.stdout.write(f"{name} is made; {email} owns it.")
        if not owner.has_usable_password():
            self.stdout.write(f"Set a password within three days: {password_link(owner)}")


def _require_valid(slug: str, email: str) -> None:
    try:
        validate_slug(slug)
        validate_email(email)
    except ValidationError as error:
        raise CommandError(error.messages[0]) from None
