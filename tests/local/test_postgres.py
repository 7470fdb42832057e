"""What the roles of a service's database may do."""

import asyncpg
import pytest
from tests.conftest import MakeDatabase
from tests.servers import Servers

from dorpsplein_local.databases import create_service_database


async def test_the_application_writes_rows_and_cannot_change_the_schema(make_empty_database: MakeDatabase) -> None:
    urls = make_empty_database("initiatives")
    await run(urls.migration, "create table tools (id int generated always as identity, name text)")
    await run(urls.application, "insert into tools (name) values ('saw'); update tools set name = 'file'")
    for statement in ("create table mine (id int)", "drop table tools", "truncate tools", "create schema mine"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(urls.application, statement)


async def test_the_application_cannot_become_the_owner(make_empty_database: MakeDatabase) -> None:
    urls = make_empty_database("initiatives")
    owner = urls.application.rpartition("/")[2] + "_owner"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.application, f"set role {owner}")
    await run(urls.migration, f"set role {owner}")


async def test_one_service_cannot_enter_the_database_of_another(make_empty_database: MakeDatabase) -> None:
    mine, theirs = make_empty_database("initiatives"), make_empty_database("funding")
    stolen = mine.application.rpartition("/")[0] + "/" + theirs.application.rpartition("/")[2]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(stolen, "select 1")


async def test_making_a_database_again_keeps_its_rows(servers: Servers, make_empty_database: MakeDatabase) -> None:
    urls = make_empty_database("presence")
    await run(urls.migration, "create table kept (id int); insert into kept values (1)")
    again = create_service_database(servers.admin_url, urls.application.rpartition("/")[2])
    assert await run(again.application, "select id from kept") == [(1,)]


async def run(url: str, statements: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        if statements.startswith("select"):
            return [tuple(row) for row in await connection.fetch(statements)]
        await connection.execute(statements)
        return []
    finally:
        await connection.close()
