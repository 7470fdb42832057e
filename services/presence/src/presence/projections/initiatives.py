"""What this service keeps of initiatives: what talks, sessions and visits are about."""

from collections.abc import Sequence

from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

STATES = """
    insert into initiatives
        (id, title, status, latitude, longitude, theme, neighbourhood, initiators, state_version)
    select distinct on (id)
        id, title, status, latitude, longitude, theme, neighbourhood, coalesce(initiators::uuid[], '{}'), version
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::text[], $8::text[], $9::bigint[]
    ) as state(id, title, status, latitude, longitude, theme, neighbourhood, initiators, version)
    order by id, version desc
    on conflict (id) do update
        set title = excluded.title, status = excluded.status, latitude = excluded.latitude,
            longitude = excluded.longitude, theme = excluded.theme, neighbourhood = excluded.neighbourhood,
            initiators = excluded.initiators, state_version = excluded.state_version
        where excluded.state_version > initiatives.state_version
"""
WITHDRAWALS = """
    insert into initiatives (id, withdrawn) select distinct unnest($1::uuid[]), true
    on conflict (id) do update set withdrawn = true
"""


async def initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeState | InitiativeWithdrawn]]) -> None:
    """Keep the latest public view of initiatives: the newest state wins, and a withdrawal is for ever.

    A tombstone leaves the bare id behind. The order in which states and withdrawals come in does not matter.
    """
    states = [
        (event.event.initiative_id, *[None] * 7, event.sequence) if event.erased else _row(event.event, event.sequence)
        for event in events
        if isinstance(event.event, InitiativeState)
    ]
    withdrawn = [event.event.initiative_id for event in events if isinstance(event.event, InitiativeWithdrawn)]
    if states:
        await tx.execute(STATES, *zip(*states, strict=True))
    if withdrawn:
        await tx.execute(WITHDRAWALS, withdrawn)


def _row(state: InitiativeState, version: int) -> tuple[object, ...]:
    initiators = state.initiators or [state.initiator_id]
    return (
        state.initiative_id,
        state.title,
        state.status,
        state.latitude,
        state.longitude,
        state.theme,
        state.neighbourhood,
        f"{{{','.join(map(str, initiators))}}}",
        version,
    )
