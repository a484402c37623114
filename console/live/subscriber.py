"""Receiving events from Valkey: one channel, in the groups of the tenants with open pages.

A message to ourselves every second proves that events would arrive, too. When it does not return,
nothing is live until a new connection is made.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from console.live.publisher import NEWS, group_of
from console.live.topics import Topic

log = logging.getLogger(__name__)

PULSE = "vault.pulse"
PULSE_SECONDS = 1.0
SILENCE_SECONDS = 2.5
ANSWER_SECONDS = 1.0
RETRY_SECONDS = 1.0
IDLE_SECONDS = 30.0  # without an open page before the connection is closed

Hear = Callable[[UUID, dict[Topic, str]], None]


class NoPages(Exception):
    """No page has been open for a while."""


class Subscription:
    """`hear` is called with events, `changed` when what is live has changed; neither may block."""

    def __init__(self, hear: Hear, changed: Callable[[], None]) -> None:
        self._hear = hear
        self._changed = changed
        self._layer = get_channel_layer()
        self._wanted: frozenset[UUID] = frozenset()
        self._followed: set[UUID] = set()
        self._beats = False
        self._asked = asyncio.Event()
        self._was_live = True

    def covers(self, tenant_id: UUID) -> bool:
        """Whether events of this tenant arrive at this moment."""
        return self._beats and tenant_id in self._followed

    def want(self, tenants: frozenset[UUID]) -> None:
        """Receive the events of these tenants only."""
        if tenants != self._wanted:
            self._wanted = tenants
            self._asked.set()

    async def run(self) -> None:
        """Listen while pages are open; after a failure, report it and reconnect."""
        while True:
            await self._until_wanted()
            try:
                await self._listen()
            except* NoPages:
                await self._forget()
            except* (RedisError, OSError) as group:  # a TimeoutError is an OSError
                self._lost(group)
                await self._forget()
                await asyncio.sleep(RETRY_SECONDS)

    async def _until_wanted(self) -> None:
        while not self._wanted:
            self._asked.clear()
            await self._asked.wait()

    async def _listen(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            channel = await self._layer.new_channel()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(channel))
            tasks.create_task(self._keep_up(channel))

    async def _receive(self, channel: str) -> None:
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                message = await self._layer.receive(channel)
            if message.get("type") == PULSE:
                self._alive()
            elif message.get("type") == NEWS:
                self._received(message)

    async def _keep_up(self, channel: str) -> None:
        """Join and leave groups as wanted, and send the pulse. Raises NoPages."""
        loop = asyncio.get_running_loop()
        used_at = loop.time()
        while True:
            self._asked.clear()
            if self._wanted:
                used_at = loop.time()
            elif loop.time() - used_at > IDLE_SECONDS:
                raise NoPages
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._follow(channel)
                await self._layer.send(channel, {"type": PULSE})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PULSE_SECONDS):
                    await self._asked.wait()

    async def _follow(self, channel: str) -> None:
        for tenant_id in self._followed - self._wanted:
            await self._layer.group_discard(group_of(tenant_id), channel)
            self._followed.discard(tenant_id)
        for tenant_id in self._wanted - self._followed:
            await self._layer.group_add(group_of(tenant_id), channel)
            self._followed.add(tenant_id)
            self._changed()

    def _alive(self) -> None:
        if not self._beats:
            self._beats = True
            if not self._was_live:
                log.warning("pages are live again")
            self._was_live = True
            self._changed()

    def _received(self, message: dict[str, Any]) -> None:
        """Anyone with access to Valkey could have sent it: only known topics and ids pass."""
        try:
            tenant_id = UUID(hex=message["tenant"])
            topics = {Topic(topic): str(entry) for topic, entry in message["topics"].items()}
        except (KeyError, ValueError, TypeError, AttributeError):
            return
        if tenant_id in self._wanted:
            self._hear(tenant_id, topics)

    def _lost(self, group: BaseExceptionGroup[Exception]) -> None:
        if self._was_live:
            kinds = sorted({type(error).__name__ for error in group.exceptions})
            log.warning("pages are not live (%s)", ", ".join(kinds))
        self._was_live = False

    async def _forget(self) -> None:
        """Drop the connection and its state, even when the server does not answer."""
        self._beats = False
        self._followed.clear()
        self._changed()
        with contextlib.suppress(RedisError, OSError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._layer.flush()
