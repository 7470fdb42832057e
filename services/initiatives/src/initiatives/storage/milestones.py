"""Where milestones stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Fact
from initiatives.domain.milestones import MOST_MILESTONES, Milestone, Status

FIND = "select initiative_id from milestones where id = $1"
GET = "select id, initiative_id, title, due_on, status, version from milestones where id = $1"
COUNT = "select count(*) from milestones where initiative_id = $1"
SAVE = """
    with saved as (
        insert into milestones (id, initiative_id, title, due_on, status, version, set_at, changed_at)
        values ($6, $7, $8, $9, $10, $11, $12, $12)
        on conflict (id) do update set
            status = excluded.status, version = excluded.version, changed_at = excluded.changed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
ON_PAGE = f"""(
    select coalesce(json_agg(milestone), '[]') from (
        select s.id, s.title, s.status, s.due_on as "dueOn", s.set_at as "setAt", s.changed_at as "changedAt"
        from milestones s where s.initiative_id = i.id order by s.set_at desc, s.id desc limit {MOST_MILESTONES}
    ) as milestone
)"""  # noqa: S608
"""The milestones of an initiative `i` as its page shows them, the newest first."""


async def initiative_of(tx: Transaction, milestone_id: UUID) -> UUID | None:
    """The initiative a milestone belongs to; None when there is no such milestone."""
    found: UUID | None = await tx.fetchval(FIND, milestone_id)
    return found


async def get(tx: Transaction, milestone_id: UUID) -> Milestone:
    """A milestone that is there; lock its initiative first."""
    row = await tx.fetchrow(GET, milestone_id)
    assert row is not None
    return Milestone(**{**dict(row), "status": Status(row["status"])})


async def count(tx: Transaction, initiative_id: UUID) -> int:
    """How many an initiative has."""
    number: int = await tx.fetchval(COUNT, initiative_id)
    return number


async def save(tx: Transaction, milestone: Milestone, events: Sequence[Event], *, now: datetime) -> None:
    """Store a milestone with its events."""
    await tx.execute(
        SAVE,
        *tx.outbox(Fact(event, milestone.version) for event in events),
        milestone.id,
        milestone.initiative_id,
        milestone.title,
        milestone.due_on,
        milestone.status,
        milestone.version,
        now,
    )
