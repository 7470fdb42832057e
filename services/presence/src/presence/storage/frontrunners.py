"""What is known of initiatives for the council: who carries them, and what makes them worth a visit."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from presence.domain.frontrunners import Candidate, Frontrunner, Happened, Reason

STANDING = "case when i.withdrawn then 'withdrawn' when i.title is not null then i.status end"
FRONTRUNNERS = f"""
    select i.id, i.initiators, {STANDING} as status from initiatives as i where i.id = any($1::uuid[])
"""  # noqa: S608 - STANDING is a constant
CANDIDATES = f"""
    with harvested as (
        select about.initiative_id,
               (select max(noted_at) from harvest_lines as line where line.session_id = s.id) as at
        from sessions as s cross join unnest(s.initiative_ids) as about(initiative_id) where s.lines > 0
    ), happened as (
        select initiative_id, reason, latest, times from frontrunners where latest > $1
        union all
        select initiative_id, '{Reason.SESSION_HARVESTED}', max(at), count(*) from harvested
        group by initiative_id having max(at) > $1
    )
    select i.id, i.title, {STANDING} as status,
           array_agg(h.reason order by h.reason) as reasons, array_agg(h.latest order by h.reason) as latest,
           array_agg(h.times order by h.reason) as times,
           (select max(starts_at) from visits as v
            where v.initiative_id = i.id and v.status in ('visited', 'reported')) as last_visit,
           exists (select from visits as v
                   where v.initiative_id = i.id and v.status in ('invited', 'accepted')) as visit_is_open
    from happened as h join initiatives as i on i.id = h.initiative_id
    group by i.id
"""  # noqa: S608 - STANDING and the reason are constants


async def frontrunners(tx: Transaction, initiative_ids: Iterable[UUID]) -> dict[UUID, Frontrunner]:
    """Initiatives by their ids, as far as they are known here."""
    wanted = set(initiative_ids)
    rows = await tx.fetch(FRONTRUNNERS, wanted) if wanted else []
    return {row["id"]: Frontrunner(row["id"], tuple(row["initiators"]), row["status"]) for row in rows}


async def candidates(tx: Transaction, since: datetime) -> list[Candidate]:
    """Initiatives where something happened after `since`, with what happened and when the council was there."""
    return [
        Candidate(
            initiative_id=row["id"],
            title=row["title"],
            status=row["status"],
            happened=tuple(
                Happened(Reason(reason), latest, times)
                for reason, latest, times in zip(row["reasons"], row["latest"], row["times"], strict=True)
            ),
            last_visit=row["last_visit"],
            visit_is_open=row["visit_is_open"],
        )
        for row in await tx.fetch(CANDIDATES, since)
    ]
