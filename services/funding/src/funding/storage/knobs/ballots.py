"""Rosters and ballots: who may vote and who did in one table, what was chosen in another, and nothing between them.

While a vote is open both rows of one voter are written in one transaction, at best together with those of others. At
the close all ballots are written anew in one transaction and another order, and the roster goes: then no row, place
or transaction says what anyone chose. Row versions that are dead are the database's to clear away (vacuum).
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from funding.domain.knobs.ballots import CastBallot
from funding.domain.knobs.votes import Tally

MAKE_ROSTER = """
    with made as (
        insert into rosters (change_id, voter_id) select $1, voter_id from electorate order by voter_id returning 1
    )
    select count(*) from made
"""
MARKS = """
    select r.change_id, r.voter_id, r.voted
    from rosters r join unnest($1::uuid[], $2::uuid[]) as asked(change_id, voter_id) using (change_id, voter_id)
    order by r.change_id, r.voter_id for update of r
"""
TAKEN = "select id from ballots where id = any($1::uuid[])"
CAST = """
    with marked as (
        update rosters r set voted = true from unnest($1::uuid[], $2::uuid[]) as cast_by(change_id, voter_id)
        where r.change_id = cast_by.change_id and r.voter_id = cast_by.voter_id
    )
    insert into ballots (change_id, id, choice)
    select * from unnest($3::uuid[], $4::uuid[], $5::text[]) as cast_now(change_id, id, choice) order by id
"""
EARLY = "select change_id from early_ballots where change_id = any($1::uuid[])"
KEEP_EARLY = """
    insert into early_ballots (change_id, ballots)
    select vote.id, (select count(*) from ballots b where b.change_id = vote.id) from unnest($1::uuid[]) as vote(id)
    on conflict do nothing
"""
COUNT = """
    select count(*) filter (where choice = 'yes') as yes, count(*) filter (where choice = 'no') as no,
        count(*) filter (where choice = 'abstain') as abstain,
        coalesce((select ballots from early_ballots where change_id = $1), count(*)) as early
    from ballots where change_id = $1
"""
SHUFFLE = """
    with gone as (delete from ballots where change_id = $1 returning id, choice)
    insert into ballots (id, change_id, choice) select id, $1, choice from gone order by gen_random_uuid()
"""
DROP_ROSTER = """
    with early as (delete from early_ballots where change_id = $1)
    delete from rosters where change_id = $1
"""
DROP_BALLOTS = "delete from ballots where change_id = $1"
PUBLISHED = """
    select id, choice from ballots where change_id = $1 and ($2::uuid is null or id > $2) order by id limit $3
"""


async def make_roster(tx: Transaction, change_id: UUID) -> int:
    """Copy the electorate as it is now for the vote on a change; how many there are."""
    size: int = await tx.fetchval(MAKE_ROSTER, change_id)
    return size


async def marks(tx: Transaction, wanted: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], bool]:
    """Of pairs of change and voter: whether they voted, locked; pairs that are on no roster are left out."""
    rows = await tx.fetch(MARKS, [change for change, _ in wanted], [voter for _, voter in wanted])
    return {(row["change_id"], row["voter_id"]): row["voted"] for row in rows}


async def taken(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ballot ids that are in use."""
    return {row["id"] for row in await tx.fetch(TAKEN, ids)}


async def cast(tx: Transaction, ballots: Sequence[CastBallot]) -> None:
    """Mark voters and put their ballots in, each in an order that has nothing to do with the other."""
    by_voter = sorted((ballot.change, ballot.voter) for ballot in ballots)
    by_id = sorted((ballot.id, ballot.change, ballot.choice) for ballot in ballots)
    await tx.execute(
        CAST,
        [change for change, _ in by_voter],
        [voter for _, voter in by_voter],
        [change for _, change, _ in by_id],
        [id_ for id_, _, _ in by_id],
        [choice for _, _, choice in by_id],
    )


async def counted_early(tx: Transaction, changes: Sequence[UUID]) -> set[UUID]:
    """Those of these votes whose ballots were counted when their last 24 hours began."""
    return {row["change_id"] for row in await tx.fetch(EARLY, changes)}


async def count_early(tx: Transaction, changes: Sequence[UUID]) -> None:
    """Count the ballots of votes, once, as the number before their last 24 hours."""
    await tx.execute(KEEP_EARLY, changes)


async def count(tx: Transaction, change_id: UUID) -> tuple[Tally, int]:
    """What was chosen, and how many ballots there were before the last 24 hours."""
    row = await tx.fetchrow(COUNT, change_id)
    assert row is not None
    return Tally(row["yes"], row["no"], row["abstain"]), row["early"]


async def unlink(tx: Transaction, change_id: UUID) -> None:
    """Write the ballots of a vote anew in a random order, and forget its roster."""
    await tx.execute(SHUFFLE, change_id)
    await tx.execute(DROP_ROSTER, change_id)


async def drop(tx: Transaction, change_id: UUID) -> None:
    """Forget the ballots of a vote unopened, and its roster."""
    await tx.execute(DROP_BALLOTS, change_id)
    await tx.execute(DROP_ROSTER, change_id)


async def published(tx: Transaction, change_id: UUID, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Ballots of a vote by id: id and choice."""
    return await tx.fetch(PUBLISHED, change_id, after, limit)
