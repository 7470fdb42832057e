"""Where supports stand, and their counts.

Two things hold without any row that all wait for. The count of an initiative is the sum of its tallies: every group of
supports adds a row, in the statement that stores them. And none is stored after the close: who changes supports holds
the lock of their initiative's support together with everyone else who does, and the close holds it alone. It is taken
by LOCK, and SAVE, whose view of the database is from after that, looks once more whether the support is open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.initiative import Status
from initiatives.domain.support import Support

COLUMNS = """
    id, initiative_id, supporter_id, anonymous, given, sequence, changed_at, own, papers, merged_by, moved_by, moved_to
"""
LOCK = """
    with turn as materialized (
        select pg_advisory_xact_lock_shared(key) from (select key from unnest($4::bigint[]) as key order by key) as keys
    ), known as materialized (
        select coalesce(w.id, s.id) as wanted, s.* from supports s
        left join unnest($1::uuid[], $2::uuid[]) as w(id, former_id) on w.former_id = s.id
        where s.id = any($1::uuid[] || $2::uuid[]) and (select count(*) from turn) >= 0
        order by s.id for update of s
    ), about as materialized (
        select i.id, i.status, i.support_closed, c.supports
        from initiatives i join support_counts c on c.initiative_id = i.id where i.id = any($5::uuid[])
    )
    select w.asked, a.status, a.support_closed, a.supports, k.*
    from unnest($1::uuid[], $3::uuid[]) as w(asked, initiative)
    left join about a on a.id = w.initiative
    left join known k on k.wanted = w.asked
"""
LOCK_MOVED = f"""
    select {COLUMNS} from supports where id in (
        select unnest(array[id, moved_to]) from supports where moved_by = $1
    ) order by id for update
"""  # noqa: S608
COUNT_MOVED = "select count(*) from supports where moved_by = $1"
SAVE = f"""
    with about as materialized (
        select id, support_closed, status from initiatives where id = any($22::uuid[])
    ), changed as (
        select c.* from unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::boolean[], $10::boolean[], $11::bigint[],
            $12::timestamptz[], $13::boolean[], $14::int[], $15::uuid[], $16::uuid[], $17::uuid[], $18::boolean[],
            $19::bigint[]) as c({COLUMNS}, is_new, delta)
        join about a on a.id = c.initiative_id
        where (c.delta = 0 or $20 or not a.support_closed) and (c.delta <= 0 or $21 or a.status <> 'joined')
    ), added as (
        insert into supports ({COLUMNS}) select {COLUMNS} from changed where is_new order by id
        on conflict (id) do nothing returning id
    ), updated as (
        update supports s set (given, sequence, changed_at, anonymous, supporter_id, own, papers, merged_by, moved_by,
            moved_to) = (c.given, c.sequence, c.changed_at, c.anonymous, c.supporter_id, c.own, c.papers, c.merged_by,
            c.moved_by, c.moved_to)
        from changed c where s.id = c.id and not c.is_new returning s.id
    ), saved as (
        select id from added union all select id from updated
    ), tallied as (
        insert into support_tallies (initiative_id, delta)
        select initiative_id, sum(delta) from changed join saved using (id)
        group by initiative_id having sum(delta) <> 0
    ), told as (
        insert into outbox (shard, topic, key, headers, body)
        select o.shard, o.topic, o.key, o.headers, o.body
        from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[]) with ordinality
            as o(shard, topic, key, headers, body, place)
        join saved on saved.id = o.key::uuid
        order by o.place
    )
    select id from saved
"""  # noqa: S608
COUNTS = "select initiative_id, supports from support_counts where initiative_id = any($1::uuid[])"
ROLL_UP_LOCK = 7_330_001
LAST_TALLY = "select max(id) from support_tallies"
ROLL_UP_TURN = "select pg_try_advisory_xact_lock($1)"
ROLL_UP = """
    with many as (
        select initiative_id from support_tallies where id > $1 group by initiative_id having count(*) > $2
    ), gone as (
        delete from support_tallies t using many where t.initiative_id = many.initiative_id
        returning t.initiative_id, t.delta
    )
    insert into support_tallies (initiative_id, delta)
    select initiative_id, sum(delta) from gone group by initiative_id
"""
OF_INITIATIVE = "select id, sequence from supports where initiative_id = $1 and given"
ONE = f"select {COLUMNS} from supports where id = $1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Before:
    """A support as it stands, with its initiative: its status (None: there is none), whether support is closed, and how
    many support it at this moment.
    """

    support: Support
    status: Status | None
    closed: bool
    supports: int


def lock_key(initiative_id: UUID) -> int:
    """The key of the lock of an initiative's support: the random half of its id."""
    return int.from_bytes(initiative_id.bytes[8:], signed=True)


