"""What calendars show, out of the database: one statement a calendar."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from presence.domain.calendars import CANCELLED_FOR, Entry, Of, Where

NAMELESS = "select null::text as words where $1::text is not null"
AT_PLACE = "place_id = $1"
IN_NEIGHBOURHOOD = "place_id = any(array(select id from places where neighbourhood = $1))"
WITH_THEME = "themes @> array[$1::text]"
CHOSEN: Mapping[Of, tuple[str, str, str]] = {
    Of.PLACE: ("select name as words from places where id = $1", AT_PLACE, AT_PLACE),
    Of.OFFICER: ("select null::text as words where $1::uuid is not null", "officer_id = $1", "host_id = $1"),
    Of.THEME: (NAMELESS, WITH_THEME, WITH_THEME),
    Of.NEIGHBOURHOOD: (NAMELESS, IN_NEIGHBOURHOOD, IN_NEIGHBOURHOOD),
    Of.SESSION: ("select coalesce(title, question) as words from sessions where id = $1", "false", "id = $1"),
}
"""Of what, whose words it goes by (no row: there is no such thing), which slots, which sessions."""
ENTRIES = """
    with subject as ({subject}), entry as (
        select id, starts_at, ends_at, changed_at, version, status, themes, place_id,
               null::text as working_form, null::text as title, null::text as question
        from presence_slots
        where {slots} and status in ('planned', 'arrived', 'cancelled') and ends_at > $2 and starts_at < $4
        union all
        select id, starts_at, ends_at, changed_at, version, status, themes, place_id, working_form, title, question
        from sessions
        where {sessions} and starts_at < $4
          and ends_at > case status when 'cancelled' then $2::timestamptz - $3::interval else $2 end
    ), nearest as (
        select entry.*, place.name, place.address, place.latitude, place.longitude
        from entry left join places as place on place.id = entry.place_id
        order by abs(extract(epoch from entry.starts_at - $2)), entry.id limit $5
    )
    select subject.words, nearest.*, form.name as form_name, form.name_en as form_name_en
    from subject left join nearest on true left join working_forms as form on form.code = nearest.working_form
    order by starts_at, nearest.id
"""
STATEMENTS = {
    of: ENTRIES.format(subject=subject, slots=slots, sessions=sessions)
    for of, (subject, slots, sessions) in CHOSEN.items()
}
EVER = timedelta(days=36_500)


async def entries(
    tx: Transaction, of: Of, subject: UUID | str, now: datetime, *, most: int, within: timedelta = EVER
) -> tuple[str | None, list[Entry]] | None:
    """The words a calendar goes by, if it has any, and its entries in order of time; None where there is no such thing.

    What is over is not among them, but for sessions that were cancelled. Of more than `most` they are the nearest.
    """
    rows = await tx.fetch(STATEMENTS[of], subject, now, CANCELLED_FOR, now + within, most)
    if not rows:
        return None
    return rows[0]["words"], [_entry(row) for row in rows if row["id"] is not None]


def _entry(row: asyncpg.Record) -> Entry:
    where = None
    if row["place_id"]:
        where = Where(row["place_id"], row["name"], row["address"], row["latitude"], row["longitude"])
    return Entry(
        id=row["id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        changed_at=row["changed_at"],
        version=row["version"],
        cancelled=row["status"] == "cancelled",
        themes=tuple(row["themes"]),
        where=where,
        working_form=row["working_form"],
        title=row["title"],
        question=row["question"],
        form_name=row["form_name"],
        form_name_en=row["form_name_en"],
    )
