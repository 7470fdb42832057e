"""Subscribing, ending and replaying; and settling what came of deliveries."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.errors import Conflict
from dorpsplein.web import found
from notifications.domain import subscriptions as domain
from notifications.domain.deliveries import Outcome, Verdict
from notifications.storage import deliveries, subscriptions

STOPPED = "stopped"
GONE = "gone"


async def create(tx: Transaction, command: domain.Create) -> asyncpg.Record:
    """Subscribe; the row comes back with the position of the log after which events are sent."""
    events = domain.create(command, await subscriptions.owned(tx, command.owner_id))
    return await subscriptions.insert(tx, command, events)


async def end(tx: Transaction, subscription_id: UUID) -> None:
    """End a subscription at its owner's wish. Raises NotFound, Conflict."""
    locked = await subscriptions.lock(tx, [subscription_id])
    subscription = found(locked.get(subscription_id), "subscription", subscription_id)
    events = domain.end(subscription, STOPPED)
    await subscriptions.save(tx, [(reduce(domain.evolve, events, subscription), events, STOPPED)])


async def replay(
    tx: Transaction, subscription_id: UUID, after_position: int | None, since: datetime | None
) -> asyncpg.Record:
    """Queue past events again, under the ids they have. Raises NotFound, Conflict for an ended subscription."""
    locked = await subscriptions.lock(tx, [subscription_id])
    subscription = found(locked.get(subscription_id), "subscription", subscription_id)
    if subscription.ended:
        raise Conflict("subscription-ended", "This subscription has ended; make a new one.")
    return await deliveries.replay(tx, subscription_id, after_position, since)


class Settling:
    """Settles outcomes of deliveries, those that came in at the same time in one transaction."""

    def __init__(self, give_up_after_s: float) -> None:
        self._give_up_after_s = give_up_after_s

    async def settle(self, tx: Transaction, outcomes: Sequence[Outcome]) -> Sequence[bool | Exception]:
        """Write outcomes down with what follows from them; answers whether each still counted."""
        final = sorted({o.delivery.subscription_id for o in outcomes if o.verdict in {Verdict.GAVE_UP, Verdict.GONE}})
        locked = await subscriptions.lock(tx, final) if final else {}
        counted = await deliveries.settle(tx, outcomes)
        valid = [o for o in outcomes if (o.delivery.subscription_id, o.delivery.position) in counted]
        await _mark_endpoints(tx, valid)
        if locked:
            await self._tell(tx, locked, valid)
        return [(o.delivery.subscription_id, o.delivery.position) in counted for o in outcomes]

    async def _tell(self, tx: Transaction, locked: dict[UUID, domain.Subscription], valid: Sequence[Outcome]) -> None:
        given_up = [o for o in valid if o.verdict is Verdict.GAVE_UP]
        dead = {o.delivery.subscription_id for o in given_up if o.endpoint_failed}
        lost = await deliveries.park_overdue(tx, sorted(dead), self._give_up_after_s) if dead else {}
        for o in given_up:
            one = domain.Lost(o.delivery.event_id, o.delivery.attempts + 1, o.answer.status)
            lost.setdefault(o.delivery.subscription_id, []).insert(0, one)
        gone = {o.delivery.subscription_id for o in valid if o.verdict is Verdict.GONE}
        changed = []
        for subscription in locked.values():
            events = domain.give_up(subscription, lost.get(subscription.id, []))
            ends = subscription.id in gone and not subscription.ended
            if ends:
                events += domain.end(subscription, GONE)
            if events:
                changed.append((reduce(domain.evolve, events, subscription), events, GONE if ends else None))
        if changed:
            await subscriptions.save(tx, changed)


async def _mark_endpoints(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """An endpoint that answered is well, one that did not is held off as long as its delivery waits."""
    failed = {o.delivery.subscription_id: o.wait_s for o in outcomes if o.endpoint_failed}
    well = [
        o.delivery.subscription_id
        for o in outcomes
        if not o.endpoint_failed and o.delivery.failures and o.delivery.subscription_id not in failed
    ]
    if failed or well:
        await deliveries.mark_endpoints(tx, failed, well)
