"""Transactions, grouped commands and migrations on a real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.conftest import MakeDatabase
from tests.shared import toolshed
from tests.shared.rig import Shed

from dorpsplein import failpoints
from dorpsplein.database import Transaction
from dorpsplein.envelope import CAUSE, Cause, Fact
from dorpsplein.errors import Refused, Transient
from dorpsplein.migrating import migrate, migrations_of


async def lend_all(tx: Transaction, tools: Sequence[UUID]) -> list[int | Exception]:
    """Lend tools; none whose number is even, and a division by zero for nought."""
    facts: list[Fact] = []
    answers: list[int | Exception] = []
    for tool, cause in zip(tools, tx.causes, strict=True):
        if 1 // (tool.int and 1) and tool.int % 2 == 0:
            answers.append(Refused("tool-is-away"))
            continue
        version = await tx.fetchval(toolshed.LOCK, tool)
        facts.append(Fact(toolshed.ToolReturned(tool_id=tool), version, cause))
        answers.append(version)
    await tx.record(facts)
    return answers


async def test_grouped_commands_share_a_transaction_and_keep_their_own_answers_and_causes(shed: Shed) -> None:
    async def one(number: int) -> int:
        CAUSE.set(Cause(f"request-{number}"))
        return await shed.db.grouped(lend_all, UUID(int=number))

    answers = await asyncio.gather(*(one(number) for number in (1, 2, 3)), return_exceptions=True)
    assert answers[0] == answers[2] == 1
    assert isinstance(answers[1], Refused)
    rows = await shed.fetch("select key, headers::jsonb->>'correlation_id' as cause, xmin from outbox order by id")
    assert [(UUID(row["key"]).int, row["cause"]) for row in rows] == [(1, "request-1"), (3, "request-3")]
    assert len({row["xmin"] for row in rows}) == 1


async def test_a_command_that_breaks_its_group_breaks_only_itself(shed: Shed) -> None:
    answers = await asyncio.gather(
        *(shed.db.grouped(lend_all, UUID(int=number)) for number in (1, 0, 3)), return_exceptions=True
    )
    assert answers[0] == answers[2] == 1
    assert isinstance(answers[1], ZeroDivisionError)
    assert (await shed.fetch("select count(*) from outbox"))[0][0] == 2


async def test_a_handler_that_forgets_an_answer_stores_nothing(shed: Shed) -> None:
    async def forgetful(tx: Transaction, tools: Sequence[UUID]) -> list[int]:
        await toolshed.lend(tx, tools[0])
        return []

    with pytest.raises(TypeError):
        await shed.db.grouped(forgetful, uuid4())
    assert not await shed.fetch("select from tools")


@pytest.mark.parametrize("point", ["before_commit", "committed_not_answered"])
async def test_a_fault_around_commit_is_transient_and_told_to_no_relay_unless_committed(shed: Shed, point: str) -> None:
    told = shed.db.on_commit()
    failpoints.arm(f"{point}=raise")
    try:
        with pytest.raises(Transient):
            await shed.lend(uuid4())
    finally:
        failpoints.arm("")
    committed = point == "committed_not_answered"
    assert told.is_set() is committed
    assert len(await shed.fetch("select from outbox")) == committed


async def test_a_database_that_is_not_there_is_transient(shed: Shed) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/x", shed.urls.application.replace("/toolshed", "/toolshad")):
        database = shed.database()
        database.url = url
        async with database:
            with pytest.raises(Transient):
                await database.ready()


async def test_a_connection_that_is_cut_is_transient_and_the_next_works(shed: Shed) -> None:
    async def cut() -> None:
        async with shed.db.transaction() as tx:
            await toolshed.lend(tx, uuid4())
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await tx.execute("select pg_terminate_backend(pg_backend_pid())")
            await tx.execute("select 1")

    with pytest.raises(Transient):
        await cut()
    assert not await shed.fetch("select from tools")


async def test_a_connection_that_was_cut_in_the_middle_of_an_operation_is_given_to_nobody_again(shed: Shed) -> None:
    async def used() -> int:
        async with shed.db.connection() as connection:
            return connection.get_server_pid()

    before = await used()
    with pytest.raises(Transient):
        async with shed.db.connection():
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    assert await used() != before


async def test_transactions_in_each_others_way_are_transient(shed: Shed) -> None:
    one, two = uuid4(), uuid4()
    await shed.lend(one)
    await shed.lend(two)

    async def both(first: UUID, second: UUID) -> None:
        async with shed.db.transaction() as tx:
            await toolshed.lend(tx, first, hold_s=0.2)
            await toolshed.lend(tx, second)

    outcomes = await asyncio.gather(both(one, two), both(two, one), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Transient"]


async def test_a_slow_statement_is_ended_by_postgresql_which_says_so(shed: Shed) -> None:
    database = shed.database()
    database._timeout_s = 0.2
    async with database:
        with pytest.raises(asyncpg.QueryCanceledError):
            async with database.transaction() as tx:
                await tx.execute("select pg_sleep(3)")


async def test_a_cancelled_command_leaves_a_clean_connection(shed: Shed) -> None:
    database = shed.database()
    database._size = 1
    async with database:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), database.transaction() as tx:
                await toolshed.lend(tx, uuid4(), hold_s=5)
        async with database.transaction() as tx:
            assert await tx.fetchval("select count(*) from tools") == 0


async def test_migrations_run_once_and_in_order(make_database: MakeDatabase) -> None:
    url = make_database("toolshed").migration
    files = migrations_of(toolshed.PACKAGE)
    assert [file.name for file in files] == ["0000_messaging.sql", "0001_timers.sql", "0001_toolshed.sql"]
    assert await migrate(url, files) == [file.name for file in files]
    assert await migrate(url, files) == []


async def test_two_migrators_at_once_run_each_file_once(make_database: MakeDatabase) -> None:
    url, files = make_database("toolshed").migration, migrations_of(toolshed.PACKAGE)
    ran = await asyncio.gather(*(migrate(url, files) for _ in range(3)))
    assert sorted(map(len, ran)) == [0, 0, 3]


async def test_a_migration_that_was_changed_is_refused(make_database: MakeDatabase, tmp_path: Path) -> None:
    url, file = make_database("toolshed").migration, tmp_path / "0001_things.sql"
    file.write_text("create table things (id int)")
    await migrate(url, [file])
    file.write_text("create table things (id bigint)")
    with pytest.raises(ValueError, match=r"0001_things\.sql was changed"):
        await migrate(url, [file])


async def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    url, file = make_database("toolshed").migration, tmp_path / "0001_things.sql"
    file.write_text("create table things (id int); create table things (id int)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(url, [file])
    file.write_text("create table things (id int)")
    assert await migrate(url, [file]) == ["0001_things.sql"]
