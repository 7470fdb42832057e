"""What arrangers and open requests have in common, each way in one query."""

from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from presence.domain.matching import AHEAD, Fit
from presence.domain.windows import LONGEST

MOST_REQUESTS = 500
"""How many open requests, the newest, are looked at for one arranger."""

BUSY = """
    select person_id, (sum(extract(epoch from upper(piece) - lower(piece))) / 60)::int as minutes
    from (
        select person_id, unnest(range_agg(tstzrange(starts_at, ends_at) * tstzrange($2, $3))) as piece
        from (
            select officer_id as person_id, starts_at, ends_at from presence_slots
            where status in ('planned', 'arrived') and tstzrange(starts_at, ends_at) && tstzrange($2, $3)
            union all
            select host_id, starts_at, ends_at from sessions
            where status not in ('harvested', 'thanked', 'cancelled')
              and starts_at > $2::timestamptz - $4::interval and starts_at < $3 and ends_at > $2
        ) as announced
        group by person_id
    ) as pieces
    group by person_id
"""
"""Minutes announced from $2 to $3 by person; a session one hosts while being at a place is no second time."""
FITS = f"""
    with busy as ({BUSY}), asked as (
        select request.id, array_remove(array[request.theme, initiative.theme], null) as themes,
               coalesce(request.latitude, initiative.latitude) as latitude,
               coalesce(request.longitude, initiative.longitude) as longitude
        from session_requests as request left join initiatives as initiative on initiative.id = request.initiative_id
        where request.status = 'open' and ($1::uuid is null or request.id = $1)
        order by request.asked_at desc, request.id desc limit $5
    )
    select asked.id as request_id, officer.person_id, officer.hours_a_week, coalesce(busy.minutes, 0) as minutes,
           array(select distinct theme from unnest(asked.themes) as theme
                 where theme = any(officer.themes) order by theme) as shared,
           metres_between(place.latitude, place.longitude, asked.latitude, asked.longitude) as metres
    from asked cross join officer_profiles as officer
    join places as place on place.id = officer.base_place_id
    left join busy on busy.person_id = officer.person_id
    where officer.arranges and officer.suggestions and ($6::uuid is null or officer.person_id = $6)
"""  # noqa: S608 - BUSY is a constant


async def arrangers_for(tx: Transaction, request_id: UUID, now: datetime) -> list[Fit]:
    """How each arranger who may be suggested goes with a request; none where it is not open."""
    rows = await tx.fetch(FITS, request_id, now, now + AHEAD, LONGEST, 1, None)
    return [
        Fit(row["person_id"], tuple(row["shared"]), row["metres"], row["minutes"], row["hours_a_week"]) for row in rows
    ]


async def requests_for(tx: Transaction, person_id: UUID, now: datetime) -> list[Fit]:
    """How the newest open requests go with an arranger; none where they do not want suggestions."""
    rows = await tx.fetch(FITS, None, now, now + AHEAD, LONGEST, MOST_REQUESTS, person_id)
    return [
        Fit(row["request_id"], tuple(row["shared"]), row["metres"], row["minutes"], row["hours_a_week"]) for row in rows
    ]
