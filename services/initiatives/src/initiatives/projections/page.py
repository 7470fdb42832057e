"""What this service keeps of events: means and the timeline of every initiative, and contributions.

Every statement gives the same result in whatever order the events of different aggregates come: counts and sums
are added to, a row of the timeline stands on its own, and what is replaced comes from facts of one aggregate, which
arrive in order.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.funding.means import (
    InitiativeMatched,
    InitiativeMatchReturned,
    MeansGoalMissed,
    MeansGoalReached,
    MeansTaken,
    NeedsSet,
    TopUpFilled,
    TopUpOpened,
)
from dorpsplein.contracts.funding.pledges import (
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeMatched,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from initiatives.projections import timeline

ADD_MEANS = """
    insert into means (initiative_id, pledged_cents, matched_cents, goal_reached, goal_missed, taken)
    select * from unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::boolean[], $5::boolean[], $6::boolean[])
        as d(initiative_id)
    order by initiative_id
    on conflict (initiative_id) do update set
        pledged_cents = means.pledged_cents + excluded.pledged_cents,
        matched_cents = means.matched_cents + excluded.matched_cents,
        goal_reached = means.goal_reached or excluded.goal_reached,
        goal_missed = means.goal_missed or excluded.goal_missed,
        taken = means.taken or excluded.taken
"""
SET_BOARDS = """
    insert into means (initiative_id, pledged_cents, matched_cents, goal_reached, board_cents)
    select initiative_id, 0, 0, false, cents from unnest($1::uuid[], $2::numeric[]) as d(initiative_id, cents)
    order by initiative_id
    on conflict (initiative_id) do update set board_cents = excluded.board_cents
"""
SET_TOP_UPS = """
    insert into means (initiative_id, pledged_cents, matched_cents, goal_reached, top_up_until)
    select initiative_id, 0, 0, false, until from unnest($1::uuid[], $2::timestamptz[]) as d(initiative_id, until)
    order by initiative_id
    on conflict (initiative_id) do update set top_up_until = excluded.top_up_until
"""
ADD_PROMISED = """
    insert into promised (initiative_id, resource, quantity, delivered)
    select * from unnest($1::uuid[], $2::text[], $3::numeric[], $4::numeric[]) as d(initiative_id, resource)
    order by initiative_id, resource
    on conflict (initiative_id, resource) do update set
        quantity = promised.quantity + excluded.quantity, delivered = promised.delivered + excluded.delivered
"""
EUR = "EUR/2"


async def page(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Add up means, and write the timeline of the initiatives these events are about."""
    await _add_means(tx, events)
    await _set_goals(tx, events)
    await _add_promised(tx, events)
    await timeline.write(tx, events)


async def _add_means(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Add up euros in cents, and note what became of the goal."""
    more: defaultdict[UUID, list[int]] = defaultdict(lambda: [0, 0, False, False, False])
    for event in events:
        match event.event:
            case PledgeMade() as made:
                more[made.initiative_id][0] += made.amount_cents
            case PledgeMatched() | InitiativeMatched() as matched:
                more[matched.initiative_id][1] += matched.amount_cents
            case InitiativeMatchReturned() as returned:
                more[returned.initiative_id][1] -= returned.amount_cents
            case PledgeWithdrawn() | PledgeLapsed() | PledgeRefunded() as gone:
                more[gone.initiative_id][0] -= gone.amount_cents
                more[gone.initiative_id][1] -= gone.match_cents
            case MeansGoalReached() as reached:
                more[reached.initiative_id][2] = True
            case MeansGoalMissed() as missed:
                more[missed.initiative_id][3] = True
            case MeansTaken() as taken:
                more[taken.initiative_id][4] = True
    if more:
        await tx.execute(ADD_MEANS, list(more), *map(list, zip(*more.values(), strict=True)))


async def _set_goals(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Keep what the needs board asks in cents, and until when a top-up is open: the last of an initiative stands."""
    boards: dict[UUID, int | None] = {}
    top_ups: dict[UUID, datetime | None] = {}
    for event in events:
        match event.event:
            case NeedsSet() as needs:
                boards[needs.initiative_id] = needs.minimum.get(EUR)
            case TopUpOpened() as opened:
                top_ups[opened.initiative_id] = opened.closes_at
            case TopUpFilled() | MeansGoalMissed() | MeansTaken() as over:
                top_ups[over.initiative_id] = None
    if boards:
        await tx.execute(SET_BOARDS, list(boards), list(boards.values()))
    if top_ups:
        await tx.execute(SET_TOP_UPS, list(top_ups), list(top_ups.values()))


async def _add_promised(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Add up all means but euros, each resource in its own unit."""
    more: defaultdict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        match event.event:
            case PledgeMade(resource=resource) as made if resource != EUR:
                more[made.initiative_id, resource][0] += made.quantity or 0
            case (
                PledgeWithdrawn(resource=resource)
                | PledgeLapsed(resource=resource)
                | PledgeRefunded(resource=resource) as gone
            ) if resource != EUR:
                more[gone.initiative_id, resource][0] -= gone.quantity or 0
            case PledgeDelivered() as delivered:
                more[delivered.initiative_id, delivered.resource][1] += delivered.quantity
    if more:
        keys, sums = zip(*more, strict=True), zip(*more.values(), strict=True)
        await tx.execute(ADD_PROMISED, *map(list, keys), *map(list, sums))
