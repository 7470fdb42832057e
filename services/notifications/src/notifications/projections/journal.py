"""The log and the feed: a journal of all that is published, and of what of it is told on the square.

It is written once and never rebuilt: its positions are handed out to others (`Last-Event-ID`, replays) and must not
change.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from dorpsplein.contracts.presence.sessions import SessionAnnounced, SessionOpened
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from notifications.domain.lines import about, is_news, needs
from notifications.domain.subscriptions import ONLY_IF_NAMED
from notifications.projections.subjects import KINDS, subjects
from notifications.wakeups import NEW_IN_LOG

HOLD_POSITIONS = "select from heads for update"
NAMED = """
    select distinct type from subscriptions s, unnest(s.types) as type
    where s.status = 'active' and s.types && $1::text[] and type = any($1::text[])
"""
TAKE_POSITIONS = "update heads set log = log + $1 returning log - $1"
LOG = """
    with entries as (
        insert into log (position, event_id, type, subject, time, document)
        select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::text[])
        returning position, type, subject
    )
    insert into deliveries (subscription_id, position, subject)
    select s.id, e.position, e.subject from entries e
    join subscriptions s on s.status = 'active'
        and (s.types = '{}' and e.type <> all($7::text[]) or e.type = any(s.types))
"""
ERASE = """
    with erased as (
        update log l set document = null
        from unnest($1::text[], $2::uuid[], $3::bigint[]) as t(type, subject, position)
        where l.type = t.type and l.subject = t.subject and l.position < t.position and l.document is not null
        returning l.position
    )
    update deliveries d set state = 'dropped', last_error = 'erased by its owner'
    from erased where d.position = erased.position and d.state = 'pending'
"""
OPENED_AT_ONCE = f"""
    select o.id from unnest($1::uuid[], $2::timestamptz[]) as o(id, at)
    join log l on l.subject = o.id and l.type = '{SessionAnnounced.type}' and l.time >= o.at - interval '1 minute'
"""  # noqa: S608
FEED = """
    with news as (
        select log_position, about, also::uuid[], needs::uuid[]
        from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[]) as n(log_position, about, also, needs)
    ), candidates as (
        select * from news
        union all
        select log_position, about, also, needs from feed_waiting where needs && $5::uuid[]
    ), ready as (
        select * from candidates c
        where not exists (select from unnest(c.needs) as n(id) where not exists (select from subjects where id = n.id))
    ), told as (
        delete from feed_waiting w using ready where w.log_position = ready.log_position
    ), waiting as (
        insert into feed_waiting (log_position, about, also, needs) select log_position, about, also, needs from news n
        where not exists (select from ready where ready.log_position = n.log_position)
    ), placed as (
        insert into feed (position, log_position, about)
        select heads.feed + row_number() over (order by log_position), log_position, about from ready, heads
        returning position, log_position
    ), others as (
        insert into feed_also (position, about)
        select position, other from placed join ready using (log_position), unnest(also) as other
    )
    update heads set feed = feed + (select count(*) from placed) where exists (select from placed)
"""


async def journal(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Add events to the log, to the queues of subscriptions, and to the feed.

    Positions are stable and readers by position miss none: a number from a sequence becomes visible when its
    transaction commits, not when it is drawn, so a reader could pass 8 while 7 is still to come. Here the row of
    `heads` is updated first and stays locked until the commit: other writers, in this process or another, wait
    for it, so positions appear in their order and, as a rollback gives them back, without gaps.

    A line is told when the names of all it is about are known. The states that make names known go through
    this function too, and every statement after the lock sees what earlier holders committed: whichever of a
    fact and a name comes first, the second brings the line out. That is why names are kept here as well, where
    the newest wins, and not by the projection alone, which may be ahead or behind.
    """
    events = await _wanted(tx, events)
    if not events:
        return
    first = await tx.fetchval(TAKE_POSITIONS, len(events)) + 1
    await subjects(tx, events)
    placed = list(enumerate(events, start=first))
    await tx.execute(
        LOG,
        [position for position, _ in placed],
        [event.id for event in events],
        [event.type for event in events],
        [UUID(event.subject) for event in events],
        [event.time for event in events],
        [json.dumps(event.structured(), separators=(",", ":")) for event in events],
        [kind.type for kind in ONLY_IF_NAMED],
    )
    erased = [(event.type, UUID(event.subject), position) for position, event in placed if event.erased]
    if erased:
        await tx.execute(ERASE, *map(list, zip(*erased, strict=True)))
    news = await _news(tx, placed)
    named = [UUID(event.subject) for event in events if type(event.event) in KINDS]
    if news or named:
        columns = map(list, zip(*news, strict=True)) if news else ([], [], [], [])
        await tx.execute(FEED, *columns, named)
    await tx.execute(NEW_IN_LOG)


async def _news(
    tx: Transaction, placed: Sequence[tuple[int, Recorded[Event]]]
) -> list[tuple[int, UUID | None, str, str]]:
    """What goes to the feed: position in the log, the first it is about, the others, and all whose names it needs.

    A session that opens as it is announced is told of once.
    """
    told = [(position, event) for position, event in placed if not event.erased and is_news(event.event)]
    opened = [(UUID(event.subject), event.time) for _, event in told if isinstance(event.event, SessionOpened)]
    at_once: set[str] = set()
    if opened:
        at_once = {str(row["id"]) for row in await tx.fetch(OPENED_AT_ONCE, *map(list, zip(*opened, strict=True)))}
    return [
        _entry(position, event.event)
        for position, event in told
        if not (isinstance(event.event, SessionOpened) and event.subject in at_once)
    ]


def _entry(position: int, event: Event) -> tuple[int, UUID | None, str, str]:
    all_of_it = about(event)
    return (position, all_of_it[0] if all_of_it else None, _array(all_of_it[1:]), _array(needs(event)))


def _array(ids: Sequence[UUID]) -> str:
    """Ids as PostgreSQL reads an array: of arrays of different lengths it takes none."""
    return f"{{{','.join(map(str, ids))}}}"


async def _wanted(tx: Transaction, events: Sequence[Recorded[Event]]) -> Sequence[Recorded[Event]]:
    """Leave out what is kept only if somebody named it, and nobody did.

    Positions are held before that is asked: who subscribes at this moment waits, and starts after these events.
    """
    if not any(isinstance(event.event, ONLY_IF_NAMED) for event in events):
        return events
    await tx.execute(HOLD_POSITIONS)
    named = {row["type"] for row in await tx.fetch(NAMED, [kind.type for kind in ONLY_IF_NAMED])}
    return [event for event in events if event.type in named or not isinstance(event.event, ONLY_IF_NAMED)]
