"""The log: every transfer and resolution has its place once, under heads that go on from each other."""

import asyncio
import json
from base64 import b64decode
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.funding.conftest import Funding, at_once
from tests.funding.transparency import naive
from tests.funding.transparency.conftest import Log, holds

from dorpsplein.contracts.funding.transparency import TreeHeadSigned
from funding.commands import transparency
from funding.commands.transparency import sequence, sign_what_waits
from funding.domain.checkpoints import LOG, Signer


async def queue(funding: Funding, leaves: int, ref: UUID | None = None) -> None:
    """Let leaves wait that no transfer stands behind."""
    await funding.rows(
        "insert into log_queue (ref, leaf) select $1, convert_to('leaf ' || n, 'UTF8') from generate_series(1, $2) n"
        " returning id",
        ref or uuid4(),
        leaves,
    )


async def test_every_transfer_and_resolution_gets_one_leaf(funding: Funding, log: Log):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    pledge = await funding.pledge(initiative, 5_000, round_id)
    await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    assert await log.write() == 5
    leaves = [json.loads(leaf) for leaf in await log.leaves()]
    assert Counter(leaf["type"] for leaf in leaves) == {"transfer": 3, "resolution": 2}
    transfers = {str(row[0]) for row in await funding.rows("select id from transfers")}
    assert {leaf["id"] for leaf in leaves if leaf["type"] == "transfer"} == transfers
    assert {(leaf["outcome"], leaf["amount"]) for leaf in leaves if leaf["type"] == "resolution"} == {("voided", 0)}
    assert await funding.rows("select count(*) from log_queue") == [(0,)]


async def test_a_leaf_names_no_person_but_its_salt_shows_which_one(funding: Funding, log: Log):
    pledge = await funding.pledge(await funding.initiative(), 5_000)
    await log.write()
    [leaf] = await log.leaves()
    assert pledge["pledgerId"].encode() not in leaf
    [(account, salt)] = await funding.rows("select debit, salt from transfers t join salts s on s.transfer_id = t.id")
    assert account == f"party:{pledge['pledgerId']}"
    assert json.loads(leaf)["debit"] == "party:" + sha256(salt + account.encode()).hexdigest()


async def test_each_head_is_the_root_of_the_leaves_so_far_and_goes_on_from_all_before(funding: Funding, log: Log):
    sizes = []
    for count in (1, 2, 5, 1, 9, 4):
        await queue(funding, count)
        assert await log.write() == count
        sizes.append((await log.head())["size"])
    leaves = await log.leaves()
    [key] = (await funding.get("/ledger/public-key")).json()["items"]
    heads = (await funding.get("/ledger/tree-heads")).json()["items"]
    assert [head["size"] for head in heads] == sizes[::-1] == [22, 18, 9, 8, 3, 1]
    for head in heads:
        assert head["root"] == naive.tree_hash(leaves[: head["size"]]).hex()
        assert holds(head, key)
    for old in range(1, 23):
        for new in range(old, 23):
            proof = (await funding.get("/ledger/consistency", **{"from": old, "to": new})).json()
            assert [bytes.fromhex(one) for one in proof["proof"]] == naive.consistency(old, leaves[:new])


async def test_the_event_of_a_head_tells_what_the_address_shows(funding: Funding, log: Log):
    for count in (3, 1):
        await queue(funding, count)
        await log.write()
        funding.now += timedelta(seconds=5)
    events = await funding.events(TreeHeadSigned)
    assert [version for _, version in events] == [1, 2]
    told, shown = events[-1][0].model_dump(mode="json"), await log.head()
    assert told.pop("logId") == str(LOG)
    assert told == shown
    [key] = (await funding.get("/ledger/public-key")).json()["items"]
    assert holds(told, key)


async def test_nothing_is_signed_where_nothing_waits_or_the_last_head_is_too_young(funding: Funding, log: Log):
    assert await log.write() == 0
    assert (await funding.get("/ledger/tree-head")).json()["code"] == "tree-head-unknown"
    await queue(funding, 1)
    assert await log.write(interval_s=10) == 1
    assert await log.write() == 0
    await queue(funding, 1)
    funding.now += timedelta(seconds=9)
    assert await log.write(interval_s=10) == 0
    funding.now += timedelta(seconds=1)
    assert await log.write(interval_s=10) == 1
    funding.now -= timedelta(hours=1)
    await queue(funding, 1)
    assert await log.write(interval_s=10) == 1
    times = [head["at"] for head in (await funding.get("/ledger/tree-heads")).json()["items"]]
    assert times == sorted(times, reverse=True)
    assert await funding.rows("select count(*) from tree_heads") == [(3,)]


async def test_more_leaves_than_a_batch_stand_under_one_head_in_their_order(
    funding: Funding, log: Log, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transparency, "MOST_LEAVES", 4)
    monkeypatch.setattr(transparency, "MOST_BATCHES", 3)
    await queue(funding, 18)
    assert [await log.write() for _ in range(3)] == [12, 6, 0]
    leaves = [f"leaf {n}".encode() for n in range(1, 19)]
    assert await log.leaves() == leaves
    assert (await log.head())["root"] == naive.tree_hash(leaves).hex()


async def test_two_writers_never_give_one_place_twice(funding: Funding, log: Log):
    async def wait_and_write() -> None:
        await queue(funding, 3)
        await log.write()

    await at_once(*(wait_and_write() for _ in range(40)))
    await log.write()
    assert len(await log.leaves()) == 120
    heads = (await funding.get("/ledger/tree-heads", limit=100)).json()["items"]
    assert heads[0]["root"] == naive.tree_hash(await log.leaves()).hex()
    versions = [row[0] for row in await funding.rows("select version from tree_heads order by size")]
    assert versions == list(range(1, len(versions) + 1))


