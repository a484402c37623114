"""Django's Redis cache with a fallback: while Redis is down, a bounded cache in this process."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from foundation.circuit_breaker import Breaker


class JSONSerializer:
    """JSON instead of Django's pickle: write access to Redis must not allow running code."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


@cache
def _shared(server: str, parameters: str) -> tuple[RedisCache, Breaker]:
    """Django creates a cache object per thread and request; connections and breaker are shared by
    the process.
    """
    params = json.loads(parameters)
    params["OPTIONS"] = {**params.get("OPTIONS", {}), "serializer": JSONSerializer}
    return RedisCache(server, params), Breaker()


class FallbackRedisCache(BaseCache):
    """RedisCache, or this process's memory while Redis does not respond.

    The cache holds limits and conveniences, nothing that decides validity. So a local limit
    instead of a shared one is acceptable, and an error or a wait is not.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._remote, self._breaker = _shared(server, json.dumps(params, sort_keys=True))
        self._local = LocMemCache(f"instead of {server}", {**params, "OPTIONS": {}})

    @property
    def is_shared(self) -> bool:
        """Whether Redis responds now."""
        return bool(self._ask(lambda backend: backend is self._remote and backend.get("", True)))

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda backend: backend.add(*args, **kwargs)))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(lambda backend: backend.get(*args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask(lambda backend: backend.set(*args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda backend: backend.touch(*args, **kwargs)))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda backend: backend.delete(*args, **kwargs)))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(self._ask(lambda backend: backend.get_many(*args, **kwargs)))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(lambda backend: backend.has_key(*args, **kwargs)))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._ask(lambda backend: backend.incr(*args, **kwargs)))

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._ask(lambda backend: backend.set_many(*args, **kwargs)))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._ask(lambda backend: backend.delete_many(*args, **kwargs))

    def clear(self) -> None:
        self._local.clear()
        self._ask(lambda backend: backend.clear())

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
