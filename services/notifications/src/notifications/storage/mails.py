"""Contact addresses and the mails that wait, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from notifications.domain.follows import Subject
from notifications.domain.lines import MAILED, lineage
from notifications.storage.feed import event_item
from notifications.storage.follows import subject_of

if TYPE_CHECKING:
    from dorpsplein.database import Connection

NEWS_AT_ONCE = 500
MAILS_AT_ONCE = 20

SET_ADDRESS = """
    insert into contacts (person_id, email) values ($1, $2)
    on conflict (person_id) do update set email = excluded.email, updated_at = now()
"""
ADDRESS = "select email from contacts where person_id = $1"
REMOVE_ADDRESS = "delete from contacts where person_id = $1"
LOCK_CURSOR = "select position from mail_cursor for update"
FAN_OUT = """
    with news as (
        select position, log_position, about from feed where position > $1 order by position limit $2
    ), worthy as (
        select n.position, s.id, s.theme, s.latitude, s.longitude from news n
        join log l on l.position = n.log_position and l.type = any($3::text[]) and l.time > now() - interval '2 days'
        join subjects s on s.id = n.about and s.title is not null
    ), matched as (
        select w.position, f.id, f.follower_id, 1 as rank
        from worthy w join follows f on f.kind = 'initiative' and f.initiative_id = w.id
        union all
        select w.position, f.id, f.follower_id, 2
        from worthy w join follows f on f.kind = 'theme' and f.theme = w.theme
        union all
        select w.position, f.id, f.follower_id, 3
        from worthy w join follows f on f.kind = 'radius' and f.latitude between w.latitude - 0.5 and w.latitude + 0.5
            and earth_distance(ll_to_earth(f.latitude, f.longitude), ll_to_earth(w.latitude, w.longitude))
                <= f.radius_metres
    ), mailed as (
        insert into mails (person_id, follow_id, feed_position)
        select distinct on (m.position, m.follower_id) m.follower_id, m.id, m.position
        from matched m join contacts c on c.person_id = m.follower_id
        order by m.position, m.follower_id, m.rank
        on conflict (feed_position, person_id) do nothing
    )
    update mail_cursor set position = (select max(position) from news) where exists (select from news)
    returning (select count(*) from news)
"""
"""One mail a person and event, for their most precise follow. Older news than two days is not mailed any more."""
CLAIM = """
    with due as (
        select id from mails where state = 'pending' and next_at <= now() order by next_at limit $1
        for update skip locked
    ), claimed as (
        update mails m set next_at = now() + make_interval(secs => $2) from due where m.id = due.id returning m.*
    )
    select m.id, m.attempts, extract(epoch from now() - m.created_at)::float8 as age_s, c.email,
        l.type, l.document, h.kind as hop, h.to_kind, s.title, w.id as follow_id, w.kind, w.initiative_id,
        w.theme, w.latitude, w.longitude, w.radius_metres, w.stop_key
    from claimed m left join feed f on f.position = m.feed_position left join log l on l.position = f.log_position
    left join links h on h.id = m.link_id
    left join subjects s on s.id = coalesce(f.about, h.initiative_id) left join contacts c using (person_id)
    left join follows w on w.id = m.follow_id
"""
SETTLE = """
    update mails set state = $2, attempts = attempts + 1, last_error = $3, next_at = now() + make_interval(secs => $4)
    where id = $1 and state = 'pending'
"""
RELEASE = "update mails set next_at = now() where id = any($1::uuid[]) and state = 'pending'"
NEXT_DUE = """
    select extract(epoch from min(next_at) - now())::float8 from mails where state = 'pending' and next_at > now()
"""
KEEP_LOCAL = "insert into local_mails (recipients, subject, body) values ($1, $2, $3)"
LOCAL = "select at, recipients, subject, body from local_mails order by id desc limit $1"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is due: what happened, to whom it goes, and because of which follow."""

    id: UUID
    attempts: int
    age_s: float
    email: str
    line: str
    title: str
    subject: Subject
    follow_id: UUID
    stop_key: str


async def set_address(tx: Transaction, person_id: UUID, email: str) -> None:
    """Keep where someone can be reached."""
    await tx.execute(SET_ADDRESS, person_id, email)


async def address(connection: "Connection", person_id: UUID) -> str | None:
    """Where someone can be reached, if they said so."""
    email: str | None = await connection.fetchval(ADDRESS, person_id)
    return email


async def remove_address(tx: Transaction, person_id: UUID) -> None:
    """Forget where someone can be reached."""
    await tx.execute(REMOVE_ADDRESS, person_id)


async def fan_out(tx: Transaction) -> int:
    """Queue mails for news that was not looked at yet; returns how much news that was."""
    position = await tx.fetchval(LOCK_CURSOR)
    return await tx.fetchval(FAN_OUT, position, NEWS_AT_ONCE, list(MAILED)) or 0


async def claim(tx: Transaction, lease_s: float) -> tuple[list[Mail], list[UUID]]:
    """Take mails that are due; those nobody wants any more (no address, no follow) come apart."""
    rows = await tx.fetch(CLAIM, MAILS_AT_ONCE, lease_s)
    wanted = [row for row in rows if row["email"] and row["follow_id"] and row["title"]]
    return [_mail(row) for row in wanted], [row["id"] for row in rows if row not in wanted]


def _mail(row: asyncpg.Record) -> Mail:
    line = event_item(row)[0] if row["hop"] is None else lineage.line((row["hop"], row["to_kind"]), row["title"])
    return Mail(
        id=row["id"],
        attempts=row["attempts"],
        age_s=row["age_s"],
        email=row["email"],
        line=line,
        title=row["title"],
        subject=subject_of(row),
        follow_id=row["follow_id"],
        stop_key=row["stop_key"],
    )


async def settle(tx: Transaction, mail_id: UUID, state: str, error: str | None = None, wait_s: float = 0.0) -> None:
    """Write down what came of a mail."""
    await tx.execute(SETTLE, mail_id, state, error, wait_s)


async def release(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Give claims back, for another worker to take at once."""
    await tx.execute(RELEASE, ids)


async def next_due_s(tx: Transaction) -> float | None:
    """Seconds until another mail is due than `claim` saw in the same transaction; None when none waits."""
    seconds: float | None = await tx.fetchval(NEXT_DUE)
    return seconds


async def keep_local(tx: Transaction, recipients: Sequence[str], subject: str, body: str) -> None:
    """Put a mail into the local inbox."""
    await tx.execute(KEEP_LOCAL, recipients, subject, body)


async def local(connection: "Connection", limit: int) -> list[asyncpg.Record]:
    """The newest mails of the local inbox."""
    return await connection.fetch(LOCAL, limit)
