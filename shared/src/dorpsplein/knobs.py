"""The knobs of the square that a service goes by: the community turns them in the funding service.

A service keeps those of every fund in its own table `knobs`, and asks for those of the fund it follows.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.funding.knobs import KnobTurned
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded

TURN = """
    insert into knobs (fund_id, set_number, knob_values, effective_at)
    select * from unnest($1::uuid[], $2::bigint[], $3::json[], $4::timestamptz[]) as t(fund_id)
    order by fund_id
    on conflict (fund_id) do update set
        set_number = greatest(knobs.set_number, excluded.set_number),
        knob_values = case when excluded.set_number > knobs.set_number
            then (knobs.knob_values::jsonb || excluded.knob_values::jsonb)::json
            else (excluded.knob_values::jsonb || knobs.knob_values::jsonb)::json end,
        effective_at = greatest(knobs.effective_at, excluded.effective_at)
"""
TURNED = "select set_number, knob_values from knobs where fund_id = $1"


async def follow(tx: Transaction, events: Sequence[Recorded[KnobTurned]]) -> None:
    """Keep what was turned, the newest set over older ones, in whatever order the changes come: a projection."""
    funds: dict[UUID, tuple[int, dict[str, Any], datetime]] = {}
    for event in sorted(events, key=lambda event: event.event.set_number):
        turned = event.event
        _, values, _ = funds.get(turned.fund_id, (0, {}, turned.effective_at))
        funds[turned.fund_id] = (turned.set_number, {**values, **turned.numbers}, turned.effective_at)
    rows = [(fund, number, json.dumps(values), at) for fund, (number, values, at) in funds.items()]
    await tx.execute(TURN, *map(list, zip(*rows, strict=True)))


async def turned(tx: Transaction, fund_id: UUID | None) -> tuple[int, Mapping[str, int]] | None:
    """The number of a fund's set in effect, and what was turned in it; None as long as nobody turned one."""
    row = await tx.fetchrow(TURNED, fund_id) if fund_id else None
    return (row["set_number"], json.loads(row["knob_values"])) if row else None
