"""The Celery app: `celery -A vaultsite.celery worker` and `… beat`; also loaded by the web process,
so that what it enqueues goes to the same broker.
"""

import os
import time
from typing import Any

from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")

app = Celery("vaultsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT = "vaultsite:heartbeat"
HEARTBEAT_SECONDS = 5


@app.task(name="vaultsite.beat_the_heart")
def send_heartbeat() -> None:
    """Leave the time where /readyz looks: it came here through beat, broker and worker."""
    from django.core.cache import cache

    cache.set(HEARTBEAT, int(time.time()), timeout=6 * HEARTBEAT_SECONDS)


@app.on_after_finalize.connect
def schedule_heartbeat(sender: Celery, **_: Any) -> None:
    """Beat sends it; one that waited too long is dropped instead of piling up."""
    sender.add_periodic_task(HEARTBEAT_SECONDS, send_heartbeat.s(), expires=HEARTBEAT_SECONDS)


@worker_init.connect
def start_safely(**_: Any) -> None:
    """Refuse to work as a database role that row-level security does not bind."""
    from vaultsite.startup_checks import UnsafeStart, harden_process, require_safe_database

    harden_process()
    try:
        require_safe_database()
    except UnsafeStart as error:
        raise WorkerShutdown(str(error)) from None
