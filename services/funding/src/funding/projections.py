"""What funding keeps of the initiatives service's events, a batch at a time."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeProposed, InitiativeWithdrawn
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from funding import commands
from funding.domain.means import WITHDRAWN

INITIATIVES = """
    with told as (
        select * from unnest(
            $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::text[]
        ) as t(id, version, status, theme, needed, initiator, neighbourhood)
    ), changed as (
        update initiatives i set
            version = t.version, status = coalesce(t.status, i.status), theme = coalesce(t.theme, i.theme),
            needed_cents = coalesce(t.needed, i.needed_cents), initiator_id = coalesce(t.initiator, i.initiator_id),
            neighbourhood = coalesce(t.neighbourhood, i.neighbourhood)
        from told t where i.initiative_id = t.id and t.version > i.version
    )
    insert into initiatives (initiative_id, version, status, theme, needed_cents, initiator_id, neighbourhood)
    select id, version, coalesce(status, 'proposed'), coalesce(theme, ''), coalesce(needed, 0), initiator,
        coalesce(neighbourhood, '')
    from told
    on conflict do nothing
"""
SUPPORTS = """
    insert into support_counts as s (initiative_id, supports)
    select * from unnest($1::uuid[], $2::bigint[])
    on conflict (initiative_id) do update set supports = s.supports + excluded.supports
"""

InitiativeEvent = InitiativeProposed | InitiativeEdited | InitiativeWithdrawn
Told = tuple[int, str | None, str | None, int | None, UUID | None, str | None]
"""Version, status, theme, means needed, initiator, neighbourhood; None where the events do not say."""


async def initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeEvent]]) -> None:
    """Keep what initiatives need and whether they were withdrawn.

    All of it stands in facts of one topic under one key, which arrive in order; the texts are not needed here.
    """
    told: dict[UUID, Told] = {}
    for recorded in events:
        if not recorded.erased:
            told[recorded.event.initiative_id] = _after(told.get(recorded.event.initiative_id), recorded)
    await tx.execute(INITIATIVES, list(told), *([one[place] for one in told.values()] for place in range(6)))


def _after(before: Told | None, recorded: Recorded[InitiativeEvent]) -> Told:
    _, status, theme, needed, initiator, neighbourhood = before or (0, None, None, None, None, None)
    match recorded.event:
        case InitiativeProposed() as told:
            status, initiator = "proposed", told.initiator_id
            theme, needed, neighbourhood = told.theme, told.means_needed_cents, told.neighbourhood or ""
        case InitiativeEdited() as told:
            theme, needed, neighbourhood = told.theme, told.means_needed_cents, told.neighbourhood or ""
        case InitiativeWithdrawn():
            status = WITHDRAWN
    return recorded.sequence, status, theme, needed, initiator, neighbourhood


async def act_on_initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeEvent]]) -> None:
    """Release what is held for withdrawn initiatives; commit it where an edit leaves nothing missing."""
    for recorded in events:
        match recorded.event:
            case InitiativeWithdrawn(initiative_id=initiative):
                await commands.means.release(tx, initiative, recorded.time, recorded.cause)
            case InitiativeEdited(initiative_id=initiative):
                await commands.means.follow_needs(tx, initiative, recorded.time, recorded.cause)


async def supports(tx: Transaction, events: Sequence[Recorded[SupportGiven | SupportWithdrawn]]) -> None:
    """Count the supports of each initiative. A count is a sum, so no order between supports matters."""
    counts: Counter[UUID] = Counter()
    for recorded in events:
        if not recorded.erased:
            counts[recorded.event.initiative_id] += 1 if isinstance(recorded.event, SupportGiven) else -1
    wanted = sorted(counts)
    await tx.execute(SUPPORTS, wanted, [counts[initiative] for initiative in wanted])
