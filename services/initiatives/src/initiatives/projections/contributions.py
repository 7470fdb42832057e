"""What this service keeps of what was told elsewhere: contributions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.contracts.presence import EncounterState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from dorpsplein.settings import NAMESPACE

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
