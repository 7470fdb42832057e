"""The tables of the transparency log: leaves that wait, the tree, its signed heads, and the salts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.merkle import Node
from funding.domain.checkpoints import Head, Key, SignedHead, signed

SEQUENCER_LOCK = 7_310_002

TAKE_TURN = "select pg_try_advisory_xact_lock($1)"
WAITING = "select id, ref, leaf from log_queue order by id limit $1"
APPEND = """
    with taken as (
        delete from log_queue where id = any($1::bigint[])
    ), appended as (
        insert into log_entries (index, ref, leaf)
        select $2 + row - 1, ref, leaf from unnest($3::uuid[], $4::bytea[]) with ordinality as t(ref, leaf, row)
    )
    insert into log_nodes (level, index, hash) select * from unnest($5::smallint[], $6::bigint[], $7::bytea[])
"""
KEEP_HEAD = """
    with known as (
        insert into log_keys (key_id, origin, public_key) values ($6, $7, $8) on conflict do nothing
    ), kept as (
        insert into tree_heads (size, version, root, at, signature, key_id) values ($1, $2, $3, $4, $5, $6)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[])
"""
HEADS = """
    select size, version, root, at, signature, origin, public_key from tree_heads join log_keys using (key_id)
    where ($1::bigint is null or size < $1) order by size desc limit $2
"""
KEYS = """
    select origin, public_key from log_keys k
    order by (select max(size) from tree_heads h where h.key_id = k.key_id) desc
"""
HASHES = r"""
    select w.level, w.index, coalesce(n.hash, sha256('\x00'::bytea || e.leaf)) as hash
    from unnest($1::smallint[], $2::bigint[]) as w(level, index)
    left join log_nodes n on n.level = w.level and n.index = w.index
    left join log_entries e on w.level = 0 and e.index = w.index
"""
ENTRIES = "select index, leaf from log_entries where index >= $1 order by index limit $2"
OF_GROUP = """
    select e.index, e.leaf from transfers t join log_entries e on e.ref = t.id
    where t.group_id = $1 order by e.index
"""
EXPECTED = """
    select count(*) + count(r.transfer_id) from transfers t left join resolutions r on r.transfer_id = t.id
    where t.group_id = $1
"""
SALTS = """
    select t.id, t.debit, t.credit, s.salt from transfers t join salts s on s.transfer_id = t.id
    where t.group_id = $1 order by t.id
"""
PLEDGER = "select pledger_id from pledges where id = $1"


async def take_turn(tx: Transaction) -> bool:
    """Whether nobody else is writing the log; so it stays until the transaction ends."""
    taken: bool = await tx.fetchval(TAKE_TURN, SEQUENCER_LOCK)
    return taken


async def waiting(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Leaves without a place in the tree (id, ref, leaf), in the order in which they get one."""
    return await tx.fetch(WAITING, limit)


async def append(
    tx: Transaction, size: int, leaves: Sequence[asyncpg.Record], nodes: Sequence[tuple[Node, bytes]]
) -> None:
    """Give leaves that waited the places from `size` on, and keep the subtrees they finish."""
    await tx.execute(
        APPEND,
        [row["id"] for row in leaves],
        size,
        [row["ref"] for row in leaves],
        [row["leaf"] for row in leaves],
        [level for (level, _), _ in nodes],
        [index for (_, index), _ in nodes],
        [value for _, value in nodes],
    )


async def keep_head(tx: Transaction, one: SignedHead) -> None:
    """Keep a signed head with its key, and the event that tells of it."""
    await tx.execute(
        KEEP_HEAD,
        one.head.size,
        one.version,
        one.head.root,
        one.at,
        one.signature,
        one.key.id,
        one.key.origin,
        one.key.public,
        *tx.outbox([Fact(signed(one), one.version)]),
    )


async def heads(tx: Transaction, before: int | None, limit: int) -> list[SignedHead]:
    """Signed heads, the largest first; those of smaller trees than `before` only, where it is given."""
    return [
        SignedHead(
            Head(row["origin"], row["size"], row["root"]),
            Key(row["origin"], row["public_key"]),
            row["signature"],
            row["at"],
            row["version"],
        )
        for row in await tx.fetch(HEADS, before, limit)
    ]


async def last_head(tx: Transaction) -> SignedHead | None:
    """The newest signed head; none where nothing was logged yet."""
    return next(iter(await heads(tx, None, 1)), None)


async def keys(tx: Transaction) -> list[Key]:
    """Every key that ever signed a head, the one in use first."""
    return [Key(row["origin"], row["public_key"]) for row in await tx.fetch(KEYS)]


async def hashes(tx: Transaction, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of complete subtrees; a leaf is one of level 0."""
    wanted = sorted(set(nodes))
    rows = await tx.fetch(HASHES, [level for level, _ in wanted], [index for _, index in wanted])
    return {(row["level"], row["index"]): row["hash"] for row in rows}


async def entries(tx: Transaction, start: int, limit: int) -> list[asyncpg.Record]:
    """Leaves (index, leaf) in the order of the tree, from one on."""
    return await tx.fetch(ENTRIES, start, limit)


async def of_group(tx: Transaction, group: UUID) -> tuple[list[asyncpg.Record], bool]:
    """The leaves (index, leaf) of a group of transfers, and whether all that the ledger has of it are in the tree."""
    expected: int = await tx.fetchval(EXPECTED, group)
    rows = await tx.fetch(OF_GROUP, group)
    return rows, len(rows) >= expected


async def salts(tx: Transaction, group: UUID) -> list[asyncpg.Record]:
    """The salts of a group's transfers (id, debit, credit, salt), as far as they are not erased."""
    return await tx.fetch(SALTS, group)


async def pledger(tx: Transaction, pledge: UUID) -> UUID | None:
    """Who made a pledge; none where it is not there."""
    found: UUID | None = await tx.fetchval(PLEDGER, pledge)
    return found
