"""Commands on sessions and what they yield."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Refused
from dorpsplein.web import found
from presence.commands import forms, session_timers
from presence.domain import harvest as lines_domain
from presence.domain import hosting
from presence.domain import sessions as domain
from presence.domain.harvest import HarvestLine
from presence.domain.notices import What, notice
from presence.domain.seats import HELD, SeatStatus
from presence.domain.sessions import CancelReason, Session, SessionFact, told_of
from presence.domain.surroundings import Surroundings
from presence.settings import PresenceSettings
from presence.storage import harvest as stored_lines
from presence.storage import seats
from presence.storage import sessions as storage
from presence.storage.surroundings import surroundings

MOST_LINES = 1_000
"""How many lines the harvest of one session holds."""


async def announce_session(tx: Transaction, session: Session, settings: PresenceSettings, *, now: datetime) -> Session:
    """Announce a session and say so. Raises what `hosting.announce` raises, and Refused of its working form."""
    await forms.refuse_unusable(tx, session.working_form)
    around = await surroundings(tx, [session.place_id], session.initiative_ids)
    first, *later = hosting.announce(session, around, now)
    facts = [Fact(first, session.version)]
    for event in later:
        session = domain.evolve(session, event)
        facts.append(Fact(event, session.version))
    await storage.add(tx, session, [*facts, Fact(session.state, session.version)], now)
    await session_timers.follow(tx, session, settings, now)
    return session


async def change_session(
    tx: Transaction, session_id: UUID, decide: Callable[[Session], SessionFact], *, now: datetime
) -> Session:
    """Take a step that only its host takes, as `decide` of the domain rules, and say so.

    Raises NotFound, Forbidden, Refused.
    """
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    event = decide(session)
    changed = domain.evolve(session, event)
    await storage.save(tx, changed, _facts(changed, event), now)
    return changed


async def cancel_session(
    tx: Transaction, session_id: UUID, reason: CancelReason, person: UUID, settings: PresenceSettings, *, now: datetime
) -> Session:
    """It does not take place: everyone who counts on it is told. Raises NotFound, Forbidden, Refused."""
    session = await change_session(tx, session_id, lambda there: hosting.cancel(there, person, reason), now=now)
    await session_timers.follow(tx, session, settings, now)
    await _tell(tx, session, What.SESSION_CANCELLED, await seats.people(tx, [session_id], HELD))
    return session


async def move_session(
    tx: Transaction,
    session_id: UUID,
    place: Callable[[Session], UUID | None],
    window: tuple[datetime, datetime],
    person: UUID,
    settings: PresenceSettings,
    *,
    now: datetime,
) -> Session:
    """It will be at another time or place: everyone who counts on it is told. Raises NotFound, Forbidden, Refused."""
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    around = await surroundings(tx, [place(session)], ())
    event = hosting.move(session, person, place(session), window, around, now)
    changed = domain.evolve(session, event)
    await storage.save(tx, changed, _facts(changed, event), now)
    await session_timers.follow(tx, changed, settings, now)
    await _tell(tx, changed, What.SESSION_MOVED, await seats.people(tx, [session_id], HELD))
    return changed


async def thank(tx: Transaction, session_id: UUID, words: str, person: UUID, *, now: datetime) -> Session:
    """Thank who was there, in words that all can read. Raises NotFound, Forbidden, Refused."""
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    attended = await seats.people(tx, [session_id], [SeatStatus.CHECKED_IN])
    event = hosting.thank(session, person, len(attended))
    changed = replace(domain.evolve(session, event), thanks=words)
    await storage.save(tx, changed, _facts(changed, event), now)
    await _tell(tx, changed, What.SESSION_THANKED, attended)
    return changed


async def _tell(tx: Transaction, session: Session, what: What, people: Sequence[tuple[UUID, UUID | None]]) -> None:
    once = f"{session.id}/{session.version}"
    await tx.record([Fact(notice(what, person, once, **told_of(session)), 1) for _, person in people if person])


async def bring_in(
    tx: Transaction, session_id: UUID, lines: Sequence[HarvestLine], *, person: UUID, now: datetime
) -> Session:
    """Bring in what a session yielded: all lines, or none where one is refused; those that are there stay as they are.

    Raises NotFound, Forbidden, Conflict("line-id-taken"), and Refused: for the session, or "harvest-refused" with
    every line's refusal by its place, or "harvest-is-full".
    """
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    scribe = await seats.is_scribe(tx, session_id, person)
    hosting.only_for_harvesters(session, person, scribe=scribe)
    fresh = lines_domain.fresh(lines, await stored_lines.by_ids(tx, [line.id for line in lines]))
    if not fresh:
        return session
    event = hosting.harvest(session, person, [line.initiative_id for line in fresh], scribe=scribe)
    if event.lines > MOST_LINES:
        raise Refused("harvest-is-full", f"The harvest of a session holds at most {MOST_LINES} lines.")
    told = _told(lines, fresh, await surroundings(tx, (), (line.initiative_id for line in fresh)))
    changed = domain.evolve(session, event)
    await storage.save(tx, changed, _facts(changed, event), now)
    try:
        await stored_lines.add(tx, fresh, told, noted_at=now)
    except asyncpg.UniqueViolationError as fault:
        raise Conflict("line-id-taken", "One of the ids stands for another line by now; choose a new one.") from fault
    return changed


def _told(lines: Sequence[HarvestLine], fresh: Sequence[HarvestLine], around: Surroundings) -> list[Fact]:
    facts: list[Fact] = []
    errors: list[dict[str, str]] = []
    places = {id(line): place for place, line in enumerate(lines)}
    for line in fresh:
        try:
            facts += [Fact(event, line.version) for event in lines_domain.note(line, around)]
        except Refused as refusal:
            pointer = f"/lines/{places[id(line)]}"
            errors.append({"pointer": pointer, "code": refusal.code, "detail": refusal.detail})
    if errors:
        raise Refused("harvest-refused", f"{len(errors)} of {len(lines)} cannot be noted; none is.", errors=errors)
    return facts


async def withdraw_consent(tx: Transaction, line_id: UUID, person: UUID, *, for_anyone: bool) -> HarvestLine:
    """Erase the words and name of a line, here and by a tombstone everywhere. Raises NotFound, Forbidden."""
    line: HarvestLine = found(await stored_lines.lock(tx, line_id), "harvest-line", line_id)
    for event in lines_domain.withdraw(line, person, for_anyone=for_anyone):
        line = lines_domain.evolve(line, event)
        erased = Fact(lines_domain.state_of(line), line.version, erases=True)
        await stored_lines.withdraw(tx, line, [Fact(event, line.version), erased])
    return line


def _facts(session: Session, event: SessionFact) -> list[Fact]:
    return [Fact(event, session.version), Fact(session.state, session.version)]
