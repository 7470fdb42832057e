"""What a round that is counted at its close would give now, and gives at least, in the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.estimates import Estimate
from funding.domain.rules.snapshots import RoundSnapshot
from funding.storage import rounds

ENSURE = "insert into round_estimates (round_id) values ($1) on conflict do nothing"
LOCK = "select at, lines from round_estimates where round_id = $1 for no key update"
ESTIMATE = "select at, lines from round_estimates where round_id = $1"
FLOORS = "select initiative_id::text, floor_cents from round_floors where round_id = $1 order by 1"
KEEP = "update round_estimates set at = $2, lines = $3 where round_id = $1"
RAISE = """
    insert into round_floors as f (round_id, initiative_id, floor_cents)
    select $1, * from unnest($2::uuid[], $3::bigint[])
    on conflict (round_id, initiative_id) do update set floor_cents = greatest(f.floor_cents, excluded.floor_cents)
"""


async def lock(tx: Transaction, round_id: UUID) -> Estimate | None:
    """The last estimate of a round, locked: one at a time makes a new one."""
    await tx.execute(ENSURE, round_id)
    return await _read(tx, LOCK, round_id)


async def estimate(tx: Transaction, round_id: UUID) -> Estimate | None:
    """The last estimate of a round."""
    return await _read(tx, ESTIMATE, round_id)


async def _read(tx: Transaction, statement: str, round_id: UUID) -> Estimate | None:
    row = await tx.fetchrow(statement, round_id)
    if row is None or row["at"] is None:
        return None
    return Estimate(row["at"], tuple((candidate, cents) for candidate, cents in json.loads(row["lines"])))


async def floors(tx: Transaction, round_id: UUID) -> dict[str, int]:
    """What each initiative was promised at least, in cents."""
    return {row["initiative_id"]: row["floor_cents"] for row in await tx.fetch(FLOORS, round_id)}


async def keep(tx: Transaction, round_id: UUID, made: Estimate, raised: Mapping[str, int]) -> None:
    """Keep a new estimate of a locked round, and floors; a floor is never lowered."""
    await tx.execute(KEEP, round_id, made.at, json.dumps(made.lines))
    await tx.execute(RAISE, round_id, [UUID(one) for one in raised], list(raised.values()))


async def snapshot(tx: Transaction, round_id: UUID) -> RoundSnapshot:
    """A round as a rule sees it, with what was promised to those that are still in it."""
    seen = await rounds.snapshot(tx, round_id)
    promised = await floors(tx, round_id)
    known: Sequence[str] = [candidate.id for candidate in seen.candidates]
    return replace(seen, floors=tuple((one, promised[one]) for one in known if promised.get(one)))
