"""Publishing events to Valkey after a commit, in every process that writes.

A request only notes the newest entry per tenant and topic. A thread sends the notes. While Valkey
does not answer they are kept, newer ones replace older ones, and what does not fit is dropped. A
page detects by itself that it was not live.
"""

import asyncio
import atexit
import logging
import os
import time
from collections.abc import Awaitable, Callable
from threading import Event as Flag
from threading import Lock, Thread
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from audit.domain_events import DomainEvent
from audit.recording import INSTALLATION
from console.live.topics import topics_of
from foundation.db.ids import public_id

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
SEND_SECONDS = 1.0
PAUSE_SECONDS = 1.0
LAST_SECONDS = 0.5
MOST_NOTES = 10_000

NEWS = "vault.news"

Notes = dict[tuple[UUID, str], str]
Send = Callable[[UUID, dict[str, str]], Awaitable[None]]


def group_of(tenant_id: UUID) -> str:
    """The group of a tenant's pages; derived from our own id, never from what a client sends."""
    return f"tenant.{tenant_id.hex}"


async def send_to_group(tenant_id: UUID, topics: dict[str, str]) -> None:
    """One message to the tenant's pages: topic → id of the newest entry."""
    message = {"type": NEWS, "tenant": tenant_id.hex, "topics": topics}
    async with asyncio.timeout(SEND_SECONDS):
        await get_channel_layer().group_send(group_of(tenant_id), message)


class Publisher:
    """Takes notes from any thread and sends them from its own."""

    def __init__(self, send: Send = send_to_group) -> None:
        self._send = send
        self.reset()

    def reset(self) -> None:
        """Start empty: a forked process has neither the parent's thread nor its notes."""
        self._notes: Notes = {}
        self._lock = Lock()
        self._noted = Flag()
        self._idle = Flag()
        self._idle.set()
        self._thread: Thread | None = None
        self._complained = False

    def note(self, news: DomainEvent) -> None:
        """Subscriber of `audit.domain_events`: it does no I/O and does not block."""
        if news.tenant_id == INSTALLATION:
            return
        entry = public_id("entry", news.entry_id) if news.entry_id else ""
        with self._lock:
            fits = len(self._notes) < MOST_NOTES
            if fits:
                for topic in topics_of(news.event):
                    self._notes[news.tenant_id, topic] = entry
                self._idle.clear()
            if self._thread is None:
                self._start()
        if not fits:
            self._complain("too many notes")
        self._noted.set()

    def _start(self) -> None:
        self._thread = Thread(target=self._work, name="live-publisher", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Before the process ends, wait a moment for the last notes of a command."""
        self._idle.wait(LAST_SECONDS)

    def _work(self) -> None:
        with asyncio.Runner() as runner:
            while True:
                self._noted.wait()
                time.sleep(GATHER_SECONDS)
                self._noted.clear()
                if not runner.run(self._publish(self._take())):
                    time.sleep(PAUSE_SECONDS)
                    self._noted.set()

    def _take(self) -> Notes:
        with self._lock:
            notes, self._notes = self._notes, {}
        return notes

    async def _publish(self, notes: Notes) -> bool:
        """Send the notes, one message per tenant; those that fail are kept for the next time."""
        for tenant_id in {tenant_id for tenant_id, _ in notes}:
            mine = {topic: entry for (whose, topic), entry in notes.items() if whose == tenant_id}
            try:
                await self._send(tenant_id, mine)
            except (RedisError, OSError) as error:  # a TimeoutError is an OSError
                self._complain(type(error).__name__)
                self._keep(notes)
                return False
            for topic in mine:
                del notes[tenant_id, topic]
        self._settle()
        return True

    def _keep(self, notes: Notes) -> None:
        with self._lock:
            if len(self._notes) + len(notes) <= MOST_NOTES:
                self._notes = {**notes, **self._notes}

    def _settle(self) -> None:
        if self._complained:
            log.warning("live updates are sent again")
            self._complained = False
        with self._lock:
            if not self._notes:
                self._idle.set()

    def _complain(self, why: str) -> None:
        """Logged once until it works again."""
        if not self._complained:
            self._complained = True
            log.warning("live updates are not sent (%s); everything else works", why)


publisher = Publisher()
os.register_at_fork(after_in_child=publisher.reset)
atexit.register(publisher.finish)
