"""Plain functions on the event loop: their transactions, their errors, and what they may not do."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, OperationalError

from access.tenancy import tenant_transaction
from foundation.db.loop import LoopDatabase, atomic, current_task, on_commit
from foundation.db.prepared import PreparedText, execute, fetch
from tenants.models import Tenant
from tests.people import Somebody

ADD = PreparedText(
    "INSERT INTO people_group (id, tenant_id, name, description, revision)"
    " VALUES (gen_random_uuid(), %(tenant)s, %(name)s, '', 1)"
)
NAMES = PreparedText("SELECT name FROM people_group WHERE tenant_id = %(tenant)s ORDER BY name")
SLEEP = PreparedText("SELECT pg_sleep(%(seconds)s::float)")
END = PreparedText("SELECT pg_terminate_backend(pg_backend_pid())")


def on_loop(*works: Callable[[], Any], size: int = 2) -> list[Any]:
    """What the functions answer or raise, run side by side."""

    async def main() -> list[Any]:
        async with LoopDatabase(size) as database:
            return await asyncio.gather(
                *(database.run(work) for work in works), return_exceptions=True
            )

    return asyncio.run(main())


def add(owner: Somebody, name: str, *, commit: bool = False) -> None:
    """Add a group in the running transaction."""
    execute(ADD(tenant=owner.console.tenant_id, name=name), commit=commit)


def names(owner: Somebody) -> list[str]:
    """The groups that were committed."""
    with tenant_transaction(owner.console.tenant_id):
        return [name for (name,) in fetch(NAMES(tenant=owner.console.tenant_id))]


def test_a_function_commits_its_statements_and_then_calls_its_hooks(owner: Somebody) -> None:
    seen: list[str] = []

    def work() -> str:
        with tenant_transaction(owner.console.tenant_id):
            on_commit(lambda: seen.append("committed"))
            add(owner, "ops")
            assert seen == []
        return "done"

    assert on_loop(work) == ["done"]
    assert seen == ["committed"]
    assert names(owner) == ["ops"]


def test_the_commit_can_travel_with_the_last_statement(owner: Somebody) -> None:
    def work() -> bool:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "ops", commit=True)
            task = current_task()
            assert task is not None
            return task.has_committed

    assert on_loop(work) == [True]
    assert names(owner) == ["ops"]


def test_what_fails_is_rolled_back_and_the_connection_serves_the_next(owner: Somebody) -> None:
    def fails() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "ops")
            raise ValueError("no")

    def adds_twice() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "dev")
            add(owner, "dev", commit=True)

    def works() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "qa")

    first, second, third = on_loop(fails, adds_twice, works, size=1)
    assert isinstance(first, ValueError)
    assert isinstance(second, IntegrityError)  # Django's, as in a thread
    assert third is None
    assert names(owner) == ["qa"]


def test_the_orm_needs_a_thread_and_nothing_is_committed(owner: Somebody) -> None:
    def work() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "ops")
            Tenant.objects.get(pk=owner.console.tenant_id)

    (error,) = on_loop(work)
    assert isinstance(error, SynchronousOnlyOperation)
    assert names(owner) == []


def test_the_orm_after_the_commit_is_an_error_and_no_reason_to_repeat(owner: Somebody) -> None:
    def work() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "ops", commit=True)
        Tenant.objects.get(pk=owner.console.tenant_id)

    (error,) = on_loop(work)
    assert isinstance(error, RuntimeError)
    assert names(owner) == ["ops"]


def test_transactions_cannot_be_nested_nor_left_out(owner: Somebody) -> None:
    def nested() -> None:
        with tenant_transaction(owner.console.tenant_id), atomic(durable=False):
            pass

    def none() -> None:
        fetch(NAMES(tenant=owner.console.tenant_id))

    first, second = on_loop(nested, none)
    assert isinstance(first, RuntimeError)
    assert isinstance(second, SynchronousOnlyOperation)


def test_functions_wait_side_by_side_each_in_its_own_transaction(owner: Somebody) -> None:
    begun: set[str] = set()

    def adds(name: str) -> Callable[[], list[str]]:
        def work() -> list[str]:
            with tenant_transaction(owner.console.tenant_id):
                add(owner, name)
                mine = [row[0] for row in fetch(NAMES(tenant=owner.console.tenant_id))]
                begun.add(name)
                while len(begun) < 2:  # each waits for the other, so one at a time never ends
                    fetch(SLEEP(seconds=0.02))
                return mine

        return work

    assert on_loop(adds("a"), adds("b"), size=2) == [["a"], ["b"]]
    assert names(owner) == ["a", "b"]


def test_a_cancelled_function_leaves_nothing_and_its_connection_is_replaced(
    owner: Somebody,
) -> None:
    def slow() -> None:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "ops")
            fetch(SLEEP(seconds=10))

    def quick() -> str:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "dev")
        return "done"

    async def main() -> str:
        async with LoopDatabase(1) as database:
            running = asyncio.create_task(database.run(slow))
            await asyncio.sleep(0.5)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            return await database.run(quick)

    assert asyncio.run(main()) == "done"
    assert names(owner) == ["dev"]


def test_a_connection_that_the_server_ended_is_replaced(owner: Somebody) -> None:
    def ended() -> None:
        with tenant_transaction(owner.console.tenant_id):
            fetch(END())

    def works() -> str:
        with tenant_transaction(owner.console.tenant_id):
            add(owner, "dev")
        return "done"

    first, second = on_loop(ended, works, size=1)
    assert isinstance(first, OperationalError)
    assert second == "done"


def test_a_full_pool_is_unavailable_and_not_waited_for_without_end(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundation.db.loop.WAIT_SECONDS", 0.2)

    def slow() -> None:
        with tenant_transaction(owner.console.tenant_id):
            fetch(SLEEP(seconds=1.5))

    answers = on_loop(slow, slow, size=1)
    assert [type(answer) for answer in answers if answer] == [OperationalError]
