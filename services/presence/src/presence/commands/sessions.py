"""Commands on sessions and what they yield."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.web import found
from presence.commands import forms
from presence.domain import harvest as lines_domain
from presence.domain import sessions as domain
from presence.domain.harvest import HarvestLine
from presence.domain.sessions import Session, SessionFact
from presence.domain.surroundings import Surroundings
from presence.storage import harvest as stored_lines
from presence.storage import sessions as storage
from presence.storage.surroundings import surroundings

MOST_LINES = 1_000
"""How many lines the harvest of one session holds."""


async def announce_session(tx: Transaction, session: Session, *, now: datetime) -> Session:
    """Announce a session and say so. Raises what `domain.announce` raises, and Refused of its working form."""
    await forms.refuse_unusable(tx, session.working_form)
    around = await surroundings(tx, [session.place_id], session.initiative_ids)
    event = domain.announce(session, around, now)
    await storage.add(tx, session, [Fact(event, session.version), Fact(session.state, session.version)])
    return session


async def change_session(tx: Transaction, session_id: UUID, decide: Callable[[Session], SessionFact]) -> Session:
    """Start or cancel a session, as `decide` of the domain rules, and say so. Raises NotFound, Forbidden, Refused."""
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    event = decide(session)
    changed = domain.evolve(session, event)
    await storage.save(tx, changed, _facts(changed, event))
    return changed


async def bring_in(
    tx: Transaction, session_id: UUID, lines: Sequence[HarvestLine], *, person: UUID, now: datetime
) -> Session:
    """Bring in what a session yielded: all lines, or none where one is refused.

    Raises NotFound, Forbidden, and Refused: for the session, or "harvest-refused" with every line's refusal by its
    place, or "harvest-is-full".
    """
    session: Session = found(await storage.lock(tx, session_id), "session", session_id)
    event = domain.harvest(session, person, [line.initiative_id for line in lines])
    if event.lines > MOST_LINES:
        raise Refused("harvest-is-full", f"The harvest of a session holds at most {MOST_LINES} lines.")
    around = await surroundings(tx, (), (line.initiative_id for line in lines))
    told = _told(lines, around)
    changed = domain.evolve(session, event)
    await storage.save(tx, changed, _facts(changed, event))
    await stored_lines.add(tx, lines, told, noted_at=now)
    return changed


def _told(lines: Sequence[HarvestLine], around: Surroundings) -> list[Fact]:
    facts: list[Fact] = []
    errors: list[dict[str, str]] = []
    for place, line in enumerate(lines):
        try:
            facts += [Fact(event, line.version) for event in lines_domain.note(line, around)]
        except Refused as refusal:
            errors.append({"pointer": f"/lines/{place}", "code": refusal.code, "detail": refusal.detail})
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