async def test_only_one_writes_and_the_other_leaves_it(funding: Funding, log: Log):
    await queue(funding, 2)
    async with funding.runtime.database.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(7310002)")
        assert await log.write() == 0
    assert await log.write() == 2


async def test_a_transaction_that_commits_late_is_put_in_after_those_before_it(funding: Funding, log: Log):
    async with funding.runtime.database.transaction() as late:
        await late.execute("insert into log_queue (ref, leaf) values ($1, 'late')", uuid4())
        await queue(funding, 2)
        assert await log.write() == 2
    assert await log.write() == 1
    assert await log.leaves() == [b"leaf 1", b"leaf 2", b"late"]


async def test_nothing_of_a_head_remains_when_its_transaction_fails(
    funding: Funding, log: Log, monkeypatch: pytest.MonkeyPatch
):
    await queue(funding, 3)

    async def fail(*_: Any) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr("funding.storage.transparency.keep_head", fail)
        with pytest.raises(RuntimeError):
            await log.write()
    assert await log.leaves() == []
    assert await log.write() == 3
    assert len(await funding.events(TreeHeadSigned)) == 1


async def test_the_writer_wakes_after_a_commit_and_goes_on_after_a_fault(
    funding: Funding, log: Log, monkeypatch: pytest.MonkeyPatch
):
    faults = iter([asyncpg.QueryCanceledError("slow"), None, None])

    async def once_broken(*given: Any, **how: Any) -> int:
        if fault := next(faults, None):
            raise fault
        return await sign_what_waits(*given, **how)

    monkeypatch.setattr(transparency, "SAFETY_POLL_S", 30.0)
    monkeypatch.setattr(transparency, "sign_what_waits", once_broken)
    settings = funding.runtime.settings
    monkeypatch.setattr(funding.runtime, "settings", settings.model_copy(update={"head_interval_s": 0.01}))
    writing = asyncio.create_task(sequence(funding.runtime))
    try:
        await asyncio.sleep(0.1)
        await funding.pledge(await funding.initiative(), 500)
        for _ in range(250):
            if await log.leaves():
                break
            await asyncio.sleep(0.02)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    assert len(await log.leaves()) == 1


@pytest.mark.parametrize("table", ["log_entries", "log_nodes", "log_keys", "tree_heads"])
@pytest.mark.parametrize("statement", ["update {0} set {1} = {1}", "delete from {0}", "truncate {0}"])
async def test_the_service_cannot_change_what_the_log_says(funding: Funding, table: str, statement: str):
    column = {"log_entries": "leaf", "log_nodes": "hash", "log_keys": "origin", "tree_heads": "root"}[table]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await funding.rows(statement.format(table, column))


@pytest.mark.parametrize("statement", ["update log_queue set leaf = leaf", "update salts set salt = salt"])
async def test_the_service_cannot_change_what_waits_or_a_salt(funding: Funding, statement: str):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await funding.rows(statement)


async def test_heads_of_a_key_that_was_replaced_still_hold(funding: Funding, log: Log):
    await queue(funding, 2)
    await log.write()
    old = await log.head()
    await queue(funding, 2)
    fresh = Signer(log.signer.origin, bytes(range(32)))
    await sign_what_waits(funding.runtime.database, fresh, funding.now)
    new = await log.head()
    keys = {key["keyId"]: key for key in (await funding.get("/ledger/public-key")).json()["items"]}
    assert list(keys) == [new["keyId"], old["keyId"]]
    assert holds(old, keys[old["keyId"]])
    assert holds(new, keys[new["keyId"]])
    assert not holds(old, keys[new["keyId"]])


async def test_the_head_as_a_note_has_the_form_of_a_checkpoint(funding: Funding, log: Log):
    """By the examples of C2SP tlog-checkpoint: origin, size, root, an empty line, a dash with name and signature."""
    await queue(funding, 3)
    await log.write()
    answer = await funding.client.get("/ledger/tree-head", headers={"Accept": "text/plain"})
    assert answer.headers["Content-Type"].startswith("text/plain")
    origin, size, root, empty, signature, end = answer.text.split("\n")
    head = await log.head()
    assert (origin, size, b64decode(root).hex(), empty, end) == (head["origin"], "3", head["root"], "", "")
    dash, name, signed = signature.split(" ")
    assert (dash, name) == ("—", origin)
    assert b64decode(signed)[:4].hex() == head["keyId"]
    assert b64decode(signed)[4:] == b64decode(head["signature"])


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/ledger/consistency", {"from": 3, "to": 2}, 400, "tree-size-unknown"),
        ("/ledger/consistency", {"from": 1, "to": 4}, 400, "tree-size-unknown"),
        ("/ledger/consistency", {"from": 0, "to": 3}, 400, "invalid-request"),
        ("/ledger/consistency", {"from": 1}, 400, "invalid-request"),
        ("/ledger/entries", {"start": -1}, 400, "invalid-request"),
        ("/ledger/entries", {"limit": 1001}, 400, "invalid-request"),
        ("/ledger/tree-heads", {"cursor": "rubbish"}, 400, "cursor-not-valid"),
    ],
)
async def test_what_cannot_be_shown_is_refused_clearly(
    funding: Funding, log: Log, path: str, query: dict[str, Any], status: int, code: str
):
    await queue(funding, 3)
    await log.write()
    answer = await funding.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
