"""Commands on visits of the council."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.web import found
from presence.commands.places import refuse_place
from presence.domain import visits as domain
from presence.domain.notices import What, notice
from presence.domain.visits import CancelReason, DeclineReason, Plan, Visit, VisitFact
from presence.storage import members as stored_members
from presence.storage import promises as stored_promises
from presence.storage import visits as storage
from presence.storage.frontrunners import frontrunners


async def invite_council(tx: Transaction, visit: Visit, *, now: datetime) -> Visit:
    """Invite the council, and tell its core group.

    Raises Forbidden("not-an-initiator"), Refused; among them Refused("visit-open") with the visit that is there.
    """
    known = await frontrunners(tx, [visit.initiative_id])
    event = domain.invite(visit, known.get(visit.initiative_id))
    await refuse_place(tx, visit.place_id)
    core = await stored_members.core(tx, now)
    if not await storage.add(tx, visit, _facts(visit, event, What.VISIT_INVITED, core - {visit.invited_by})):
        there = await storage.open_visit(tx, visit.initiative_id)
        raise Refused("visit-open", "The council is invited here already; one visit at a time.", visitId=there)
    return visit


async def accept_visit(tx: Transaction, visit_id: UUID, plan: Plan, *, person: UUID, now: datetime) -> Visit:
    """Come, or come otherwise than was said before, and tell the initiators and who of the council come too.

    Raises NotFound, Forbidden, Refused; among them Refused("member-elsewhere") with the visit that one of them is at.
    """
    visit = await _locked(tx, visit_id)
    by = await stored_members.by_person(tx, person)
    council = await stored_members.serving(tx, plan.member_ids, now)
    event = domain.accept(visit, by, plan, council, now)
    await refuse_place(tx, plan.place_id)
    changed = domain.evolve(visit, event)
    await _hold_members(tx, changed)
    people = {*await _initiators(tx, visit), *await _people(tx, changed.member_ids)} - {person}
    await storage.save(tx, changed, _facts(changed, event, What.VISIT_ACCEPTED, people))
    return changed


async def decline_visit(
    tx: Transaction, visit_id: UUID, reason: DeclineReason, answer: str, *, person: UUID, now: datetime
) -> Visit:
    """Say why the council does not come, and tell the initiators. Raises NotFound, Forbidden, Refused."""
    visit = await _locked(tx, visit_id)
    event = domain.decline(visit, await stored_members.by_person(tx, person), reason, now)
    changed = domain.evolve(visit, event, answer)
    people = await _initiators(tx, visit) - {person}
    await storage.save(tx, changed, _facts(changed, event, What.VISIT_DECLINED, people))
    return changed


async def cancel_visit(tx: Transaction, visit_id: UUID, reason: CancelReason, *, person: UUID, now: datetime) -> Visit:
    """Call a visit off, and tell everyone else who would be there. Raises NotFound, Forbidden, Refused."""
    visit = await _locked(tx, visit_id)
    initiators = await _initiators(tx, visit)
    side = domain.side_of(visit, person, initiators, await stored_members.by_person(tx, person), now)
    event = domain.cancel(visit, side, reason)
    changed = domain.evolve(visit, event)
    people = {*initiators, *await _people(tx, visit.member_ids)} - {person}
    await storage.free_members(tx, visit_id)
    await storage.save(tx, changed, _facts(changed, event, What.VISIT_CANCELLED, people))
    return changed


async def say_visited(
    tx: Transaction, visit_id: UUID, there: Collection[UUID], *, person: UUID, now: datetime
) -> Visit:
    """Say that the council was there, and who of it. Raises NotFound, Forbidden, Refused as accepting does."""
    visit = await _locked(tx, visit_id)
    by = await stored_members.by_person(tx, person)
    event = domain.visited(visit, by, there, await stored_members.serving(tx, there, now), now)
    changed = domain.evolve(visit, event)
    await _hold_members(tx, changed)
    await storage.save(tx, changed, _facts(changed, event))
    return changed


async def report_visit(tx: Transaction, visit_id: UUID, words: str, *, person: UUID, now: datetime) -> Visit:
    """Report back, and tell the initiators. Raises NotFound, Forbidden, Refused."""
    visit = await _locked(tx, visit_id)
    by = await stored_members.by_person(tx, person)
    event = domain.report(visit, by, await stored_promises.made_on(tx, visit_id), now)
    changed = domain.evolve(visit, event, words)
    people = await _initiators(tx, visit) - {person}
    await storage.save(tx, changed, _facts(changed, event, What.VISIT_REPORTED, people))
    return changed


async def amend_report(
    tx: Transaction, visit_id: UUID, words: str, *, person: UUID, version: int, now: datetime
) -> Visit:
    """Say the report in other words. Raises NotFound, Forbidden, Refused, Stale."""
    visit = await _locked(tx, visit_id)
    changed = domain.amend(visit, await stored_members.by_person(tx, person), words, version, now)
    if changed.version > visit.version:
        await storage.save(tx, changed, [Fact(changed.state, changed.version)])
    return changed


async def _locked(tx: Transaction, visit_id: UUID) -> Visit:
    visit: Visit = found(await storage.lock(tx, visit_id), "visit", visit_id)
    return visit


async def _hold_members(tx: Transaction, visit: Visit) -> None:
    if await storage.hold_members(tx, visit):
        return
    there = await storage.elsewhere(tx, visit)
    facts = {"visitId": there[0], "memberId": there[1]} if there else {}
    raise Refused("member-elsewhere", "Nobody is at two visits at once: choose another time, or others.", **facts)


async def _initiators(tx: Transaction, visit: Visit) -> set[UUID]:
    """Who carries the initiative now."""
    known = (await frontrunners(tx, [visit.initiative_id])).get(visit.initiative_id)
    return set(known.initiators) if known else set()


async def _people(tx: Transaction, member_ids: Iterable[UUID]) -> set[UUID]:
    return {member.person_id for member in (await stored_members.of(tx, member_ids)).values()}


def _facts(visit: Visit, event: VisitFact, what: What | None = None, people: Iterable[UUID] = ()) -> list[Fact]:
    """The fact, the public state after it, which goes where nobody had accepted it, and who is told what."""
    occasion = f"{visit.id}/{visit.version}"
    about = {"visit_id": visit.id, "initiative_id": visit.initiative_id, "starts_at": visit.starts_at}
    return [
        Fact(event, visit.version),
        Fact(visit.state, visit.version, erases=visit.is_erased),
        *(Fact(notice(what, person, occasion, **about), 1) for person in sorted(people) if what),
    ]
