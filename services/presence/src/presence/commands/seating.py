"""Keeping what became of the seats of sessions, with what there is to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from presence.domain.seating import Seating
from presence.storage import seats as storage


def told(seating: Seating, cause: Cause | None = None) -> list[Fact]:
    """What a seating has to tell since it was asked last: of the session, and to people alone."""
    facts = [Fact(event, version, cause) for event, version in seating.told]
    facts += [Fact(notice, 1, cause) for notice in seating.notices]
    seating.told.clear()
    seating.notices.clear()
    return facts


async def keep(tx: Transaction, seatings: Mapping[UUID, Seating], facts: Sequence[Fact], now: datetime) -> None:
    """Store the seatings that changed, with their facts, and the public view of the sessions where that changed."""
    changed = [one for one in seatings.values() if one.changed or one.session != one.before]
    views: list[Fact] = []
    for seating in changed:
        session, before = seating.session, seating.before
        if session.version == before.version and session.state != before.state:
            session = seating.session = replace(session, version=before.version + 1)
        if session.version != before.version:
            views.append(Fact(session.state, session.version))
    if changed:
        await storage.save(tx, changed, [*facts, *views], now)
