"""A ledger from before there was a log: it is put into the log whole, in the same bytes as if it had always been."""

from typing import Any

import asyncpg
from tests.conftest import MakeDatabase

import funding
from dorpsplein.migrating import migrate, migrations_of
from funding.domain.receipts import resolution_leaf, transfer_leaf

BEFORE = """
    insert into transfers (id, group_id, kind, resource, debit, credit, amount, pending, at)
    select uuidv7(), gen_random_uuid(), kind, 'EUR/2', debit, credit, amount, pending,
        '2026-05-01 12:00:00.012345+02'::timestamptz + n * interval '1 hour'
    from (values
        (1, 'pot-line', 'party:gemeente', 'pot:a:b', 10000, false),
        (2, 'pledge', 'party:' || gen_random_uuid(), 'escrow:c', 5000, true),
        (3, 'return', 'escrow:c', 'returned:' || gen_random_uuid(), 1, false),
        (4, 'match', 'pot:a:b', 'escrow:c', 2500, true)
    ) as t(n, kind, debit, credit, amount, pending);
    insert into resolutions (transfer_id, outcome, amount, at)
    select id, case when kind = 'pledge' then 'posted' else 'voided' end, case when kind = 'pledge' then 5000 else 0 end, at
    from transfers where pending;
"""  # noqa: E501


async def test_what_the_ledger_had_before_the_log_is_put_into_it(make_empty_database: MakeDatabase):
    urls = make_empty_database("funding")
    files = migrations_of(funding)
    first = next(place for place, file in enumerate(files) if file.name == "0004_transparency.sql")
    await migrate(urls.migration, files[:first])
    owner: Any = await asyncpg.connect(urls.migration)
    try:
        await owner.execute(BEFORE)
        await migrate(urls.migration, files)
        queued = [(row["ref"], row["leaf"]) for row in await owner.fetch("select * from log_queue order by id")]
        transfers = await owner.fetch("select * from transfers t join salts s on s.transfer_id = t.id order by at")
        resolutions = {row["transfer_id"]: row for row in await owner.fetch("select * from resolutions")}
    finally:
        await owner.close()
    expected = []
    for row in transfers:
        leaf = transfer_leaf(
            transfer_id=row["id"],
            group=row["group_id"],
            **{name: row[name] for name in ("kind", "resource", "debit", "credit", "amount", "pending", "at", "salt")},
        )
        expected.append((row["id"], leaf))
        if resolved := resolutions.get(row["id"]):
            what = {name: resolved[name] for name in ("outcome", "amount", "at")}
            expected.append((row["id"], resolution_leaf(transfer_id=row["id"], **what)))
    assert queued == expected
    assert len(queued) == 6
    assert len({row["salt"] for row in transfers}) == 4
