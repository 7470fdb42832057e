"""The knobs that the community turned, by fund."""

import json
from collections.abc import Sequence
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


async def knobs(tx: Transaction, events: Sequence[Recorded[KnobTurned]]) -> None:
    """Keep what was turned, the newest set over older ones, in whatever order the changes come."""
    funds: dict[UUID, tuple[int, dict[str, Any], datetime]] = {}
    for event in sorted(events, key=lambda event: event.event.set_number):
        turned = event.event
        _, values, _ = funds.get(turned.fund_id, (0, {}, turned.effective_at))
        funds[turned.fund_id] = (turned.set_number, {**values, **turned.numbers}, turned.effective_at)
    rows = [(fund, number, json.dumps(values), at) for fund, (number, values, at) in funds.items()]
    await tx.execute(TURN, *map(list, zip(*rows, strict=True)))
