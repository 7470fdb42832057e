"""Commands on lone visits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.commands.places import refuse_place
from presence.domain import lone_visits as domain
from presence.domain.lone_visits import LoneVisit
from presence.storage import lone_visits as storage

LONE_VISIT_RINGS = "lone-visit-rings"
LONE_VISIT_GOES = "lone-visit-goes"


async def go_out(tx: Transaction, visit: LoneVisit, *, now: datetime) -> LoneVisit:
    """Go out alone, and be missed when not back in time.

    Raises Refused("place-unknown", "place-closed"), ("out-already"), and what `domain.leave` raises.
    """
    domain.leave(visit, now)
    if visit.place_id is not None:
        await refuse_place(tx, visit.place_id)
    if not await storage.add(tx, visit):
        raise Refused("out-already", "You are out alone already: return from there first.")
    await _follow(tx, [visit])
    return visit


async def check_in(tx: Transaction, visit_id: UUID, person: UUID, back_by: datetime, *, now: datetime) -> LoneVisit:
    """Put off when the visitor is to be back. Raises NotFound and what `domain.check_in` raises."""
    visit = domain.check_in(await _locked(tx, visit_id, person), person, back_by, now)
    await storage.save(tx, [visit], [])
    await _follow(tx, [visit])
    return visit


async def come_back(tx: Transaction, visit_id: UUID, person: UUID, *, now: datetime) -> LoneVisit:
    """End it; who was rung hears so. Raises NotFound and what `domain.come_back` raises."""
    visit, notices = domain.come_back(await _locked(tx, visit_id, person), person, now)
    await storage.save(tx, [visit], [Fact(notice, 1) for notice in notices])
    await _follow(tx, [visit])
    return visit


async def ring(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which colleagues are rung."""
    rung = [domain.ring(visit, now) for visit in await storage.lock(tx, refs)]
    changed = [(visit, notices) for visit, notices in rung if notices]
    if changed:
        facts = [Fact(notice, 1) for _, notices in changed for notice in notices]
        await storage.save(tx, [visit for visit, _ in changed], facts)
    await _follow(tx, [visit for visit, _ in rung])


async def forget(tx: Transaction, refs: Sequence[UUID], _: datetime) -> None:
    """The handler of the timers by which lone visits go that ended a day ago."""
    await storage.delete(tx, refs)


async def _locked(tx: Transaction, visit_id: UUID, person: UUID) -> LoneVisit:
    """The visit, to whom it concerns; to others there is none."""
    visit = next(iter(await storage.lock(tx, [visit_id])), None)
    known = visit if visit and person in {visit.visitor_id, visit.colleague_id} else None
    there: LoneVisit = found(known, "lone-visit", visit_id)
    return there


async def _follow(tx: Transaction, visits: Sequence[LoneVisit]) -> None:
    """Let the timers of visits follow what they are now."""
    await set_timers(tx, LONE_VISIT_RINGS, {visit.id: visit.rings_at for visit in visits if visit.rings_at})
    await cancel_timers(tx, LONE_VISIT_RINGS, [visit.id for visit in visits if visit.rings_at is None])
    ended = {visit.id: visit.ended_at + domain.KEPT for visit in visits if visit.ended_at}
    await set_timers(tx, LONE_VISIT_GOES, ended)
