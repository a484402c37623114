"""Celery's beat: `celery -A vaultsite.beat beat`.

This app has no tasks and loads no Django application: beat needs their names, the schedule and the
broker, and a small process is enough for that.
"""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")

app = Celery("vaultsite.beat", fixups=[])
app.config_from_object("django.conf:settings", namespace="CELERY")


@setup_logging.connect
def use_settings(**_: Any) -> None:
    """Log as the settings say; otherwise Celery would install handlers of its own."""
    dictConfig(settings.LOGGING)


@beat_init.connect
def start_safely(**_: Any) -> None:
    """Keep the keys in memory out of core files."""
    from vaultsite.startup_checks import harden_process

    harden_process()
