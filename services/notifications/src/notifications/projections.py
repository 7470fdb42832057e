"""What notifications keeps of others' events: what they are about, how many support it, the log, the feed.

`subjects` and `supports` are projections and can be rebuilt. The log and the feed are a journal, written once and
never rebuilt: their positions are handed out to others (`Last-Event-ID`, replays) and must not change.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.places import PlaceState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from notifications.domain.lines import about, is_news
from notifications.domain.subscriptions import ONLY_IF_NAMED
from notifications.storage import lineage as stored_lineage
from notifications.wakeups import NEW_IN_LOG

SUBJECTS = """
    insert into subjects (id, kind, title, theme, status, latitude, longitude, version)
    select * from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::bigint[])
    order by 1
    on conflict (id) do update set
        title = excluded.title, theme = excluded.theme, status = excluded.status, latitude = excluded.latitude,
        longitude = excluded.longitude, version = excluded.version
    where excluded.version > subjects.version
"""
SUPPORTS = """
    insert into initiative_supports (initiative_id, supports) select * from unnest($1::uuid[], $2::bigint[]) order by 1
    on conflict (initiative_id) do update set supports = initiative_supports.supports + excluded.supports
"""
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
FEED = """
    with news as (
        select * from unnest($1::bigint[], $2::uuid[]) as n(log_position, about)
    ), candidates as (
        select * from news union all select * from feed_waiting where about = any($3::uuid[])
    ), ready as (
        select * from candidates c where c.about is null or exists (select from subjects s where s.id = c.about)
    ), told as (
        delete from feed_waiting w using ready where w.log_position = ready.log_position
    ), waiting as (
        insert into feed_waiting select * from news n
        where not exists (select from ready where ready.log_position = n.log_position)
    ), placed as (
        insert into feed (position, log_position, about)
        select heads.feed + row_number() over (order by log_position), log_position, about from ready, heads
        returning position
    )
    update heads set feed = feed + (select count(*) from placed) where exists (select from placed)
"""


async def subjects(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """What events are about, as last described; the newest version wins, a tombstone takes the words away."""
    newest: dict[UUID, Recorded[Event]] = {}
    for event in events:
        if isinstance(event.event, InitiativeState | PlaceState):
            subject = UUID(event.subject)
            if subject not in newest or newest[subject].sequence < event.sequence:
                newest[subject] = event
    if newest:
        rows = [_subject(event) for event in newest.values()]
        await tx.execute(SUBJECTS, *map(list, zip(*rows, strict=True)))


def _subject(event: Recorded[Event]) -> tuple[object, ...]:
    subject, state = UUID(event.subject), event.event
    kind = "initiative" if isinstance(state, InitiativeState) else "place"
    if event.erased:
        return (subject, kind, None, None, None, None, None, event.sequence)
    assert isinstance(state, InitiativeState | PlaceState)
    title, theme, status = (
        (state.title, state.theme, state.status) if isinstance(state, InitiativeState) else (state.name, None, None)
    )
    return (subject, kind, title, theme, status, state.latitude, state.longitude, event.sequence)


async def supports(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """How many support an initiative. Each event comes once, so its count is a sum, in whatever order."""
    change: Counter[UUID] = Counter()
    for event in events:
        if isinstance(event.event, SupportGiven | SupportReturned):
            change[event.event.initiative_id] += 1
        elif isinstance(event.event, SupportWithdrawn | SupportMoved):
            change[event.event.initiative_id] -= 1
    await tx.execute(SUPPORTS, list(change), list(change.values()))


async def lineage(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Whose contributions there are, what came of what, and the line everyone upstream gets of it, once a hop."""
    offered, withdrawn = [], []
    made: dict[UUID, tuple[object, ...]] = {}
    ended: dict[UUID, tuple[UUID, int, datetime]] = {}
    for event in events:
        match event.event:
            case ContributionOffered(contribution_id=one, contributor_id=person) if person is not None:
                offered.append((one, person, event.time))
            case ContributionWithdrawn(contribution_id=one):
                withdrawn.append((one, event.time))
            case ContributionLinked(link_id=one) as new:
                ends = (new.from_kind, new.from_id, new.to_kind, new.to_id, new.kind, new.initiative_id)
                made[one] = (one, event.sequence, *ends, event.time)
                ended.pop(one, None)
            case ContributionUnlinked(link_id=one):
                ended[one] = (one, event.sequence, event.time)
    await stored_lineage.keep_contributors(tx, offered, withdrawn)
    await stored_lineage.keep_links(tx, list(made.values()), list(ended.values()))
    await stored_lineage.tell(tx, *_new_in_lineage(events))


async def mail_lineage(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Mail what came of their contributions to those who want mail of the initiative; never again by a rebuild."""
    await stored_lineage.mail(tx, *_new_in_lineage(events))
    await tx.execute(NEW_IN_LOG)


def _new_in_lineage(events: Sequence[Recorded[Event]]) -> tuple[list[UUID], list[UUID]]:
    """The links and the contributions that events make known."""
    links = {UUID(event.subject) for event in events if isinstance(event.event, ContributionLinked)}
    contributions = {UUID(event.subject) for event in events if isinstance(event.event, ContributionOffered)}
    return sorted(links), sorted(contributions)


async def journal(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Add events to the log, to the queues of subscriptions, and to the feed.

    Positions are stable and readers by position miss none: a number from a sequence becomes visible when its
    transaction commits, not when it is drawn, so a reader could pass 8 while 7 is still to come. Here the row of
    `heads` is updated first and stays locked until the commit: other writers, in this process or another, wait
    for it, so positions appear in their order and, as a rollback gives them back, without gaps.

    A line is told when the name of what it is about is known. The states that make names known go through
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
    news = [(position, about(event.event)) for position, event in placed if not event.erased and is_news(event.event)]
    named = [UUID(event.subject) for event in events if isinstance(event.event, InitiativeState | PlaceState)]
    if news or named:
        await tx.execute(FEED, [position for position, _ in news], [subject for _, subject in news], named)
    await tx.execute(NEW_IN_LOG)


async def _wanted(tx: Transaction, events: Sequence[Recorded[Event]]) -> Sequence[Recorded[Event]]:
    """Leave out what is kept only if somebody named it, and nobody did.

    Positions are held before that is asked: who subscribes at this moment waits, and starts after these events.
    """
    if not any(isinstance(event.event, ONLY_IF_NAMED) for event in events):
        return events
    await tx.execute(HOLD_POSITIONS)
    named = {row["type"] for row in await tx.fetch(NAMED, [kind.type for kind in ONLY_IF_NAMED])}
    return [event for event in events if event.type in named or not isinstance(event.event, ONLY_IF_NAMED)]
