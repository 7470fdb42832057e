"""What this service keeps of the sessions of presence: the latest public view of each."""

from collections.abc import Sequence
from typing import Any

from dorpsplein.contracts.presence.sessions import SessionState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

KEEP = """
    insert into sessions (
        id, version, title, question, working_form, status, place_id, starts_at, ends_at, lines, initiative_ids
    )
    select id, version, title, question, working_form, status, place_id, starts_at, ends_at, lines,
        array(select json_array_elements_text(about)::uuid)
    from unnest(
        $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[],
        $9::timestamptz[], $10::bigint[], $11::json[]
    ) as s(id, version, title, question, working_form, status, place_id, starts_at, ends_at, lines, about)
    order by id
    on conflict (id) do update set
        version = excluded.version, title = excluded.title, question = excluded.question,
        working_form = excluded.working_form, status = excluded.status, place_id = excluded.place_id,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, lines = excluded.lines,
        initiative_ids = excluded.initiative_ids
    where excluded.version > sessions.version
"""


async def sessions(tx: Transaction, events: Sequence[Recorded[SessionState]]) -> None:
    """Keep the newest state of each session; a tombstone leaves the bare id, so that no older state comes back."""
    newest: dict[Any, tuple[Any, ...]] = {}
    for event in events:
        session_id = event.event.session_id
        if session_id not in newest or newest[session_id][1] < event.sequence:
            newest[session_id] = _row(event)
    await tx.execute(KEEP, *map(list, zip(*newest.values(), strict=True)))


def _row(event: Recorded[SessionState]) -> tuple[Any, ...]:
    state = event.event
    if event.erased:
        return (state.session_id, event.sequence, None, None, None, None, None, None, None, 0, "[]")
    about = "[" + ",".join(f'"{initiative_id}"' for initiative_id in state.initiative_ids) + "]"
    return (
        state.session_id,
        event.sequence,
        state.title,
        state.question,
        state.working_form,
        state.status,
        state.place_id,
        state.starts_at,
        state.ends_at,
        state.lines,
        about,
    )
