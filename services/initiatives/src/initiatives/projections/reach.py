"""How far stories came, as notifications counted it."""

from collections.abc import Sequence

from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

KEEP_REACH = """
    insert into story_reach (story_id, version, people, mails, deliveries, measured_at)
    select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[]) as r(id)
    order by id
    on conflict (story_id) do update set
        version = excluded.version, people = excluded.people, mails = excluded.mails,
        deliveries = excluded.deliveries, measured_at = excluded.measured_at
    where excluded.version > story_reach.version
"""


async def story_reach(tx: Transaction, events: Sequence[Recorded[ReachMeasured]]) -> None:
    """Keep the newest count of each story; an older one that comes late changes nothing."""
    newest: dict[object, tuple[object, ...]] = {}
    for event in sorted(events, key=lambda one: one.sequence):
        counted = event.event
        if counted.subject_kind == "story":
            newest[counted.subject_id] = (
                counted.subject_id,
                event.sequence,
                counted.people,
                counted.mails,
                counted.deliveries,
                event.time,
            )
    if newest:
        await tx.execute(KEEP_REACH, *map(list, zip(*newest.values(), strict=True)))
