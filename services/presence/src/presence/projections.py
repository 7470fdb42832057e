"""What this service keeps of initiatives, so that a talk is noted about one that exists."""

from collections.abc import Sequence

from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

STATES = """
    insert into initiatives (id, title, status, latitude, longitude, state_version)
    select distinct on (id) *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::bigint[])
        as state(id, title, status, latitude, longitude, version)
    order by id, version desc
    on conflict (id) do update
        set title = excluded.title, status = excluded.status, latitude = excluded.latitude,
            longitude = excluded.longitude, state_version = excluded.state_version
        where excluded.state_version > initiatives.state_version
"""
WITHDRAWALS = """
    insert into initiatives (id, withdrawn) select distinct unnest($1::uuid[]), true
    on conflict (id) do update set withdrawn = true
"""


async def initiatives(tx: Transaction, events: Sequence[Recorded[InitiativeState | InitiativeWithdrawn]]) -> None:
    """Keep title, status and place of initiatives: the newest state wins, and a withdrawal is for ever.

    A tombstone leaves the bare id behind. The order in which states and withdrawals come in does not matter.
    """
    states = [
        (event.event.initiative_id, None, None, None, None, event.sequence)
        if event.erased
        else _row(event.event, event.sequence)
        for event in events
        if isinstance(event.event, InitiativeState)
    ]
    withdrawn = [event.event.initiative_id for event in events if isinstance(event.event, InitiativeWithdrawn)]
    if states:
        await tx.execute(STATES, *zip(*states, strict=True))
    if withdrawn:
        await tx.execute(WITHDRAWALS, withdrawn)


def _row(state: InitiativeState, version: int) -> tuple[object, ...]:
    return (state.initiative_id, state.title, state.status, state.latitude, state.longitude, version)
