"""What operators may ask of any service: its dead letters and what its consumers are doing."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from dorpsplein.consumer import Consumer
from dorpsplein.dead_letters import ONE, REPLAYED, listed, shown
from dorpsplein.envelope import recorded
from dorpsplein.errors import Conflict, Poison, Refused, Transient
from dorpsplein.identity import Caller, Role, allow
from dorpsplein.web import MOST_PAGE, Db, found, permitted

OPERATE = allow(Role.OPERATOR)
Operator = Annotated[Caller, permitted(OPERATE)]


def operator_routes(service: str, consumers: Sequence[Consumer]) -> APIRouter:
    """Routes under `/v1/dead-letters` and `/v1/consumers`, for operators only."""
    router = APIRouter(tags=["operations"])
    by_group = {consumer.group: consumer for consumer in consumers}

    @router.get("/consumers")
    async def list_consumers(_: Operator) -> list[dict[str, Any]]:
        """What each consumer is doing."""
        return [
            {"consumer": c.group, "topics": c.topics, "assigned": c.assigned, "halted": c.halted} for c in consumers
        ]

    @router.get("/dead-letters")
    async def list_dead_letters(
        _: Operator,
        db: Db,
        before: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
        replayed: bool = False,
    ) -> dict[str, Any]:
        """Dead letters, newest first."""
        async with db.transaction() as tx:
            items = await listed(tx, before=before, limit=limit, replayed=replayed)
        return {"service": service, "items": items}

    @router.get("/dead-letters/{letter_id}")
    async def show_dead_letter(_: Operator, db: Db, letter_id: UUID) -> dict[str, Any]:
        """One dead letter, whole."""
        async with db.transaction() as tx:
            return shown(found(await tx.fetchrow(ONE, letter_id), "dead-letter", letter_id))

    @router.post("/dead-letters/{letter_id}/replay")
    async def replay_dead_letter(_: Operator, db: Db, letter_id: UUID) -> dict[str, Any]:
        """Hand a dead letter to its consumer again. It stays parked when it is refused again."""
        async with db.transaction() as tx:
            row = found(await tx.fetchrow(ONE, letter_id), "dead-letter", letter_id)
        consumer = by_group.get(row["consumer"])
        if consumer is None:
            raise Conflict("consumer-unknown", f"No consumer is called {row['consumer']} any more.")
        await _hand_over(consumer, row)
        async with db.transaction() as tx:
            await tx.execute(REPLAYED, letter_id)
            return shown(await tx.fetchrow(ONE, letter_id))

    return router


async def _hand_over(consumer: Consumer, row: Mapping[str, Any]) -> None:
    """Have a consumer apply a dead letter. Raises Refused, with the reason, where it still cannot."""
    headers = [(name, value.encode()) for name, value in json.loads(row["headers"]).items()]
    try:
        event = recorded(headers, row["body"], position=f"{row['topic']}:{row['partition']}:{row['offset']}")
        if event is None or not consumer.wants(event):
            raise Poison("this consumer does not handle its type")
        await consumer.apply([event])
    except Transient:
        raise
    except Exception as fault:
        raise Refused("still-poison", f"It stays parked: {type(fault).__name__}: {fault}") from fault
