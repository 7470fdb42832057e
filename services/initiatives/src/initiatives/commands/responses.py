"""Responses of the municipality. No command here reads, locks or changes an initiative's row beyond who carries it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.web import found
from initiatives.commands import promises
from initiatives.domain import promises as promising
from initiatives.domain import responses as domain
from initiatives.domain.responses import Response, Words
from initiatives.storage import moderation
from initiatives.storage import responses as storage


class Promised(NamedTuple):
    """What is promised by the end of which day, under an id of its own."""

    id: UUID
    text: str
    due_on: date


async def give(
    tx: Transaction,
    initiative_id: UUID,
    words: Words,
    promised: Sequence[Promised],
    *,
    response_id: UUID,
    responder: UUID,
    now: datetime,
) -> dict[str, Any]:
    """Answer an initiative, whatever its status.

    Raises NotFound, Gone("hidden"), Refused("nothing-said"), and what `domain.promises.make` raises.
    """
    found(await storage.initiators(tx, initiative_id), "initiative", initiative_id)
    await moderation.refuse_hidden(tx, "initiative", initiative_id)
    response, told = domain.give(
        words, len(promised), response_id=response_id, initiative_id=initiative_id, responder=responder
    )
    await storage.save(tx, response, [Fact(event, 1) for event in told], now)
    await _promise(tx, response, promised, responder, now)
    return {**await _shown(tx, response_id), "location": f"/v1/responses/{response_id}"}


async def amend(
    tx: Transaction,
    response_id: UUID,
    words: Words,
    promised: Sequence[Promised],
    *,
    responder: UUID,
    version: int,
    now: datetime,
) -> dict[str, Any]:
    """Say something else from now on, and promise more. Raises NotFound and what `domain.amend` raises."""
    response: Response = found(await storage.lock(tx, response_id), "response", response_id)
    after, told = domain.amend(response, words, len(promised), responder=responder, version=version)
    if told:
        await storage.save(tx, after, [Fact(event, after.version) for event in told], now)
    await _promise(tx, response, promised, responder, now)
    return await _shown(tx, response_id)


async def _promise(
    tx: Transaction, response: Response, promised: Sequence[Promised], promiser: UUID, now: datetime
) -> None:
    told = [
        promising.make(
            one.text,
            one.due_on,
            promise_id=one.id,
            response_id=response.id,
            initiative_id=response.initiative_id,
            promiser=promiser,
            now=now,
        )
        for one in promised
    ]
    await promises.keep(tx, [(0, one) for one in told], now)


async def _shown(tx: Transaction, response_id: UUID) -> dict[str, Any]:
    shown: dict[str, Any] = found(await storage.shown(tx, response_id), "response", response_id)
    return shown
