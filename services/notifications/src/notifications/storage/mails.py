"""Contact addresses and the mails that wait, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from notifications.domain.follows import Subject
from notifications.domain.lines import MAILED, lineage, notices
from notifications.domain.lines.notices import Text
from notifications.storage.feed import JOINED_LOG, TOLD, event_item
from notifications.storage.follows import subject_of
from notifications.storage.notices import NAMES, NOTICE, notice_of

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
    ), reaching as (
        select position, log_position, about from news
        union all select n.position, n.log_position, a.about from news n join feed_also a using (position)
    ), worthy as (
        select r.position, s.id, s.theme, s.latitude, s.longitude from reaching r
        join log l on l.position = r.log_position and l.type = any($3::text[]) and l.time > now() - interval '2 days'
        join subjects s on s.id = r.about and s.title is not null
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
        order by m.position, m.follower_id, m.rank, m.id
        on conflict (feed_position, person_id) do nothing
    )
    update mail_cursor set position = (select max(position) from news) where exists (select from news)
    returning (select count(*) from news)
"""
"""One mail a person and event, for their most precise follow. Older news than two days is not mailed any more."""
CLAIM = f"""
    with urgent as (
        select id from mails where state = 'pending' and notice_id is not null and next_at <= now()
        order by next_at limit $1 for update skip locked
    ), other as (
        select id from mails where state = 'pending' and notice_id is null and next_at <= now()
        order by next_at limit $1 - (select count(*) from urgent) for update skip locked
    ), claimed as (
        update mails m set next_at = now() + make_interval(secs => $2)
        from (select id from urgent union all select id from other) as due where m.id = due.id returning m.*
    )
    select m.id, m.attempts, extract(epoch from now() - m.created_at)::float8 as age_s, a.email, m.notice_id,
        l.type, f.about, {TOLD}, h.kind as hop, h.to_kind, s.title,
        w.id as follow_id, w.kind, w.initiative_id, w.theme, w.latitude, w.longitude, w.radius_metres, w.stop_key,
        followed.title as followed, {NOTICE}
    from claimed m left join contacts a using (person_id)
    left join feed f on f.position = m.feed_position {JOINED_LOG.replace("join", "left join", 1)}
    left join links h on h.id = m.link_id left join subjects s on s.id = coalesce(f.about, h.initiative_id)
    left join follows w on w.id = m.follow_id left join subjects followed on followed.id = w.initiative_id
    left join personal_notices n on n.id = m.notice_id {NAMES}
    order by m.notice_id is null, m.id
"""  # noqa: S608
"""What is due, notices first: they do not wait for a thousand mails about one initiative."""
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
class Followed:
    """A mail comes because of a follow; `title` is that of the initiative that is followed."""

    subject: Subject
    title: str | None
    follow_id: UUID
    stop_key: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is due: what happened, to whom it goes, and why: a follow, or what is said of a notice."""

    id: UUID
    attempts: int
    age_s: float
    email: str
    line: str
    why: Followed | Text


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
    wanted = [row for row in rows if row["email"] and (_is_followed(row) or row["what"])]
    return [_mail(row) for row in wanted], [row["id"] for row in rows if row not in wanted]


def _is_followed(row: asyncpg.Record) -> bool:
    """Whether someone still follows what it is about, and that has not been erased."""
    return bool(row["follow_id"] and (row["followed"] if row["kind"] == "initiative" else row["title"]))


def _mail(row: asyncpg.Record) -> Mail:
    why: Followed | Text
    if row["what"]:
        line, why = notices.line(notice_of(row)), notices.TEXTS[row["what"]]
    else:
        hop = (row["hop"], row["to_kind"])
        line = event_item(row)[0] if row["hop"] is None else lineage.line(hop, row["title"])
        why = Followed(subject_of(row), row["followed"], row["follow_id"], row["stop_key"])
    return Mail(row["id"], row["attempts"], row["age_s"], row["email"], line, why)


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
