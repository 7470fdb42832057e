"""A fund from before knobs turned keeps what it had."""

import json
from uuid import uuid4

import asyncpg
from tests.conftest import MakeDatabase
from tests.funding.conftest import KNOBS, NOON

import funding
from dorpsplein.database import Database
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.outbox import Outbox
from funding import storage
from funding.domain import knobs

FUND = "insert into funds (id, name, opened_by, opened_at) values ($1, 'Dorpsfonds', $2, $3)"
ROUND = """
    insert into rounds (id, fund_id, rule, rule_version, knobs, opened_by, opened_at, closes_at)
    values ($1, $2, 'ratio', $3, $4, $1, $5, $5)
"""


async def test_a_fund_from_before_starts_with_the_knobs_of_its_latest_round(make_empty_database: MakeDatabase) -> None:
    urls = make_empty_database("funding")
    files = migrations_of(funding)
    place = [file.name for file in files].index("0003_knobs.sql")
    await migrate(urls.migration, files[:place])
    old, new = uuid4(), uuid4()
    latest = knobs.start("ratio", KNOBS)
    connection = await asyncpg.connect(urls.application)
    for fund in (old, new):
        await connection.execute(FUND, fund, uuid4(), NOON)
    await connection.execute(ROUND, uuid4(), old, knobs.rule_version(latest), json.dumps(KNOBS), NOON)
    await connection.close()
    await migrate(urls.migration, files)
    async with Database(urls.application, Outbox("urn:test", "http://test")) as db, db.transaction() as tx:
        for fund, expected in ((old, latest), (new, knobs.start("ratio", {}))):
            current = await storage.knobs.current(tx, fund)
            assert current is not None
            assert (current.number, current.values, current.effective_at) == (1, expected, NOON)
            row = await tx.fetchrow("select rule_version, valuation_version from knob_sets where fund_id = $1", fund)
            assert row is not None
            assert tuple(row) == (knobs.rule_version(expected), knobs.valuation_version(expected))
