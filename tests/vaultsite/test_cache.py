"""The cache goes on when Redis is dead or frozen, and comes back with it."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from foundation.circuit_breaker import Breaker
from tests.environment import free_port
from tests.vaultsite.frozen import FrozenServer
from vaultsite.cache import FallbackRedisCache, JSONSerializer

OPTIONS = {"socket_timeout": 0.1, "socket_connect_timeout": 0.1}


@pytest.fixture
def frozen() -> Iterator[FrozenServer]:
    """A Redis that hangs."""
    server = FrozenServer()
    yield server
    server.close()


def cache(url: str) -> FallbackRedisCache:
    """A cache at `url`, as Django makes them."""
    return FallbackRedisCache(url, {"OPTIONS": OPTIONS, "KEY_PREFIX": "test-cache"})


def use(one: FallbackRedisCache) -> None:
    """Everything that callers do with a cache."""
    one.clear()
    assert one.get("a", "nothing") == "nothing"
    assert one.add("a", 1, 60)
    assert not one.add("a", 2, 60)
    assert one.incr("a") == 2
    one.set("b", [1.5, "two"], 60)
    assert one.get_many(["a", "b"]) == {"a": 2, "b": [1.5, "two"]}
    assert one.touch("b", 60)
    assert one.has_key("b")
    assert one.set_many({"c": True}) == []
    assert one.delete("a")
    one.delete_many(["b", "c"])
    assert not one.has_key("c")


def test_values_live_in_redis_for_every_process() -> None:
    one, other = cache(settings.REDIS_URL), cache(settings.REDIS_URL)
    use(one)
    one.set("shared", {"a": [1, 2]}, 60)
    assert one.is_shared
    assert other.get("shared") == {"a": [1, 2]}
    one.clear()


def test_a_dead_redis_is_replaced_by_own_memory() -> None:
    one = cache(f"redis://127.0.0.1:{free_port()}/0")
    use(one)
    assert not one.is_shared


def test_a_frozen_redis_is_waited_for_once_and_not_at_every_call(frozen: FrozenServer) -> None:
    one = cache(frozen.url)
    use(one)
    use(cache(frozen.url))
    assert not one.is_shared
    assert len(frozen.taken) == 1


def test_what_redis_holds_is_json_and_no_program() -> None:
    one = cache(settings.REDIS_URL)
    one.set("plain", ["a", 1], 60)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.get(one.make_key("plain")) == b'["a", 1]'
    one.clear()


def test_what_is_no_json_is_not_stored() -> None:
    with pytest.raises(TypeError):
        JSONSerializer().dumps(object())


def test_the_pause_ends_and_one_caller_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("foundation.circuit_breaker.time.monotonic", lambda: now)
    breaker = Breaker(pause=5)
    assert breaker.allows()
    breaker.fail()
    assert not breaker.allows()
    now += 5
    assert breaker.allows()
    assert not breaker.allows()
    breaker.succeed()
    assert breaker.allows()
    assert breaker.allows()
