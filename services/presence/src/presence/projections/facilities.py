"""What this service keeps of pledges of facilities: when each is booked, and for which initiative."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

SLOT = "SLOT/"
BOOKINGS = """
    insert into facility_bookings as b (pledge_id, initiative_id, status, version, delivered, code, starts_at, ends_at)
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::boolean[], $6::text[],
        $7::timestamptz[], $8::timestamptz[]
    )
    on conflict (pledge_id) do update set
        status = case when excluded.version > b.version then excluded.status else b.status end,
        version = greatest(b.version, excluded.version), delivered = b.delivered or excluded.delivered,
        code = coalesce(b.code, excluded.code), starts_at = coalesce(b.starts_at, excluded.starts_at),
        ends_at = coalesce(b.ends_at, excluded.ends_at)
"""

PledgeEvent = PledgeMade | PledgeCommitted | PledgeDelivered | PledgeWithdrawn | PledgeLapsed | PledgeRefunded


@dataclass(frozen=True, slots=True)
class _Booking:
    """What facts say of the pledge of a slot: `held`, `committed` or `free`, and whether any of it was delivered."""

    pledge_id: UUID
    initiative_id: UUID
    status: str
    version: int
    delivered: bool = False
    code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


async def facility_bookings(tx: Transaction, events: Sequence[Recorded[PledgeEvent]]) -> None:
    """Keep when facilities are booked; the newest fact of a pledge wins, in whatever order they come in.

    What lapses or goes back frees its facility, as in the funding service, unless a part of it was delivered before.
    """
    told: dict[UUID, _Booking] = {}
    for recorded in events:
        if (event := recorded.event).resource.startswith(SLOT):
            before = told.get(event.pledge_id)
            told[event.pledge_id] = _after(before, event, recorded.sequence)
    if told:
        await tx.execute(BOOKINGS, *map(list, zip(*map(astuple, told.values()), strict=True)))


def _after(before: _Booking | None, event: PledgeEvent, version: int) -> _Booking:
    after = before or _Booking(event.pledge_id, event.initiative_id, "free", 0)
    if isinstance(event, PledgeMade):
        code = event.resource.removeprefix(SLOT)
        after = replace(after, code=code, starts_at=event.starts_at, ends_at=event.ends_at)
    after = replace(after, delivered=after.delivered or isinstance(event, PledgeDelivered))
    if version <= after.version:
        return after
    match event:
        case PledgeMade():
            status = "held"
        case PledgeCommitted() | PledgeDelivered():
            status = "committed"
        case _:
            status = "free"
    return replace(after, status=status, version=version)
