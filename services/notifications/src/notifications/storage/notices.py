"""What one person alone is told, in the database."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.database import Transaction
from notifications.domain.lines.notices import Notice

KEPT_DAYS = 90
ABOUT = (
    "session_id",
    "request_id",
    "visit_id",
    "promise_id",
    "lone_visit_id",
    "member_id",
    "initiative_id",
    "place_id",
)
"""What a notice can name, by id."""
KEEP = f"""
    with forgotten as (
        delete from personal_notices where at < now() - interval '{KEPT_DAYS} days'
    ), new as (
        insert into personal_notices (id, person_id, what, starts_at, at, {", ".join(ABOUT)})
        select * from unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[],
            {", ".join(f"${number}::uuid[]" for number in range(6, 6 + len(ABOUT)))}
        ) as n(id, person_id, what, starts_at, at)
        where at >= now() - interval '{KEPT_DAYS} days'
        on conflict (id) do nothing
        returning id, person_id, at
    )
    insert into mails (person_id, notice_id)
    select person_id, id from new join contacts using (person_id) where at > now() - interval '2 days'
"""  # noqa: S608
"""A notice that is there already makes no second mail: none is new."""
NOTICE = "n.what, n.starts_at, ns.title as session_title, ni.title as initiative_title, np.title as place_title"
NAMES = """
    left join subjects ns on ns.id = n.session_id left join subjects ni on ni.id = n.initiative_id
    left join subjects np on np.id = n.place_id
"""


async def keep(tx: Transaction, given: Sequence[tuple[NoticeGiven, datetime]]) -> None:
    """Keep notices with their moments, queue their mails, and forget those older than KEPT_DAYS, whosever."""
    told = {notice.notice_id: (notice, at) for notice, at in given}
    rows = [
        (
            *(notice.notice_id, notice.person_id, notice.what, notice.starts_at, at),
            *(getattr(notice, name) for name in ABOUT),
        )
        for notice, at in told.values()
    ]
    if rows:
        await tx.execute(KEEP, *map(list, zip(*rows, strict=True)))


def notice_of(row: asyncpg.Record) -> Notice:
    """The notice in a row with NOTICE."""
    return Notice(
        what=row["what"],
        session=row["session_title"],
        initiative=row["initiative_title"],
        place=row["place_title"],
        starts_at=row["starts_at"],
    )
