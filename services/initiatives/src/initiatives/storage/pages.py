"""What readers see of initiatives, made to JSON where the data is and answered as it comes.

That costs a third of making it from rows; a whole page is one statement.
"""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.storage import (
    contributions,
    dream_pages,
    halts,
    merges,
    milestones,
    promises,
    responses,
    sessions,
)
from initiatives.storage.stories import reading as stories

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_LINES = 50

SHOWN = """
    i.id, i.version, i.status, i.title, i.summary, i.theme, i.neighbourhood,
    case when i.latitude is not null
        then json_build_object('latitude', i.latitude, 'longitude', i.longitude) end as place,
    i.means_needed_cents as "meansNeededCents",
    json_build_object('id', i.initiator_id, 'name', p.name) as initiator,
    (
        select json_agg(json_build_object('id', who.id, 'name', q.name) order by who.place)
        from unnest(i.initiators) with ordinality as who(id, place) left join profiles q on q.person_id = who.id
    ) as initiators,
    i.kind, i.answers, i.threshold, i.threshold_reached as "thresholdReached",
    i.supports_close_at as "supportsCloseAt", i.support_closed as "supportClosed", i.knob_set as "knobSet",
    coalesce(c.supports, 0) as supports,
    json_build_object(
        'neededCents', coalesce(m.board_cents, i.means_needed_cents),
        'pledgedCents', coalesce(m.pledged_cents, 0),
        'matchedCents', coalesce(m.matched_cents, 0),
        'missingCents', greatest(
            0, coalesce(m.board_cents, i.means_needed_cents) - coalesce(m.pledged_cents + m.matched_cents, 0)
        ),
        'goalReached', coalesce(m.goal_reached, false),
        'goalMissed', coalesce(m.goal_missed, false),
        'taken', coalesce(m.taken, false),
        'topUpUntil', m.top_up_until,
        'promised', coalesce((
            select json_agg(
                json_build_object('resource', r.resource, 'quantity', r.quantity, 'delivered', r.delivered)
                order by r.resource
            )
            from promised r where r.initiative_id = i.id and (r.quantity > 0 or r.delivered > 0)
        ), '[]')
    ) as means,
    i.withdrawal_reason as "withdrawalReason", i.pause_reason as "pauseReason",
    case when i.halt_id is not null then json_build_object(
        'id', i.halt_id, 'ground', i.halt_ground, 'appealUntil', i.appeal_until, 'appealed', i.appealed
    ) end as halt,
    i.merge_id as "mergeId", i.into_id as "intoId", i.thanks, i.proposed_at as "proposedAt", i.changed_at as "changedAt"
"""
WITH_PROJECTIONS = """
    left join support_counts c on c.initiative_id = i.id
    left join means m on m.initiative_id = i.id
    left join profiles p on p.person_id = i.initiator_id
"""
ONE = f"""
    select row_to_json(shown)::text
    from initiatives i {WITH_PROJECTIONS} cross join lateral (select {SHOWN}) as shown where i.id = $1
"""  # noqa: S608
PAGE = f"""
    select shown.version, row_to_json(shown)::text as document, exists (
        select from hidden h where h.subject_kind = 'initiative' and h.subject_id = $1
    ) as hidden
    from (
        select {SHOWN}, {dream_pages.ON_PAGE} as dream, {contributions.ON_PAGE} as contributions,
            {milestones.ON_PAGE} as milestones, {sessions.ON_PAGE} as sessions, {stories.ON_PAGE} as stories,
            {responses.ON_PAGE} as responses, {promises.ON_PAGE} as promises, {merges.ON_PAGE} as merges,
            {halts.ON_PAGE} as halts, (
                select coalesce(json_agg(line), '[]') from (
                    select id, type, at, count, detail from timeline
                    where initiative_id = $1 order by at desc, id desc limit {MOST_LINES}
                ) as line
            ) as latest
        from initiatives i {WITH_PROJECTIONS} where i.id = $1
    ) as shown
"""  # noqa: S608
"""Everything a page shows: each noun gives what is to be seen of it here."""


async def shown(tx: Transaction, initiative_id: UUID) -> dict[str, Any]:
    """An initiative as lists show it and as commands answer with it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(ONE, initiative_id))
    return answer


async def page(connection: "Connection", initiative_id: UUID) -> asyncpg.Record | None:
    """An initiative's page: `version`, `document` (JSON text), whether it is `hidden`; None when there is none."""
    return await connection.fetchrow(PAGE, initiative_id)
