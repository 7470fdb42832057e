"""How far invitations to sessions came, as notifications counted it."""

from collections.abc import Sequence
from uuid import UUID

from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

KEEP_REACH = """
    insert into session_reach (session_id, version, people)
    select * from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as r(id) order by id
    on conflict (session_id) do update set version = excluded.version, people = excluded.people
    where excluded.version > session_reach.version
"""


async def session_reach(tx: Transaction, events: Sequence[Recorded[ReachMeasured]]) -> None:
    """Keep the newest count of each session; an older one that comes late changes nothing."""
    newest: dict[UUID, tuple[UUID, int, int]] = {}
    for event in sorted(events, key=lambda one: one.sequence):
        counted = event.event
        if counted.subject_kind == "session":
            newest[counted.subject_id] = (counted.subject_id, event.sequence, counted.people)
    if newest:
        await tx.execute(KEEP_REACH, *map(list, zip(*newest.values(), strict=True)))
