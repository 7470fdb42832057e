"""Reports of simulations, and the past they are run on."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.knobs.simulation import PAST_ELECTIONS, PAST_ROUNDS, Past, Report
from funding.domain.rules.snapshots import canonical
from funding.storage import elections, rounds

KEEP = """
    insert into knob_simulations (change_id, digest, document, made_at) values ($1, $2, $3, $4)
    on conflict (change_id) do update set
        digest = excluded.digest, document = excluded.document, made_at = excluded.made_at
"""
REPORTS = "select change_id, document from knob_simulations where change_id = any($1::uuid[])"


async def past(tx: Transaction, fund_id: UUID) -> list[Past]:
    """The last rounds of a fund and the elections that were loaded last, each newest first."""
    found: list[Past] = []
    for round_id in await rounds.newest_of(tx, fund_id, PAST_ROUNDS):
        found.append(Past("round", str(round_id), await rounds.snapshot(tx, round_id)))
    for election in await elections.latest(tx, PAST_ELECTIONS):
        if (snapshot := await elections.snapshot(tx, election)) is not None:
            found.append(Past("election", str(election), snapshot))
    return found


async def keep(tx: Transaction, change_id: UUID, report: Report, at: datetime) -> None:
    """Keep the last report of a change, as its canonical bytes."""
    await tx.execute(KEEP, change_id, report.digest, canonical(report.document).decode(), at)


async def reports(tx: Transaction, changes: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The last reports of changes; those without one are left out."""
    return {row["change_id"]: json.loads(row["document"]) for row in await tx.fetch(REPORTS, changes)}
