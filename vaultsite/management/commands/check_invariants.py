"""Check the stored rows of all tenants against the invariants."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from access.tenancy import tenant_transaction
from audit.recording import INSTALLATION
from leases.invariants import CHECKS, INSTALLATION_CHECKS, entries_verify
from tenants.models import Tenant


class Command(BaseCommand):
    """`manage.py check_invariants`: status 1 when one is broken. It changes nothing.

    Run it as the application, with its keys, after a restore or a failure.
    """

    help = "Checks what must hold of the stored rows (docs/invariants.md)."

    def handle(self, *_: Any, **__: Any) -> None:
        broken = {name: list[str]() for name in (*CHECKS, *INSTALLATION_CHECKS)}
        tenants = list(Tenant.objects.order_by("pk").values_list("pk", flat=True))
        for tenant_id in tenants:
            for name, check in CHECKS.items():
                with tenant_transaction(tenant_id):
                    broken[name] += check(tenant_id)
        with tenant_transaction(INSTALLATION):
            broken["I7"] += entries_verify(INSTALLATION)
        for name, check_all in INSTALLATION_CHECKS.items():
            broken[name] += check_all()
        for name, found in broken.items():
            self.stdout.write(f"{name}: {len(found)} broken" if found else f"{name}: holds")
            for what in found:
                self.stdout.write(f"    {what}")
        if any(broken.values()):
            sys.exit(1)
        self.stdout.write(f"All hold, in {len(tenants)} tenants.")
