"""What events are about: what it is called and where it lies, and how many support it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.places import PlaceState
from dorpsplein.contracts.presence.sessions import SessionState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded

KINDS: Mapping[type[Event], str] = {InitiativeState: "initiative", PlaceState: "place", SessionState: "session"}
"""The states that say how something is called."""

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


async def subjects(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """What events are about, as last described; the newest version wins, a tombstone takes the words away."""
    newest: dict[UUID, Recorded[Event]] = {}
    for event in events:
        if type(event.event) in KINDS:
            subject = UUID(event.subject)
            if subject not in newest or newest[subject].sequence < event.sequence:
                newest[subject] = event
    if newest:
        rows = [_row(event) for event in newest.values()]
        await tx.execute(SUBJECTS, *map(list, zip(*rows, strict=True)))


def _row(event: Recorded[Event]) -> tuple[object, ...]:
    said = (None,) * 5 if event.erased else _said(event.event)
    return (UUID(event.subject), KINDS[type(event.event)], *said, event.sequence)


def _said(state: Event) -> tuple[object, ...]:
    """Title, theme, status, latitude, longitude; a session goes by its question where it has no title."""
    match state:
        case InitiativeState():
            return (state.title, state.theme, state.status, state.latitude, state.longitude)
        case PlaceState():
            return (state.name, None, None, state.latitude, state.longitude)
        case _:
            assert isinstance(state, SessionState)
            return (state.title or state.question, None, None, None, None)


async def supports(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """How many support an initiative. Each event comes once, so its count is a sum, in whatever order."""
    change: Counter[UUID] = Counter()
    for event in events:
        if isinstance(event.event, SupportGiven | SupportReturned):
            change[event.event.initiative_id] += 1
        elif isinstance(event.event, SupportWithdrawn | SupportMoved):
            change[event.event.initiative_id] -= 1
    await tx.execute(SUPPORTS, list(change), list(change.values()))
