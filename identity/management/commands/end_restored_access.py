"""End what a restored backup brings back: leases, tokens and sessions."""

from typing import Any

from django.core.management.base import BaseCommand

from identity.operations.restored_access import end_restored_access


class Command(BaseCommand):
    """`manage.py end_restored_access`, before the processes are started on a restored database."""

    help = "Ends all leases, tokens and sessions of all tenants; it is on record."

    def handle(self, *_: Any, **__: Any) -> None:
        ended = end_restored_access()
        for kind, count in sorted(ended.items()):
            self.stdout.write(f"{count} {kind.replace('_', ' ')} ended")
