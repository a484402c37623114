"""Give a tenant an owner again."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from foundation.errors import VaultError
from identity.operations.recovery import make_owner
from identity.sign_in.password_links import password_link
from tenants.models import Tenant


class Command(BaseCommand):
    """`manage.py make_owner acme olivia@example.org`, when the last owner has left."""

    help = "Makes a person an owner of a tenant; it is on record there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's short name")
        parser.add_argument("email")

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError("There is no such tenant.")
        email = options["email"].lower()
        try:
            validate_email(email)
            person = make_owner(tenant, email)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        except VaultError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"{email} owns {tenant.name}.")
        if not person.has_usable_password():
            self.stdout.write(f"Set a password within three days: {password_link(person)}")
