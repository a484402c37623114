"""Which processes run, so that the end of one that was killed is recorded (I2).

The entry of a read commits before its reply is sent. When the process is killed in between, nobody
knows whether the value arrived. Entries of reads name their process, and whoever finds a process
dead records its end: a read without a reply is one of a process that ended there.
"""

import logging
import os
from datetime import timedelta
from threading import Event as Flag
from threading import Thread
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models.functions import Now

from access.actor import system_actor
from audit.events import Event
from audit.models import Process
from audit.recording import INSTALLATION, record_in_transaction
from foundation.db.clock import database_now
from foundation.db.ids import uuid7

log = logging.getLogger(__name__)

SEEN_SECONDS = 15
DEAD_AFTER = timedelta(seconds=60)
KEPT_ENDED = timedelta(days=30)


class RunningProcess:
    """The row of this process, renewed by a thread of its own while the process runs."""

    def __init__(self) -> None:
        self._id: UUID = uuid7()
        self._kind = ""
        self._ends = Flag()
        self._thread: Thread | None = None

    @property
    def id(self) -> str:
        """What entries call it."""
        return self._id.hex

    def start(self, kind: str) -> None:
        """Register as `web` or `worker`, and renew until `stop`."""
        self._kind = kind
        self._ends.clear()
        self.show_life()
        connection.close()
        self._thread = Thread(target=self._run, name="process", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Record an orderly end, of which nothing needs to be found out."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(SEEN_SECONDS)
            self._thread = None
        try:
            Process.objects.filter(pk=self._id).update(ended_at=Now())
        except (DatabaseError, InterfaceError) as error:
            log.warning("the end of this process is not recorded: %s", type(error).__name__)
        connection.close()

    def show_life(self) -> None:
        """Renew the row. A process that was found dead, because it stood still, gets a new one."""
        try:
            running = Process.objects.filter(pk=self._id, ended_at=None)
            if not running.update(seen_at=Now()):
                self._id = uuid7()
                Process.objects.create(
                    id=self._id, kind=self._kind, host=os.uname().nodename[:80], pid=os.getpid()
                )
        except (DatabaseError, InterfaceError) as error:
            log.warning("this process cannot show that it runs: %s", type(error).__name__)

    def _run(self) -> None:
        while not self._ends.wait(SEEN_SECONDS):
            self.show_life()
            connection.close()


this_process = RunningProcess()


def running_processes() -> list[tuple[Process, float]]:
    """Every process that has not ended, with the seconds since it showed life."""
    now = database_now()
    running = Process.objects.filter(ended_at=None).order_by("kind", "started_at")
    return [(process, (now - process.seen_at).total_seconds()) for process in running]


def record_dead_processes() -> None:
    """Record the end of every process that has shown no life for a minute, and forget old ones."""
    with transaction.atomic():
        silent = Process.objects.filter(ended_at=None, seen_at__lt=Now() - DEAD_AFTER)
        for process in silent.select_for_update(skip_locked=True):
            record_in_transaction(
                system_actor("process-watch", INSTALLATION),
                Event.PROCESS_ENDED,
                process=process.pk.hex,
                kind=process.kind,
                host=process.host,
                pid=process.pid,
                started_at=process.started_at.isoformat(),
                seen_at=process.seen_at.isoformat(),
            )
            Process.objects.filter(pk=process.pk).update(ended_at=Now())
            log.warning("a %s process (%s) ended without saying so", process.kind, process.pk.hex)
        Process.objects.filter(ended_at__lt=Now() - KEPT_ENDED).delete()
