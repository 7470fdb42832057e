"""The knobs of funds as the funding service told them: a projection."""

import json
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.domain.knobs import Knobs

TURNED = "select set_number, knob_values from knobs where fund_id = $1"


async def in_effect(tx: Transaction, fund_id: UUID | None, before: Knobs) -> Knobs:
    """The knobs in effect: those `before` anybody turned one, with what was turned since in this fund."""
    row = await tx.fetchrow(TURNED, fund_id) if fund_id else None
    return before.turned(row["set_number"], json.loads(row["knob_values"])) if row else before
