"""What readers see of initiatives: a whole page in two statements, a list in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.initiative import Spot, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_LINES = 50
MOST_CONTRIBUTIONS = 20

SHOWN = """
    i.id, i.version, i.status, i.title, i.summary, i.theme, i.latitude, i.longitude, i.means_needed_cents,
    i.initiator_id, p.name as initiator_name, i.threshold, i.threshold_reached, i.withdrawal_reason,
    i.proposed_at, i.changed_at, c.supports, m.pledged_cents, m.matched_cents, m.goal_reached
"""
WITH_PROJECTIONS = """
    left join support_counts c on c.initiative_id = i.id
    left join means m on m.initiative_id = i.id
    left join profiles p on p.person_id = i.initiator_id
"""
ONE = f"select {SHOWN} from initiatives i {WITH_PROJECTIONS} where i.id = $1"  # noqa: S608
CONTRIBUTIONS = """
    select k.id, k.words, k.origin, k.offered_at, k.contributor_id, q.name as contributor_name
    from contributions k left join profiles q on q.person_id = k.contributor_id
    where k.initiative_id = $1 and k.words is not null
        and ($2::timestamptz is null or (k.offered_at, k.id) < ($2, $3::uuid))
    order by k.offered_at desc, k.id desc limit $4
"""
AROUND = f"""
    (select 'line' as kind, id, type as text, at, count, detail, null::uuid as person_id, null as person_name
     from timeline where initiative_id = $1 order by at desc, id desc limit {MOST_LINES})
    union all
    (select k.origin, k.id, k.words, k.offered_at, 1, null, k.contributor_id, q.name
     from contributions k left join profiles q on q.person_id = k.contributor_id
     where k.initiative_id = $1 and k.words is not null
     order by k.offered_at desc, k.id desc limit {MOST_CONTRIBUTIONS})
"""  # noqa: S608
