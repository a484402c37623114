"""The open pages of this process: they receive events, and are closed when access ends."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from console.live.authorization import LiveAuthorization, live_authorizations
from console.live.subscriber import Subscription
from console.live.topics import FOR_MEMBERS, Topic
from foundation.safe_traceback import safe_traceback
from foundation.task_cancellation import cancel_task

log = logging.getLogger(__name__)

MESSAGE_SECONDS = 0.25  # the least time between two messages about one topic to one page
CHECK_SECONDS = 0.7  # the most time between two checks of the authorization
ANSWER_SECONDS = 1.0  # without an answer of the database nobody gets updates
SLOW_SECONDS = 5.0
HEARTBEAT_SECONDS = 10.0
MOST_PER_PERSON = 20
FEW_PER_PERSON = 4  # once the tenant's places become scarce
MOST_PER_TENANT = 150
MOST = 200  # per process: all of them are checked every second

SIGNED_OUT = 4401
NOT_YOURS = 4403
TOO_MANY = 4429
TRY_LATER = 1013
TOO_SLOW = 4408

Send = Callable[[dict[str, Any]], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]


class ConnectionRefused(Exception):
    """The page gets no updates; `code` is the WebSocket close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class LiveConnection:
    """One open page: its session's authorization, and the events that were not sent to it yet."""

    session_key: str
    authorization: LiveAuthorization
    tenant_id: UUID
    send: Send
    close: Close
    pending: dict[Topic, str] = field(default_factory=dict)
    live: bool | None = None
    sent_at: float = 0.0
    sending: asyncio.Task[None] | None = None

    def take(self, *, live: bool, now: float) -> list[dict[str, Any]]:
        """The messages to send now; a heartbeat after a while without any."""
        messages: list[dict[str, Any]] = []
        if live is not self.live or (not self.pending and now - self.sent_at > HEARTBEAT_SECONDS):
            messages.append({"live": live})
        messages += [self._message(topic, entry) for topic, entry in sorted(self.pending.items())]
        self.live = live
        self.pending = {}
        if messages:
            self.sent_at = now
        return messages

    def _message(self, topic: Topic, entry: str) -> dict[str, Any]:
        """Members are told the topic only, not the entry."""
        if self.authorization.is_admin and entry:
            return {"topic": topic, "entry": entry}
        return {"topic": topic}

    def may_receive(self, topic: Topic) -> bool:
        """Whether the page may receive this topic."""
        if self.authorization.is_auditor:
            return topic is Topic.AUDIT
        return self.authorization.is_admin or topic in FOR_MEMBERS


class LiveConnections:
    """All open pages of this process."""

    def __init__(self) -> None:
        self._pages: set[LiveConnection] = set()
        self._something = asyncio.Event()
        self._subscription = Subscription(self._hear, self._something.set)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-authorization")
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self, session_key: str, send: Send, close: Close) -> LiveConnection:
        """A page for the session. Raises ConnectionRefused."""
        try:
            authorization = (await self._ask({session_key})).get(session_key)
        except (DatabaseError, InterfaceError, TimeoutError):
            raise ConnectionRefused(TRY_LATER) from None
        if authorization is None:
            raise ConnectionRefused(SIGNED_OUT)
        if authorization.tenant_id is None:
            raise ConnectionRefused(NOT_YOURS)
        self._require_place(authorization)
        page = LiveConnection(session_key, authorization, authorization.tenant_id, send, close)
        self._pages.add(page)
        self._update_subscription()
        return page

    def _require_place(self, authorization: LiveAuthorization) -> None:
        """Refuse a page too many, so that neither a few people nor one tenant take all places."""
        mine = sum(page.authorization.person_id == authorization.person_id for page in self._pages)
        tenants = sum(page.tenant_id == authorization.tenant_id for page in self._pages)
        scarce = tenants * 2 >= MOST_PER_TENANT
        if (
            mine >= (FEW_PER_PERSON if scarce else MOST_PER_PERSON)
            or tenants >= MOST_PER_TENANT
            or len(self._pages) >= MOST
        ):
            raise ConnectionRefused(TOO_MANY)

    def leave(self, page: LiveConnection) -> None:
        """The page was closed."""
        self._pages.discard(page)
        if page.sending:
            page.sending.cancel()
        self._update_subscription()

    async def run(self) -> None:
        """Serve the pages until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._subscription.run())
            tasks.create_task(self._serve())

    def stop(self) -> None:
        """After `run` was cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _update_subscription(self) -> None:
        self._subscription.want(frozenset(page.tenant_id for page in self._pages))
        self._something.set()

    def _hear(self, tenant_id: UUID, topics: dict[Topic, str]) -> None:
        for page in self._pages:
            if page.tenant_id == tenant_id:
                page.pending |= {
                    topic: entry for topic, entry in topics.items() if page.may_receive(topic)
                }
        self._something.set()

    async def _serve(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS if self._pages else None):
                    await self._something.wait()
            self._something.clear()
            try:
                await self._check()
            except Exception as error:  # noqa: BLE001  # pages that cannot be checked are closed
                log.warning("live updates cannot be sent: %s", safe_traceback(error))
                for page in tuple(self._pages):
                    self._end(page, TRY_LATER)
            self._send_pending()
            await asyncio.sleep(MESSAGE_SECONDS)

    async def _check(self) -> None:
        """Close the pages whose access ended; nothing is sent before this check."""
        pages = tuple(self._pages)
        now = await self._ask({page.session_key for page in pages}) if pages else {}
        for page in pages:
            authorization = now.get(page.session_key)
            if authorization is None or authorization.person_id != page.authorization.person_id:
                self._end(page, SIGNED_OUT)
            elif authorization.tenant_id != page.tenant_id:
                self._end(page, NOT_YOURS)
            else:
                self._reauthorize(page, authorization)

    async def _ask(self, keys: set[str]) -> dict[str, LiveAuthorization]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await loop.run_in_executor(self._thread, live_authorizations, keys)

    def _reauthorize(self, page: LiveConnection, authorization: LiveAuthorization) -> None:
        page.authorization = authorization
        page.pending = {t: entry for t, entry in page.pending.items() if page.may_receive(t)}

    def _send_pending(self) -> None:
        now = asyncio.get_running_loop().time()
        for page in tuple(self._pages):
            if page.sending and not page.sending.done():
                if now - page.sent_at > SLOW_SECONDS:
                    self._end(page, TOO_SLOW)
                continue
            messages = page.take(live=self._subscription.covers(page.tenant_id), now=now)
            if messages:
                page.sending = asyncio.create_task(_send(page, messages))

    def _end(self, page: LiveConnection, code: int) -> None:
        self.leave(page)
        closing = asyncio.create_task(_close(page, code))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _send(page: LiveConnection, messages: list[dict[str, Any]]) -> None:
    with contextlib.suppress(OSError, RuntimeError):  # the page was closed in the meantime
        for message in messages:
            await page.send(message)


async def _close(page: LiveConnection, code: int) -> None:
    with contextlib.suppress(OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(SLOW_SECONDS):
            await page.close(code)


@asynccontextmanager
async def watching() -> AsyncIterator[LiveConnections]:
    """The pages of this process, served while the block runs."""
    pages = LiveConnections()
    task = asyncio.create_task(pages.run())
    try:
        yield pages
    finally:
        await cancel_task(task)
        pages.stop()
