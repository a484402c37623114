"""The Celery app of the workers: `celery -A vaultsite.celery worker`. The web process loads it too,
so that what it enqueues goes to the same broker.
"""

import os
import time
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.exceptions import WorkerShutdown
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")

app = Celery("vaultsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT = "vaultsite:heartbeat"
HEARTBEAT_SECONDS = 10


@app.task(name="vaultsite.beat_the_heart")
def send_heartbeat() -> None:
    """Leave the time where /readyz looks: it came here through beat, broker and worker."""
    from django.core.cache import cache

    cache.set(HEARTBEAT, int(time.time()), timeout=6 * HEARTBEAT_SECONDS)


@setup_logging.connect
def use_settings(**_: Any) -> None:
    """Log as the settings say; otherwise Celery would install handlers of its own."""
    from django.conf import settings

    dictConfig(settings.LOGGING)


@worker_ready.connect
def register_process(**_: Any) -> None:
    """From now on somebody notices when this process is killed."""
    from audit.processes import this_process

    this_process.start("worker")


@worker_shutdown.connect
def deregister_process(**_: Any) -> None:
    """It ends in order."""
    from audit.processes import this_process

    this_process.stop()


@worker_init.connect
def start_safely(**_: Any) -> None:
    """Refuse to work as a database role that row-level security does not bind, and under a wrong
    root key.
    """
    from vaultsite.root_key_gate import require_root_key
    from vaultsite.startup_checks import UnsafeStart, harden_process, require_safe_database

    harden_process()
    try:
        require_safe_database()
        require_root_key()
    except UnsafeStart as error:
        raise WorkerShutdown(str(error)) from None
