"""Commands on requests for a session: asked, joined, picked up, withdrawn, expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Rejected
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.commands.knobs import in_effect
from presence.domain import requests as domain
from presence.domain.notices import What, notice
from presence.domain.requests import Request
from presence.settings import PresenceSettings
from presence.storage import requests as storage
from presence.storage.surroundings import surroundings

REQUEST_EXPIRES = "session-request-expires"


@dataclass(frozen=True, slots=True)
class Joining:
    """One person's wish to ask along with a request (`joins`), or no longer to."""

    request_id: UUID
    person: UUID
    joins: bool


async def ask(tx: Transaction, command: domain.Ask, settings: PresenceSettings, *, now: datetime) -> Request:
    """Ask for a session and say so; it expires by itself. Raises what `domain.ask` raises."""
    already_open = await storage.count_open(tx, command.asked_by)
    around = await surroundings(tx, (), [command.initiative_id])
    knobs = await in_effect(tx, settings)
    request, event = domain.ask(command, around, already_open=already_open, days=knobs.request_days, now=now)
    await storage.add(tx, request, [Fact(event, request.version), Fact(domain.state_of(request, 0), request.version)])
    await set_timers(tx, REQUEST_EXPIRES, {request.id: request.expires_at})
    return request


async def change_joinings(tx: Transaction, commands: Sequence[Joining]) -> list[Joining | Exception]:
    """Carry out wishes in order, in two round trips, each with its own answer; a wish again changes nothing.

    Anyone may leave at any time. Answers NotFound, Refused("request-not-open") and Refused("you-asked-it").
    """
    held = await storage.hold(tx, {command.request_id for command in commands})
    wishes: dict[tuple[UUID, UUID], bool] = {}
    answers: list[Joining | Exception] = []
    for command in commands:
        try:
            asked_by, status = found(held.get(command.request_id), "session-request", command.request_id)
            if command.joins:
                domain.refuse_joining(asked_by, status, command.person)
        except Rejected as refusal:
            answers.append(refusal)
        else:
            wishes[command.request_id, command.person] = command.joins
            answers.append(command)
    await storage.change_joinings(tx, wishes)
    return answers


async def pick_up(tx: Transaction, request_id: UUID, session_id: UUID, person: UUID) -> Request:
    """Answer a request with a session, and tell who asked and all who asked along.

    Raises NotFound and what `domain.pick_up` raises.
    """
    request = await _locked(tx, request_id)
    session = await storage.answering(tx, session_id)
    event = domain.pick_up(request, session, session_id, person)
    after = domain.evolve(request, event)
    joined = (await storage.joinings(tx, [request_id]))[request_id]
    about = {
        "request_id": request_id,
        "session_id": session_id,
        "initiative_id": request.initiative_id,
        "starts_at": session and session.starts_at,
    }
    told = [notice(What.REQUEST_PICKED_UP, one, str(request_id), **about) for one in (request.asked_by, *joined)]
    facts = [Fact(event, after.version), Fact(domain.state_of(after, len(joined)), after.version)]
    await storage.save(tx, [after], [*facts, *(Fact(one, 1) for one in told)])
    await cancel_timers(tx, REQUEST_EXPIRES, [request_id])
    return after


async def withdraw(tx: Transaction, request_id: UUID, person: UUID) -> Request:
    """Ask no longer; the words are erased, here and by a tombstone everywhere. Raises NotFound, Forbidden, Refused."""
    request = await _locked(tx, request_id)
    event = domain.withdraw(request, person)
    after = domain.evolve(request, event)
    erased = Fact(domain.state_of(after, 0), after.version, erases=True)
    await storage.save(tx, [after], [Fact(event, after.version), erased])
    await cancel_timers(tx, REQUEST_EXPIRES, [request_id])
    return after


async def expire(tx: Transaction, request_ids: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which requests expire; who asked is told."""
    due = [(request, domain.expire(request, now)) for request in await storage.lock(tx, request_ids)]
    joined = await storage.joinings(tx, request_ids)
    expired: list[Request] = []
    facts: list[Fact] = []
    for request, event in due:
        if event is None:
            continue
        after = domain.evolve(request, event)
        about = {"request_id": request.id, "initiative_id": request.initiative_id}
        told = notice(What.REQUEST_EXPIRED, request.asked_by, str(request.id), **about)
        state = domain.state_of(after, len(joined[request.id]))
        facts += [Fact(event, after.version), Fact(state, after.version), Fact(told, 1)]
        expired.append(after)
    if expired:
        await storage.save(tx, expired, facts)


async def _locked(tx: Transaction, request_id: UUID) -> Request:
    request: Request = found(next(iter(await storage.lock(tx, [request_id])), None), "session-request", request_id)
    return request
