"""What an audit sees in the log: every way in which an owner of the database could tamper with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding
from tests.funding.transparency.conftest import Log
from tests.support import running

from dorpsplein import merkle
from dorpsplein.database import Transaction
from funding import storage
from funding.app import SERVICE
from funding.domain.receipts import transfer_leaf


@dataclass
class Tampering:
    """A service with a written log of ten leaves and more, and someone who owns its database."""

    funding: Funding
    log: Log
    owner: Any

    async def faults(self) -> set[str]:
        async with self.funding.runtime.database.transaction() as tx:
            return {one["code"] for one in await storage.log_audit.faults(tx, self.funding.now, 30)}


@pytest.fixture
async def tampering(make_database: MakeDatabase) -> AsyncIterator[Tampering]:
    urls = make_database("funding")
    async with running(SERVICE, urls) as there:
        funding = Funding(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: funding.now)
        log = Log(funding)
        initiative, round_id = await funding.initiative(), await funding.round(100_000, 50_000)
        for person in ("anna", "piet"):
            pledge = await funding.pledge(initiative, 2_000, round_id, by=person)
        await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="piet")
        await log.write()
        owner = await asyncpg.connect(urls.migration)
        try:
            yield Tampering(funding, log, owner)
        finally:
            await owner.close()


async def test_a_log_that_was_left_alone_has_no_faults(tampering: Tampering):
    assert await tampering.faults() == set()
    assert len(await tampering.log.leaves()) >= 10
    await tampering.funding.pledge(await tampering.funding.initiative(), 700)
    assert await tampering.faults() == set()
    await tampering.log.write()
    assert await tampering.faults() == set()


async def test_what_waits_for_more_than_a_minute_is_a_fault(tampering: Tampering):
    await tampering.funding.pledge(await tampering.funding.initiative(), 700)
    tampering.funding.now += timedelta(seconds=59)
    assert await tampering.faults() == set()
    tampering.funding.now += timedelta(seconds=2)
    assert await tampering.faults() == {"leaf-missing"}


async def test_erasing_a_salt_is_no_fault(tampering: Tampering):
    await tampering.funding.rows("delete from salts returning 1")
    assert await tampering.faults() == set()


LEAF = "update log_entries set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), {}), 'UTF8') where index = 0"
FAULTS = {
    "an amount in a leaf": (
        LEAF.format("'\"amount\":', '\"amount\":1'"),
        {"leaf-differs-from-ledger", "node-differs-from-leaves"},
    ),
    "an amount in the ledger": (
        "update transfers set amount = amount + 1 where id = (select ref from log_entries where index = 0)",
        {"leaf-differs-from-ledger"},
    ),
    "an outcome in the ledger": ("update resolutions set outcome = 'expired'", {"leaf-differs-from-ledger"}),
    "a time in the ledger": ("update resolutions set at = at + interval '1 us'", {"leaf-differs-from-ledger"}),
    "whose account it was": (
        "update transfers set debit = 'party:' || gen_random_uuid() where kind = 'pledge'",
        {"leaf-differs-from-ledger"},
    ),
    "who the co-financier was": (
        "update transfers set debit = 'party:bank' where debit = 'party:gemeente'",
        {"leaf-differs-from-ledger"},
    ),
    "a transfer gone": (
        "delete from transfers t where kind = 'pot-line' and id = (select ref from log_entries where index = 0)",
        {"leaf-unknown"},
    ),
    "rubbish in a leaf": (
        r"update log_entries set leaf = '\xff00' where index = 0",
        {"leaf-differs-from-ledger", "node-differs-from-leaves"},
    ),
    "two leaves in the other order": (
        "update log_entries e set leaf = o.leaf, ref = o.ref from log_entries o where e.index + o.index = 1",
        {"node-differs-from-leaves"},
    ),
    "the last leaf gone": (
        "delete from log_entries where index = (select max(index) from log_entries)",
        {"leaf-missing", "head-of-another-size"},
    ),
    "a leaf in the middle gone": (
        "delete from log_entries where index = 3",
        {"leaf-missing", "log-has-gaps", "node-differs-from-leaves", "head-of-another-size"},
    ),
    "a node": (r"update log_nodes set hash = sha256('\x') where level = 2 and index = 0", {"node-differs-from-leaves"}),
    "a node gone": ("delete from log_nodes where level = 1 and index = 1", {"nodes-missing"}),
    "the root of the head": (
        r"update tree_heads set root = sha256('\x')",
        {"head-differs-from-tree", "signature-does-not-hold"},
    ),
    "the signature": (
        r"update tree_heads set signature = sha512('\x')",
        {"signature-does-not-hold"},
    ),
    "a signature over another size": (
        "update tree_heads set size = size - 1",
        {"head-of-another-size"},
    ),
    "the head gone": ("delete from tree_heads", {"head-missing"}),
}


async def test_every_way_of_tampering_is_seen(tampering: Tampering):
    """Each in a transaction of the owner that is taken back, so that the next finds the log whole."""
    at = tampering.funding.now + timedelta(minutes=5)
    unseen = {}
    for fault, (statement, codes) in FAULTS.items():
        undo = tampering.owner.transaction()
        await undo.start()
        assert await tampering.owner.execute(statement) not in {"UPDATE 0", "DELETE 0"}, fault
        tx = Transaction(tampering.owner, tampering.funding.runtime.outbox)
        seen = {one["code"] for one in await storage.log_audit.faults(tx, at, 30)}
        await undo.rollback()
        if not codes <= seen:
            unseen[fault] = codes - seen
    assert unseen == {}


async def test_a_tree_made_again_around_a_changed_leaf_differs_from_its_signed_head(tampering: Tampering):
    await tampering.owner.execute("update resolutions set at = at + interval '1 us'")
    await tampering.owner.execute(
        "update log_entries set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '00.000000Z', '00.000001Z'),"
        " 'UTF8') where convert_from(leaf, 'UTF8') like '%resolution%'"
    )
    grown = merkle.grow(0, (), [merkle.leaf_hash(leaf) for leaf in await tampering.log.leaves()])
    for (level, index), value in grown.nodes:
        await tampering.owner.execute(
            "update log_nodes set hash = $3 where level = $1 and index = $2", level, index, value
        )
    assert await tampering.faults() == {"head-differs-from-tree"}


async def test_a_leaf_that_no_transfer_stands_behind_is_a_fault_though_it_was_signed(tampering: Tampering):
    leaf = transfer_leaf(
        transfer_id=uuid4(), group=uuid4(), kind="match", resource="EUR/2", debit="pot:a:b", credit="escrow:c",
        amount=1, pending=False, at=NOON, salt=b"",
    )  # fmt: skip
    await tampering.funding.rows("insert into log_queue (ref, leaf) values ($1, $2) returning 1", uuid4(), leaf)
    await tampering.log.write()
    assert await tampering.faults() == {"leaf-unknown"}


async def test_a_transfer_that_is_logged_twice_is_a_fault(tampering: Tampering):
    await tampering.funding.rows(
        "insert into log_queue (ref, leaf) select ref, leaf from log_entries where index = 0 returning 1"
    )
    await tampering.log.write()
    assert await tampering.faults() == {"leaf-twice"}


async def test_a_stranger_who_kept_a_head_sees_a_log_that_was_written_anew(tampering: Tampering):
    """The owner of key and database can make any tree look whole; not to who kept a head from before."""
    kept = await tampering.log.head()
    for table in ("tree_heads", "log_nodes", "log_entries"):
        await tampering.owner.execute(f"delete from {table}")
    leaves = await tampering.owner.fetch("select id from transfers")
    for row in leaves:
        await tampering.owner.execute("insert into log_queue (ref, leaf) values ($1, 'forged')", row["id"])
    await tampering.log.write()
    await tampering.funding.pledge(await tampering.funding.initiative(), 700)
    for _ in range(kept["size"]):
        await tampering.owner.execute("insert into log_queue (ref, leaf) values ($1, 'forged')", uuid4())
    await tampering.log.write()
    head = await tampering.log.head()
    answer = await tampering.funding.get("/ledger/consistency", **{"from": kept["size"], "to": head["size"]})
    path = [bytes.fromhex(one) for one in answer.json()["proof"]]
    roots = bytes.fromhex(kept["root"]), bytes.fromhex(head["root"])
    assert not merkle.verify_consistency(kept["size"], head["size"], *roots, path)
    assert head["keyId"] == kept["keyId"]
