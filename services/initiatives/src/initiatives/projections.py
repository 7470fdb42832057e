"""What this service keeps of events: counts, means and the timeline of every initiative, and contributions.

Every statement gives the same result in whatever order the events of different aggregates come: counts and sums
are added to, and a row of the timeline stands on its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.contracts.funding import MeansGoalReached, PledgeMade, PledgeMatched, PledgeWithdrawn
from dorpsplein.contracts.initiatives import SupportGiven, SupportWithdrawn
from dorpsplein.contracts.presence import EncounterState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, NotPersonal, Recorded
from dorpsplein.settings import NAMESPACE

ADD_SUPPORTS = """
    insert into support_counts (initiative_id, supports)
    select * from unnest($1::uuid[], $2::bigint[]) as d(initiative_id, supports) order by initiative_id
    on conflict (initiative_id) do update set supports = support_counts.supports + excluded.supports
"""
ADD_MEANS = """
    insert into means (initiative_id, pledged_cents, matched_cents, goal_reached)
    select * from unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::boolean[]) as d(initiative_id, p, m, g)
    order by initiative_id
    on conflict (initiative_id) do update set
        pledged_cents = means.pledged_cents + excluded.pledged_cents,
        matched_cents = means.matched_cents + excluded.matched_cents,
        goal_reached = means.goal_reached or excluded.goal_reached
"""
ADD_LINES = """
    insert into timeline (id, initiative_id, type, at, count, detail)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[], $6::json[]) as l(id)
    order by id
    on conflict (id) do update set
        count = timeline.count + excluded.count, at = greatest(timeline.at, excluded.at)
"""
KEEP_CONTRIBUTIONS = """
    insert into contributions (
        id, version, initiative_id, words, contributor_id, origin_id, offered_at, origin
    )
    select *, 'encounter' from unnest(
        $1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[]
    ) as k(id)
    order by id
    on conflict (id) do update set
        version = excluded.version, initiative_id = excluded.initiative_id, words = excluded.words,
        contributor_id = excluded.contributor_id
    where excluded.version > contributions.version
"""


async def page(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Count supports, add up means, and write the timeline of the initiatives these events are about."""
    about = [event for event in events if event.event.initiative_id is not None]
    await _count_supports(tx, about)
    await _add_means(tx, about)
    await _write_timeline(tx, about)


async def _count_supports(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    more: defaultdict[UUID, int] = defaultdict(int)
    for event in events:
        match event.event:
            case SupportGiven(initiative_id=initiative_id):
                more[initiative_id] += 1
            case SupportWithdrawn(initiative_id=initiative_id):
                more[initiative_id] -= 1
    if more:
        await tx.execute(ADD_SUPPORTS, list(more), list(more.values()))


async def _add_means(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    more: defaultdict[UUID, list[int]] = defaultdict(lambda: [0, 0, False])
    for event in events:
        match event.event:
            case PledgeMade() as made:
                more[made.initiative_id][0] += made.amount_cents
            case PledgeMatched() as matched:
                more[matched.initiative_id][1] += matched.amount_cents
            case PledgeWithdrawn() as withdrawn:
                more[withdrawn.initiative_id][0] -= withdrawn.amount_cents
                more[withdrawn.initiative_id][1] -= withdrawn.match_cents
            case MeansGoalReached() as reached:
                more[reached.initiative_id][2] = True
    if more:
        await tx.execute(ADD_MEANS, list(more), *map(list, zip(*more.values(), strict=True)))


async def _write_timeline(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    lines: dict[UUID, list[Any]] = {}
    for event in events:
        line_id = _line_id(event)
        if line_id in lines:
            lines[line_id][3] = max(lines[line_id][3], event.time)
            lines[line_id][4] += 1
        else:
            lines[line_id] = [line_id, event.event.initiative_id, event.type, event.time, 1, _detail(event.event)]
    if lines:
        await tx.execute(ADD_LINES, *map(list, zip(*lines.values(), strict=True)))


def _line_id(event: Recorded[Any]) -> UUID:
    """Every event has a line of its own, but supports share one a day (UTC): they come by the thousand."""
    if not isinstance(event.event, SupportGiven | SupportWithdrawn):
        return event.id
    day = event.time.astimezone(UTC).date()
    return uuid5(NAMESPACE, f"timeline/{event.event.initiative_id}/{event.type}/{day}")


def _detail(event: Event) -> str:
    """What the timeline says of an event, as JSON: whatever is about no person."""
    if isinstance(event, SupportGiven | SupportWithdrawn):
        return "{}"
    told = {
        name
        for name, field in type(event).model_fields.items()
        if NotPersonal in field.metadata and name != "initiative_id"
    }
    return event.model_dump_json(include=told)


async def contributions(tx: Transaction, events: Sequence[Recorded[EncounterState]]) -> None:
    """Keep what was told in encounters about an initiative, as long as its teller agrees.

    A tombstone, or a consent that shares nothing, erases the words; the row stays, so that no older state of the
    same encounter brings them back.
    """
    newest = {contribution_id(event.event.encounter_id): _contribution(event) for event in events}
    await tx.execute(KEEP_CONTRIBUTIONS, list(newest), *map(list, zip(*newest.values(), strict=True)))


def contribution_id(encounter_id: UUID) -> UUID:
    """The id of what an encounter brought in."""
    return uuid5(NAMESPACE, f"contribution/encounter/{encounter_id}")


def _contribution(event: Recorded[EncounterState]) -> tuple[Any, ...]:
    told = event.event
    if event.erased or told.consent not in {"anonymous", "named"}:
        return event.sequence, None, None, None, told.encounter_id, event.time
    teller = told.contributor_id if told.consent == "named" else None
    return event.sequence, told.initiative_id, told.words, teller, told.encounter_id, event.time
