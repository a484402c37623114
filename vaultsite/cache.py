"""Django's Redis cache for days when Redis is gone: a bounded memory of this process stands in."""

import json
import logging
import time
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0


class Breaker:
    """After a failure nobody asks again for a while, so a frozen server is not waited for twice."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        self._open_until = 0.0
        self._lock = Lock()

    def allows(self) -> bool:
        """Whether to ask; when the pause is over one caller tries and the others still wait."""
        if not self._open_until:
            return True
        with self._lock:
            if time.monotonic() < self._open_until:
                return False
            self._open_until = time.monotonic() + self._pause
            return True

    def fail(self) -> None:
        """Start a pause; said once in the log, not at every call."""
        if not self._open_until:
            log.warning("the cache is out of reach; this process goes on with its own memory")
        self._open_until = time.monotonic() + self._pause

    def succeed(self) -> None:
        """Ask again from now on."""
        if self._open_until:
            log.warning("the cache is back")
            self._open_until = 0.0


class JSONSerializer:
    """Instead of Django's pickle: who can write to Redis must not run code here."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


@cache
def _shared(server: str, parameters: str) -> tuple[RedisCache, Breaker]:
    """Django makes a cache object per thread and request; connections and breaker are the
    process's.
    """
    params = json.loads(parameters)
    params["OPTIONS"] = {**params.get("OPTIONS", {}), "serializer": JSONSerializer}
    return RedisCache(server, params), Breaker()


class ForgivingRedisCache(BaseCache):
    """RedisCache, or memory of this process while Redis does not answer.

    What is kept here are limits and conveniences; nothing that decides validity. So a local
    bound instead of a shared one is right, and an error or a wait would be wrong.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._remote, self._breaker = _shared(server, json.dumps(params, sort_keys=True))
        self._local = LocMemCache(f"instead of {server}", {**params, "OPTIONS": {}})

    @property
    def is_shared(self) -> bool:
        """Whether Redis answers at this moment."""
        return bool(self._ask(lambda one: one is self._remote and one.get("", True)))

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda one: one.add(*args, **kwargs)))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(lambda one: one.get(*args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask(lambda one: one.set(*args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda one: one.touch(*args, **kwargs)))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda one: one.delete(*args, **kwargs)))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(self._ask(lambda one: one.get_many(*args, **kwargs)))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda one: one.has_key(*args, **kwargs)))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._ask(lambda one: one.incr(*args, **kwargs)))

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._ask(lambda one: one.set_many(*args, **kwargs)))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._ask(lambda one: one.delete_many(*args, **kwargs))

    def clear(self) -> None:
        self._local.clear()
        self._ask(lambda one: one.clear())

    def _ask(self, question: Callable[[BaseCache], Any]) -> Any:
        if self._breaker.allows():
            try:
                answer = question(self._remote)
            except (RedisError, OSError):
                self._breaker.fail()
            else:
                self._breaker.succeed()
                return answer
        return question(self._local)
