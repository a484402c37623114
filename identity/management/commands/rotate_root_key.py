"""Wrap with the root key everything that the second root key still wraps."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from foundation.errors import Unavailable
from identity.operations.root_key_rotation import record_rotation, rotation_steps

WIDTH = 30


class Command(BaseCommand):
    """`manage.py rotate_root_key`, with the new key in VAULTSITE_ROOT_KEY and the old one in
    VAULTSITE_ROOT_KEY_SECOND. It may be interrupted and run again.
    """

    help = "Wraps with the root key everything that VAULTSITE_ROOT_KEY_SECOND still wraps."

    def handle(self, *_: Any, **__: Any) -> None:
        if settings.ENVIRONMENT.root_key_second is None:
            raise CommandError("Give the old root key as VAULTSITE_ROOT_KEY_SECOND.")
        steps = list(rotation_steps())
        rewrapped, damaged = 0, []
        for number, step in enumerate(steps, 1):
            try:
                rewrapped += step.run()
            except Unavailable:
                damaged.append(step.name)
            self._show(number, len(steps))
        if damaged:
            raise CommandError(f"Neither root key opens: {', '.join(damaged)}. Keep both keys.")
        record_rotation(rewrapped)
        self.stdout.write(
            f"{rewrapped} of {len(steps)} rewrapped. Everything is under VAULTSITE_ROOT_KEY; "
            "remove VAULTSITE_ROOT_KEY_SECOND from all processes."
        )

    def _show(self, done: int, total: int) -> None:
        """A bar on a terminal, nothing elsewhere."""
        if self.stdout.isatty():
            filled = WIDTH * done // total
            bar = "#" * filled + "." * (WIDTH - filled)
            self.stdout.write(f"\r{bar} {done}/{total}", ending="\n" if done == total else "")
            self.stdout.flush()