async def lock(tx: Transaction, wanted: Iterable[tuple[Support, UUID]]) -> dict[UUID, Before]:
    """Supports by the id they are wanted by, as they stand, those that exist locked; each with its former id.

    The status is read without a lock: a support that passes a withdrawal on the way counts as given before it.
    """
    new = {support.id: (support, former) for support, former in wanted}
    initiatives = {support.initiative_id for support, _ in new.values()}
    rows = await tx.fetch(
        LOCK,
        list(new),
        [former for _, former in new.values()],
        [support.initiative_id for support, _ in new.values()],
        [lock_key(initiative) for initiative in initiatives],
        list(initiatives),
    )
    return {
        row["asked"]: Before(
            new[row["asked"]][0] if row["id"] is None else _support(row),
            None if row["status"] is None else Status(row["status"]),
            bool(row["support_closed"]),
            row["supports"] or 0,
        )
        for row in rows
    }


async def lock_moved(tx: Transaction, merge_id: UUID) -> list[tuple[Support, Support]]:
    """All supports that moved with a merge, each with what it counts as at the other initiative; all locked."""
    known = {row["id"]: _support(row) for row in await tx.fetch(LOCK_MOVED, merge_id)}
    return [
        (support, known[support.moved_to])
        for support in known.values()
        if support.moved_by == merge_id and support.moved_to is not None
    ]


async def count_moved(tx: Transaction, merge_id: UUID) -> int:
    """How many supports went along with a merge."""
    count: int = await tx.fetchval(COUNT_MOVED, merge_id)
    return count


async def save(
    tx: Transaction,
    changes: Sequence[tuple[Support, Support]],
    facts: Sequence[Fact],
    *,
    even_closed: bool = False,
    even_joined: bool = False,
) -> set[UUID]:
    """Store supports, each given as it was and as it is now, with their facts; returns the ids that were stored.

    A new one that somebody else stored in the meantime is not, and neither are its facts; nor is a count changed that
    was closed in the meantime (unless `even_closed`), or grows although its initiative has joined another (unless
    `even_joined`).
    """
    rows = await tx.fetch(
        SAVE,
        *tx.outbox(facts),
        *map(list, zip(*(_values(before, after) for before, after in changes), strict=True)),
        even_closed,
        even_joined,
        list({after.initiative_id for _, after in changes}),
    )
    return {row["id"] for row in rows}


async def counts(tx: Transaction, initiative_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many support each initiative at this moment; those that do not exist are left out."""
    return {row["initiative_id"]: row["supports"] for row in await tx.fetch(COUNTS, initiative_ids)}


async def roll_up(tx: Transaction, since: int, most: int) -> int:
    """Make one tally of all those of an initiative that has more than `most` new ones; the counts stay the same.

    New are those with a number above `since`; returns the number up to which they were looked at. One process at a time
    does this; others pass by.
    """
    upto: int = await tx.fetchval(LAST_TALLY) or 0
    if upto > since and await tx.fetchval(ROLL_UP_TURN, ROLL_UP_LOCK):
        await tx.execute(ROLL_UP, since, most)
    return upto


async def close_the_door(tx: Transaction, initiative_id: UUID) -> None:
    """Wait for all who are changing supports of an initiative, and let nobody begin until the transaction ends."""
    await tx.execute("select pg_advisory_xact_lock($1)", lock_key(initiative_id))


async def given(tx: Transaction, initiative_id: UUID) -> list[tuple[UUID, int]]:
    """The supports that count for an initiative, by id and sequence, in no order."""
    return [(row["id"], row["sequence"]) for row in await tx.fetch(OF_INITIATIVE, initiative_id)]


async def one(tx: Transaction, support_id: UUID) -> Support | None:
    """A support by its id, or None."""
    row = await tx.fetchrow(ONE, support_id)
    return None if row is None else _support(row)


def _values(before: Support, after: Support) -> tuple[object, ...]:
    return (
        after.id,
        after.initiative_id,
        after.supporter_id,
        after.anonymous,
        after.given,
        after.sequence,
        after.at,
        after.own,
        after.papers,
        after.merged_by,
        after.moved_by,
        after.moved_to,
        before.sequence == 0,
        after.given - before.given,
    )


def _support(row: asyncpg.Record) -> Support:
    return Support(
        id=row["id"],
        initiative_id=row["initiative_id"],
        supporter_id=row["supporter_id"],
        anonymous=row["anonymous"],
        given=row["given"],
        sequence=row["sequence"],
        at=row["changed_at"],
        own=row["own"],
        papers=row["papers"],
        merged_by=row["merged_by"],
        moved_by=row["moved_by"],
        moved_to=row["moved_to"],
    )
