"""Follows in the database. A stopped follow leaves nothing behind: its centre was a person's place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from notifications.domain.follows import Initiative, Known, Radius, Start, Stop, Subject, Theme
from notifications.wakeups import FOLLOWS

if TYPE_CHECKING:
    from dorpsplein.database import Connection

KNOWN = """
    select s.status, (select count(*) from follows f where f.follower_id = c.follower_id) as follows
    from unnest($1::uuid[], $2::uuid[]) with ordinality as c(follower_id, initiative_id, place)
    left join subjects s on s.id = c.initiative_id and s.kind = 'initiative'
    order by c.place
"""
INSERT = """
    insert into follows
        (id, follower_id, kind, subject, initiative_id, theme, latitude, longitude, radius_metres, stop_key)
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::float8[], $8::float8[],
        $9::int[], $10::text[])
    on conflict (follower_id, kind, subject) do nothing
    returning id
"""
DELETE = """
    delete from follows f using unnest($1::uuid[], $2::uuid[], $3::text[]) as c(id, follower_id, stop_key)
    where f.id = c.id and (f.follower_id = c.follower_id or f.stop_key = c.stop_key)
    returning f.id, f.follower_id
"""
TELL = f"""
    with facts as (
        insert into outbox (shard, topic, key, headers, body)
        select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
    )
    select pg_notify('{FOLLOWS}', follower::text) from unnest($6::uuid[]) as follower
"""  # noqa: S608
COLUMNS = "f.id, f.kind, f.initiative_id, f.theme, f.latitude, f.longitude, f.radius_metres, f.started_at, s.title"
OF_SUBJECTS = f"""
    select f.follower_id, f.subject, {COLUMNS}
    from unnest($1::uuid[], $2::text[], $3::text[]) as c(follower_id, kind, subject)
    join follows f using (follower_id, kind, subject) left join subjects s on s.id = f.initiative_id
"""  # noqa: S608
OF_FOLLOWER = f"""
    select {COLUMNS} from follows f left join subjects s on s.id = f.initiative_id
    where f.follower_id = $1 order by f.started_at desc, f.id
"""  # noqa: S608
EXISTING = "select id from follows where id = any($1::uuid[])"
WITH_KEY = f"""
    select {COLUMNS} from follows f left join subjects s on s.id = f.initiative_id
    where f.id = $1 and f.stop_key = $2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Follow:
    """A follow as it is kept; `title` is that of an initiative."""

    id: UUID
    subject: Subject
    started_at: datetime
    title: str | None


async def known(tx: Transaction, commands: Sequence[Start]) -> list[Known]:
    """What the rules need to know, per command."""
    initiatives = [c.subject.id if isinstance(c.subject, Initiative) else None for c in commands]
    rows = await tx.fetch(KNOWN, [c.follower_id for c in commands], initiatives)
    return [Known(follows=row["follows"], status=row["status"]) for row in rows]


async def insert(tx: Transaction, commands: Sequence[Start]) -> set[UUID]:
    """Keep follows that are not there yet; returns the ids of those that were new."""
    rows = await tx.fetch(
        INSERT,
        [c.follow_id for c in commands],
        [c.follower_id for c in commands],
        [c.subject.kind for c in commands],
        [c.subject.key for c in commands],
        [c.subject.id if isinstance(c.subject, Initiative) else None for c in commands],
        [c.subject.code if isinstance(c.subject, Theme) else None for c in commands],
        [c.subject.latitude if isinstance(c.subject, Radius) else None for c in commands],
        [c.subject.longitude if isinstance(c.subject, Radius) else None for c in commands],
        [c.subject.metres if isinstance(c.subject, Radius) else None for c in commands],
        [c.stop_key for c in commands],
    )
    return {row["id"] for row in rows}


async def delete(tx: Transaction, commands: Sequence[Stop]) -> dict[UUID, UUID]:
    """Remove follows of those who may; returns who followed, by the follow's id."""
    rows = await tx.fetch(
        DELETE,
        [c.follow_id for c in commands],
        [c.follower_id for c in commands],
        [c.stop_key for c in commands],
    )
    return {row["id"]: row["follower_id"] for row in rows}


async def tell(tx: Transaction, facts: Sequence[Fact], followers: set[UUID]) -> None:
    """Record facts, and wake the streams of these followers."""
    await tx.execute(TELL, *tx.outbox(facts), sorted(followers))


async def existing(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these follows there are."""
    return {row["id"] for row in await tx.fetch(EXISTING, ids)}


async def same(tx: Transaction, commands: Sequence[Start]) -> dict[tuple[UUID, str, str], Follow]:
    """The follows of these followers and subjects, by follower, kind and key."""
    rows = await tx.fetch(
        OF_SUBJECTS,
        [c.follower_id for c in commands],
        [c.subject.kind for c in commands],
        [c.subject.key for c in commands],
    )
    return {(row["follower_id"], row["kind"], row["subject"]): _follow(row) for row in rows}


async def of_follower(connection: "Connection", follower_id: UUID) -> list[Follow]:
    """What someone follows, newest first."""
    return [_follow(row) for row in await connection.fetch(OF_FOLLOWER, follower_id)]


async def with_key(connection: "Connection", follow_id: UUID, stop_key: str) -> Follow | None:
    """The follow a mail's stop link leads to."""
    row = await connection.fetchrow(WITH_KEY, follow_id, stop_key)
    return _follow(row) if row else None


def subject_of(row: asyncpg.Record) -> Subject:
    """The subject in a row of follows."""
    match row["kind"]:
        case "initiative":
            return Initiative(row["initiative_id"])
        case "theme":
            return Theme(row["theme"])
        case _:
            return Radius(row["latitude"], row["longitude"], row["radius_metres"])


def _follow(row: asyncpg.Record) -> Follow:
    return Follow(id=row["id"], subject=subject_of(row), started_at=row["started_at"], title=row["title"])
