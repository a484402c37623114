"""Check the MAC of every entry of the audit log."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from access.actions import Channel
from access.actor import Actor, system_actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from audit.recording import INSTALLATION, record_in_transaction
from audit.verification import is_genuine
from foundation.db.ids import public_id
from tenants.models import Tenant

BATCH = 2000


class Command(BaseCommand):
    """`manage.py verify_audit`: name the entries that were changed since they were written.

    It reads a batch of entries per transaction, and records its result in each log.
    """

    help = "Checks the audit log of every tenant, and the installation's; status 1 if one is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the slug of one tenant")

    def handle(self, *_: Any, **options: Any) -> None:
        wrong = 0
        for name, tenant_id in _logs(options["tenant"]):
            wrong += self._verify(name, tenant_id)
        if wrong:
            raise CommandError(
                f"{wrong} entries are not as they were written, or were written under another key."
            )

    def _verify(self, name: str, tenant_id: UUID) -> int:
        actor = system_actor("verify-audit", tenant_id, Channel.COMMAND)
        checked = wrong = 0
        for entry in _entries(actor):
            checked += 1
            if not is_genuine(entry):
                wrong += 1
                self.stderr.write(f"{name}: {public_id('entry', entry.pk)} does not verify")
        with tenant_transaction(tenant_id):
            record_in_transaction(actor, Event.AUDIT_VERIFIED, checked=checked, wrong=wrong)
        self.stdout.write(f"{name}: {checked} entries checked, {wrong} wrong")
        return wrong


def _logs(slug: str | None) -> Iterator[tuple[str, UUID]]:
    tenants = Tenant.objects.order_by("slug")
    if slug is None:
        yield "installation", INSTALLATION
    else:
        tenants = tenants.filter(slug=slug)
        if not tenants.exists():
            raise CommandError("There is no such tenant.")
    for tenant in tenants:
        yield tenant.slug, tenant.pk


def _entries(actor: Actor) -> Iterator[Entry]:
    last: UUID | None = None
    while True:
        with tenant_transaction(actor.tenant_id):
            rows = Entry.objects.of(actor).order_by("pk")
            batch = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
        if not batch:
            return
        yield from batch
        last = batch[-1].pk
