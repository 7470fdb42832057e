"""Timers fire once, whatever happens around them, and one that fails holds up no other."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from tests.conftest import MakeDatabase
from tests.shared import toolshed
from tests.shared.bells import NOON, TABLE, open_database, ring, runtime
from tests.shared.rig import until

from dorpsplein.database import Database, Transaction
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.timers import Handler, cancel_timers, fire_due, set_timers, watch

MINUTE = timedelta(minutes=1)


@dataclass
class Tower:
    """A database with bells."""

    url: str
    db: Database

    async def set(self, *refs: UUID, at: datetime = NOON, kind: str = "bell") -> None:
        async with self.db.transaction() as tx:
            await set_timers(tx, kind, dict.fromkeys(refs, at))

    async def fire(self, now: datetime = NOON, **handlers: Handler) -> int:
        return await fire_due(self.db, {"bell": ring} | handlers, now)

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.db.connection() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def rung(self) -> list[UUID]:
        """What rang, in order, each time that it did."""
        return [row[0] for row in await self.rows("select ref from rings")]

    async def standing(self) -> int:
        return int((await self.rows("select count(*) from timers"))[0][0])


@pytest_asyncio.fixture
async def tower(make_database: MakeDatabase) -> AsyncIterator[Tower]:
    urls = make_database("toolshed")
    await migrate(urls.migration, migrations_of(toolshed.PACKAGE))
    owner = await asyncpg.connect(urls.migration)
    await owner.execute(TABLE)
    await owner.close()
    async with open_database(urls.application) as db:
        yield Tower(urls.application, db)


async def test_a_timer_fires_at_its_moment_and_not_again(tower: Tower) -> None:
    bell = uuid4()
    await tower.set(bell)
    assert await tower.fire(NOON - timedelta(microseconds=1)) == 0
    assert await tower.rung() == []
    assert await tower.fire() == 1
    assert await tower.fire(NOON + MINUTE) == 0
    assert await tower.rung() == [bell]


async def test_timers_fire_in_order_of_their_moments_also_across_kinds(tower: Tower) -> None:
    told: list[tuple[str, datetime]] = []
    moments: dict[UUID, datetime] = {}

    def tell(kind: str) -> Handler:
        async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
            told.extend((kind, moments[ref]) for ref in refs)

        return handler

    for n, kind in enumerate(["gong", "bell", "gong", "gong", "bell"]):
        ref = uuid4()
        moments[ref] = NOON - (9 - n) * MINUTE
        await tower.set(ref, at=moments[ref], kind=kind)
    assert await tower.fire(bell=tell("bell"), gong=tell("gong")) == 5
    assert [at for _, at in told] == sorted(moments.values())
    assert [kind for kind, _ in told] == ["gong", "bell", "gong", "gong", "bell"]


async def test_a_timer_that_is_set_again_has_moved(tower: Tower) -> None:
    bell = uuid4()
    await tower.set(bell)
    await tower.set(bell, at=NOON + MINUTE)
    assert await tower.fire() == 0
    assert await tower.fire(NOON + MINUTE) == 1
    assert await tower.rung() == [bell]


async def test_a_cancelled_timer_does_not_fire(tower: Tower) -> None:
    bell, other = uuid4(), uuid4()
    await tower.set(bell, other)
    async with tower.db.transaction() as tx:
        await cancel_timers(tx, "bell", [bell, uuid4()])
    assert await tower.fire() == 1
    assert await tower.rung() == [other]


async def test_a_timer_of_a_transaction_that_rolled_back_was_never_there(tower: Tower) -> None:
    async def break_off() -> None:
        async with tower.db.transaction() as tx:
            await set_timers(tx, "bell", {uuid4(): NOON})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await tower.standing() == 0


async def test_a_kind_without_a_handler_here_stays_for_a_process_that_has_one(tower: Tower) -> None:
    await tower.set(uuid4(), kind="gong")
    assert await tower.fire() == 0
    assert await tower.standing() == 1


async def test_what_a_handler_sets_itself_fires_as_well(tower: Tower) -> None:
    bell = uuid4()

    async def snooze(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        await ring(tx, refs, now)
        if len(await tx.fetch("select from rings")) == 1:
            await set_timers(tx, "bell", dict.fromkeys(refs, now + MINUTE))

    await tower.set(bell)
    assert await tower.fire(bell=snooze) == 1
    assert await tower.standing() == 1
    assert await tower.fire(NOON + MINUTE, bell=snooze) == 1
    assert await tower.rung() == [bell, bell]
    assert await tower.standing() == 0


async def test_a_handler_may_cancel_the_timer_it_answers(tower: Tower) -> None:
    async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        await cancel_timers(tx, "bell", refs)
        await ring(tx, refs, now)

    await tower.set(uuid4())
    assert await tower.fire(bell=handler) == 1
    assert len(await tower.rung()) == 1


@pytest.mark.parametrize("change", ["moved", "cancelled"])
async def test_one_that_another_changes_while_it_fires_has_no_effect_then(tower: Tower, change: str) -> None:
    bell, calls = uuid4(), 0

    async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        nonlocal calls
        calls += 1
        await ring(tx, refs, now)
        if calls == 1:
            async with tower.db.transaction() as other:
                if change == "moved":
                    await set_timers(other, "bell", {bell: NOON + MINUTE})
                else:
                    await cancel_timers(other, "bell", [bell])

    await tower.set(bell)
    assert await tower.fire(bell=handler) == 0
    assert await tower.rung() == []
    assert await tower.fire(NOON + MINUTE, bell=handler) == (change == "moved")
    assert len(await tower.rung()) == (change == "moved")


async def test_one_that_fails_holds_up_no_other_and_comes_back_after_a_growing_pause(
    tower: Tower, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = uuid4(), [uuid4() for _ in range(5)]

    async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        await ring(tx, refs, now)
        if bad in refs:
            raise ZeroDivisionError

    await tower.set(bad, at=NOON - MINUTE)
    await tower.set(*good)
    with caplog.at_level(logging.ERROR):
        assert await tower.fire(bell=handler) == 5
    assert set(await tower.rung()) == set(good)
    assert str(bad) in caplog.text
    now = NOON
    for pause in (1, 2, 4, 8):
        (due,) = (await tower.rows("select due_at from timers"))[0]
        assert due == now + timedelta(seconds=pause)
        now = due
        assert await tower.fire(now, bell=handler) == 0
    assert await tower.fire(now + timedelta(seconds=16)) == 1
    assert (await tower.rung())[5:] == [bad]


async def test_one_that_failed_before_goes_alone(tower: Tower) -> None:
    calls: list[int] = []

    async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        calls.append(len(refs))

    await tower.set(uuid4(), uuid4(), uuid4())
    async with tower.db.transaction() as tx:
        last = await tx.fetchval("select ref from timers order by ref desc limit 1")
        await tx.execute("update timers set attempts = 1 where ref = $1", last)
    assert await tower.fire(bell=handler) == 3
    assert calls == [2, 1]


async def test_two_workers_at_once_ring_each_bell_once(tower: Tower) -> None:
    bells = [uuid4() for _ in range(500)]
    await tower.set(*bells)

    async def slow(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        await ring(tx, refs, now)
        await asyncio.sleep(0.01)

    async with open_database(tower.url) as other:
        await asyncio.gather(
            *(fire_due(db, {"bell": slow}, NOON) for db in (tower.db, other) for _ in range(3)), tower.fire()
        )
    await tower.fire()
    assert sorted(await tower.rung()) == sorted(bells)


async def test_while_another_process_has_the_turn_nothing_is_fired(tower: Tower) -> None:
    calls = 0

    async def handler(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
        nonlocal calls
        calls += 1
        assert await fire_due(tower.db, {"bell": handler}, now) == 0

    await tower.set(uuid4(), uuid4())
    assert await tower.fire(bell=handler) == 2
    assert calls == 1


async def test_a_worker_fires_what_becomes_due_and_ends_when_it_is_told(tower: Tower) -> None:
    working = asyncio.ensure_future(watch({"bell": ring})(runtime(tower.db)))
    await tower.set(uuid4())

    async def rang() -> bool:
        return bool(await tower.rung())

    await until(rang, 5)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert await tower.standing() == 0


async def test_a_worker_killed_at_its_commit_leaves_the_timers_to_the_next(tower: Tower, tmp_path: Path) -> None:
    bells = [uuid4() for _ in range(450)]
    await tower.set(*bells)
    for point in ("before_commit=kill@2", "committed_not_answered=kill@1", ""):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.shared.bells", tower.url, point, cwd=Path(__file__).parents[2]
        )
        if point:
            assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
            assert await tower.standing() > 0
        else:

            async def none_left() -> bool:
                return await tower.standing() == 0

            await until(none_left)
            process.kill()
            await process.wait()
    assert sorted(await tower.rung()) == sorted(bells)
