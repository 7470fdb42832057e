"""What this service keeps of what was told elsewhere: contributions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.contracts.presence.harvest import HarvestState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from dorpsplein.settings import NAMESPACE
from initiatives.domain.encounters import SHARED, contribution_id

Told = EncounterState | HarvestState

KEEP_CONTRIBUTIONS = """
    insert into contributions (
        id, version, initiative_id, words, contributor_id, origin, origin_id, session_id, offered_at
    )
    select * from unnest(
        $1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[],
        $9::timestamptz[]
    ) as k(id)
    order by id
    on conflict (id) do update set
        version = excluded.version, initiative_id = excluded.initiative_id, words = excluded.words,
        contributor_id = excluded.contributor_id, session_id = excluded.session_id
    where excluded.version > contributions.version
"""


async def contributions(tx: Transaction, events: Sequence[Recorded[Told]]) -> None:
    """Keep what was told in talks and sessions for an initiative, as long as its teller agrees.

    A tombstone, or a consent that shares nothing, erases the words; the row stays, so that no older state of the
    same encounter or line brings them back.
    """
    newest = {contribution_of(event.event): _contribution(event) for event in events}
    await tx.execute(KEEP_CONTRIBUTIONS, list(newest), *map(list, zip(*newest.values(), strict=True)))


def contribution_of(told: Told) -> UUID:
    """The id of what was told, as a contribution."""
    if isinstance(told, EncounterState):
        return contribution_id(told.encounter_id)
    return uuid5(NAMESPACE, f"contribution/harvest/{told.harvest_line_id}")


def _contribution(event: Recorded[Told]) -> tuple[Any, ...]:
    told = event.event
    shared = not event.erased and told.consent in SHARED
    session_id = told.session_id if shared and isinstance(told, HarvestState) else None
    words = (told.initiative_id, told.words) if shared else (None, None)
    teller = told.contributor_id if shared and told.consent == "named" else None
    return event.sequence, *words, teller, *_origin(told), session_id, event.time


def _origin(told: Told) -> tuple[str, UUID]:
    """How it came, and from which talk or line of a harvest."""
    return ("encounter", told.encounter_id) if isinstance(told, EncounterState) else ("session", told.harvest_line_id)
