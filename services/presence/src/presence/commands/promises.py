"""Promises of the council: made on a visit, recalled, ringing, and kept or let go."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.domain import promises as domain
from presence.domain.members import Member
from presence.domain.notices import What, notice
from presence.domain.promises import LetGoReason, Promise, PromiseFact
from presence.domain.visits import Visit, was_there
from presence.storage import members as stored_members
from presence.storage import promises as storage
from presence.storage import visits as stored_visits
from presence.storage.frontrunners import frontrunners

COUNCIL_PROMISE_REMINDER = "council-promise-reminder"
COUNCIL_PROMISE_DUE = "council-promise-due"
"""The timers of a promise, by promise."""

Told = tuple[Promise, PromiseFact]
"""A promise after something happened to it, and what did."""


async def make_promise(
    tx: Transaction, visit_id: UUID, promise_id: UUID, text: str, due_on: date, *, person: UUID, now: datetime
) -> Promise:
    """Promise something on a visit. Raises NotFound, Forbidden, Refused; from now on it rings when it is due."""
    visit: Visit = found(await stored_visits.lock(tx, visit_id), "visit", visit_id)
    member = was_there(visit, await stored_members.by_person(tx, person), now)
    due_at = domain.due(due_on, now)
    promise = Promise(promise_id, visit_id, visit.initiative_id, member.id, text, due_on, due_at)
    event = domain.make(promise, await storage.made_on(tx, visit_id))
    await storage.save(tx, [promise], _facts(promise, event), now)
    await set_timers(tx, COUNCIL_PROMISE_DUE, {promise.id: promise.due_at})
    if now < promise.remind_at:
        await set_timers(tx, COUNCIL_PROMISE_REMINDER, {promise.id: promise.remind_at})
    return promise


async def keep_promise(
    tx: Transaction, promise_id: UUID, outcome: str | None, *, person: UUID, now: datetime
) -> Promise:
    """Say that it was kept, and tell the initiators. Raises NotFound, Forbidden, Refused."""
    decide = lambda promise, by, maker: domain.keep(promise, by, maker, now)  # noqa: E731
    return await _settled(tx, promise_id, decide, outcome, What.PROMISE_KEPT, person=person, now=now)


async def let_go(
    tx: Transaction, promise_id: UUID, reason: LetGoReason, why: str, *, person: UUID, now: datetime
) -> Promise:
    """Say why it will not be kept, and tell the initiators. Raises NotFound, Forbidden, Refused."""
    decide = lambda promise, by, maker: domain.let_go(promise, by, maker, reason, now)  # noqa: E731
    return await _settled(tx, promise_id, decide, why, What.PROMISE_LET_GO, person=person, now=now)


async def remind_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers that recall promises to who made them."""
    told = [
        (domain.evolve(promise, event), event)
        for promise in (await storage.lock(tx, refs)).values()
        if (event := domain.remind(promise, now))
    ]
    if told:
        answer = await _answer_for(tx, [promise for promise, _ in told], now)
        await _ring(tx, told, What.PROMISE_NEARLY_DUE, answer, now)


async def come_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which promises ring, for who made them and who they were made to."""
    told = [
        (domain.evolve(promise, event), event)
        for promise in (await storage.lock(tx, refs)).values()
        if (event := domain.come_due(promise, now))
    ]
    if told:
        promises = [promise for promise, _ in told]
        answer, hear = await _answer_for(tx, promises, now), await _initiators(tx, promises)
        await _ring(tx, told, What.PROMISE_DUE, {one: answer[one] | hear[one] for one in answer}, now)


async def _ring(
    tx: Transaction, told: Sequence[Told], what: What, people: dict[UUID, set[UUID]], now: datetime
) -> None:
    facts = [fact for promise, event in told for fact in _facts(promise, event, what, people[promise.id])]
    await storage.save(tx, [promise for promise, _ in told], facts, now)


async def _settled(
    tx: Transaction,
    promise_id: UUID,
    decide: Callable[[Promise, Member | None, Member], PromiseFact],
    words: str | None,
    what: What,
    *,
    person: UUID,
    now: datetime,
) -> Promise:
    promise: Promise = found((await storage.lock(tx, [promise_id])).get(promise_id), "council-promise", promise_id)
    by = await stored_members.by_person(tx, person)
    maker = (await stored_members.of(tx, [promise.member_id]))[promise.member_id]
    event = decide(promise, by, maker)
    changed = domain.evolve(promise, event, words)
    people = (await _initiators(tx, [promise]))[promise.id] - {person}
    await storage.save(tx, [changed], _facts(changed, event, what, people), now)
    for kind in (COUNCIL_PROMISE_REMINDER, COUNCIL_PROMISE_DUE):
        await cancel_timers(tx, kind, [promise_id])
    return changed


async def _answer_for(tx: Transaction, promises: Sequence[Promise], now: datetime) -> dict[UUID, set[UUID]]:
    """Who has to keep each promise: who made it, or the core group where they serve no more."""
    makers = await stored_members.of(tx, (promise.member_id for promise in promises))
    left = any(not maker.serves(now) for maker in makers.values())
    core = await stored_members.core(tx, now) if left else set[UUID]()
    return {
        promise.id: {maker.person_id} if (maker := makers[promise.member_id]).serves(now) else core
        for promise in promises
    }


async def _initiators(tx: Transaction, promises: Iterable[Promise]) -> dict[UUID, set[UUID]]:
    """Who each promise was made to: those who carry its initiative now."""
    made = list(promises)
    known = await frontrunners(tx, (promise.initiative_id for promise in made))
    return {
        promise.id: set(known[promise.initiative_id].initiators) if promise.initiative_id in known else set()
        for promise in made
    }


def _facts(promise: Promise, event: PromiseFact, what: What | None = None, people: Iterable[UUID] = ()) -> list[Fact]:
    """The fact, the public state after it, and who is told what."""
    about = {"promise_id": promise.id, "visit_id": promise.visit_id, "initiative_id": promise.initiative_id}
    return [
        Fact(event, promise.version),
        Fact(promise.state, promise.version),
        *(Fact(notice(what, person, str(promise.id), **about), 1) for person in sorted(people) if what),
    ]
