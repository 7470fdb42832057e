"""What this service keeps of what makes initiatives worth a visit of the council."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.initiatives.initiatives import (
    DreamVisionPublished,
    InitiativeCelebrated,
    InitiativeStarted,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.milestones import MilestoneReached
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from presence.domain.frontrunners import Reason

Noteworthy = (
    ThresholdReached
    | DreamVisionPublished
    | InitiativeStarted
    | MilestoneReached
    | InitiativeCelebrated
    | MeansGoalReached
)
REASONS: Mapping[type[Event], Reason] = {
    ThresholdReached: Reason.THRESHOLD_REACHED,
    DreamVisionPublished: Reason.DREAM_PUBLISHED,
    InitiativeStarted: Reason.STARTED,
    MilestoneReached: Reason.MILESTONE_REACHED,
    InitiativeCelebrated: Reason.CELEBRATED,
    MeansGoalReached: Reason.MEANS_FOUND,
}
"""Which reason a fact of another service is."""
KEEP = """
    insert into frontrunners (initiative_id, reason, latest, times)
    select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[]) as t(initiative_id, reason)
    order by initiative_id, reason
    on conflict (initiative_id, reason) do update set
        latest = greatest(frontrunners.latest, excluded.latest), times = frontrunners.times + excluded.times
"""


async def frontrunners(tx: Transaction, events: Sequence[Recorded[Noteworthy]]) -> None:
    """Keep of each kind the last time it happened and how often; the order in which facts come does not matter."""
    news: dict[tuple[UUID, Reason], tuple[datetime, int]] = {}
    for event in events:
        about = event.event.initiative_id, REASONS[type(event.event)]
        latest, times = news.get(about, (event.time, 0))
        news[about] = max(latest, event.time), times + 1
    rows = [(*about, *told) for about, told in news.items()]
    await tx.execute(KEEP, *map(list, zip(*rows, strict=True)))
