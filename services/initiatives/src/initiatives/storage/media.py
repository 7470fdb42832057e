"""Where media and their uploads stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.media import Found, Kind, Media, Refusal, Status

PUBLIC = """
    (exists (select from media_in_use u where u.media_id = m.id)
    and not exists (
        select from media_in_use u join hidden h on h.subject_kind = u.used_by_kind and h.subject_id = u.used_by_id
        where u.media_id = m.id
    ))
"""
"""Whether media `m` may be seen by anyone: they stand in something public, and nothing they stand in is hidden."""
READ = f"select m.*, {PUBLIC} as public from media m where m.id = any($1::uuid[])"  # noqa: S608 - our own text
LOCK = "select * from media where id = $1 for update"
LOCK_FOR_USE = "select * from media where id = $1 for share"
ANNOUNCE = """
    insert into uploaded_per_day as d (owner_id, day, bytes) values ($1, ($2 at time zone 'utc')::date, $3)
    on conflict (owner_id, day) do update set bytes = d.bytes + excluded.bytes where d.bytes + excluded.bytes <= $4
    returning bytes
"""
FORGET_DAYS = "delete from uploaded_per_day where day < ($1 at time zone 'utc')::date"
INSERT = """
    insert into media (
        id, owner_id, status, length, description, expires_at, created_at,
        kind, content_type, bytes, digest, width, height, seconds, object_id
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (id) do nothing returning true
"""
KEEP_PARTS = """
    with moved as (
        update media set received = $2, parts = $3, status = $4 where id = $1
    )
    insert into upload_parts (media_id, starts_at, bytes, attempt_id)
    select $1, p.starts_at, p.bytes, $7 from unnest($5::bigint[], $6::bigint[]) as p(starts_at, bytes)
"""
DECIDE = """
    with decided as (
        update media set
            status = $2, refusal = $3, kind = $4, content_type = $5, bytes = $6, digest = $7, width = $8, height = $9,
            seconds = $10, object_id = $11, claimed_until = null
        where id = $1
    )
    delete from upload_parts where media_id = $1
"""
CLAIM = """
    update media set claimed_until = $2, attempts = attempts + 1
    where id = (
        select id from media where status = 'checking' and (claimed_until is null or claimed_until <= $1)
        order by created_at limit 1 for update skip locked
    )
    returning *
"""
RELEASE = "update media set claimed_until = null, attempts = attempts - 1 where id = $1 and status = 'checking'"
PARTS = "select starts_at, attempt_id from upload_parts where media_id = $1 order by starts_at"
DELETE = "delete from media where id = $1"
USES = "select count(*) from media_in_use where media_id = $1"
USE = "insert into media_uses (media_id, used_by_kind, used_by_id) values ($1, $2, $3) on conflict do nothing"
UNUSE = "delete from media_uses where media_id = $1 and used_by_kind = $2 and used_by_id = $3"
LOCK_ALL = "select id, status from media where id = any($1::uuid[]) order by id for update"
EXPIRE = "delete from media where id = any($1::uuid[]) and status in ('uploading', 'refused')"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload in the store: where it starts, and the request that brought it."""

    starts_at: int
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """An upload that is this process's to check until its claim ends; `attempts` with this one."""

    media: Media
    attempts: int
    parts: Sequence[Part]


async def read(connection: Any, media_ids: Sequence[UUID]) -> dict[UUID, tuple[Media, bool]]:
    """Media by id, each with whether anyone may see them."""
    rows = await connection.fetch(READ, media_ids)
    return {row["id"]: (_media(row), row["public"]) for row in rows}


async def is_public(connection: Any, media_id: UUID) -> bool:
    """Whether anyone may see these media: they stand in something public, and nothing they stand in is hidden."""
    return any(public for _, public in (await read(connection, [media_id])).values())


async def lock(tx: Transaction, media_id: UUID) -> Media | None:
    """Media that nobody else changes until the transaction ends; None when there are none."""
    row = await tx.fetchrow(LOCK, media_id)
    return None if row is None else _media(row)


async def lock_for_use(tx: Transaction, media_id: UUID) -> Media | None:
    """Media that nobody removes until the transaction ends, and that others may use at the same time."""
    row = await tx.fetchrow(LOCK_FOR_USE, media_id)
    return None if row is None else _media(row)


async def announce(tx: Transaction, person: UUID, size: int, *, most: int, now: datetime) -> bool:
    """Count `size` bytes to what a person uploads on this day; False, and nothing counted, where that is over `most`.

    What is announced counts, not what comes, and it is not given back: else limits could be begun again for ever.
    """
    return size <= most and await tx.fetchval(ANNOUNCE, person, now, size, most) is not None


async def forget_days(tx: Transaction, now: datetime) -> None:
    """Forget how much was uploaded on days that are over."""
    await tx.execute(FORGET_DAYS, now)


async def insert(tx: Transaction, media: Media) -> bool:
    """Store new media; False where there are such media already."""
    return (
        await tx.fetchval(
            INSERT,
            media.id,
            media.owner_id,
            media.status,
            media.length,
            media.description,
            media.expires_at,
            media.created_at,
            *_found_columns(media.found),
            media.object_id,
        )
        is True
    )


async def keep_parts(
    tx: Transaction, media: Media, starts: Sequence[int], sizes: Sequence[int], attempt_id: UUID
) -> None:
    """Store how far an upload is that was locked, with the parts that brought it there."""
    await tx.execute(
        KEEP_PARTS, media.id, media.received, media.parts, media.status, list(starts), list(sizes), attempt_id
    )


async def claim(tx: Transaction, now: datetime, until: datetime) -> Claimed | None:
    """Take the upload that waits longest for its check; None where none waits."""
    row = await tx.fetchrow(CLAIM, now, until)
    if row is None:
        return None
    parts = await tx.fetch(PARTS, row["id"])
    return Claimed(_media(row), row["attempts"], [Part(**part) for part in parts])


async def release(tx: Transaction, media_id: UUID) -> None:
    """Give back a claim that came to nothing through no fault of the upload."""
    await tx.execute(RELEASE, media_id)


async def decide(tx: Transaction, media: Media) -> None:
    """Store what became of media that were locked and checked; their parts are forgotten."""
    await tx.execute(DECIDE, media.id, media.status, media.refusal, *_found_columns(media.found), media.object_id)


async def delete(tx: Transaction, media_id: UUID) -> None:
    """Forget media that were locked."""
    await tx.execute(DELETE, media_id)


async def uses(tx: Transaction, media_id: UUID) -> int:
    """In how many things media stand."""
    count: int = await tx.fetchval(USES, media_id)
    return count


async def use(tx: Transaction, media_id: UUID, kind: str, used_by: UUID) -> None:
    """Say that media stand in something public, such as a contribution; lock them for use before."""
    await tx.execute(USE, media_id, kind, used_by)


async def unuse(tx: Transaction, media_id: UUID, kind: str, used_by: UUID) -> None:
    """Say that media do not stand in something any more."""
    await tx.execute(UNUSE, media_id, kind, used_by)


async def expire(tx: Transaction, media_ids: Sequence[UUID]) -> set[UUID]:
    """Forget those of these that were never complete, or refused; returns those that still wait for their check."""
    rows = await tx.fetch(LOCK_ALL, media_ids)
    await tx.execute(EXPIRE, media_ids)
    return {row["id"] for row in rows if row["status"] == Status.CHECKING}


def _found_columns(found: Found | None) -> tuple[Any, ...]:
    if found is None:
        return (None,) * 7
    return (found.kind, found.content_type, found.size, found.digest, found.width, found.height, found.seconds)


def _media(row: asyncpg.Record) -> Media:
    return Media(
        id=row["id"],
        owner_id=row["owner_id"],
        status=Status(row["status"]),
        length=row["length"],
        description=row["description"],
        created_at=row["created_at"],
        received=row["received"],
        parts=row["parts"],
        expires_at=row["expires_at"],
        found=_found(row),
        refusal=Refusal(row["refusal"]) if row["refusal"] else None,
        object_id=row["object_id"],
    )


def _found(row: asyncpg.Record) -> Found | None:
    if row["kind"] is None:
        return None
    return Found(
        kind=Kind(row["kind"]),
        content_type=row["content_type"],
        size=row["bytes"],
        digest=row["digest"],
        width=row["width"],
        height=row["height"],
        seconds=row["seconds"],
    )
