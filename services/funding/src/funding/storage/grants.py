"""What rounds that are counted at their close gave to initiatives, in the database."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.grants import Grant
from funding.storage.allocations import allocation_from, parts_of

GRANTS = "select * from grants where initiative_id = any($1::uuid[]) order by id"
KEEP = """
    insert into grants (id, round_id, initiative_id, count_id, match, status)
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::text[])
    on conflict (id) do update set status = excluded.status
"""


async def grants_of(tx: Transaction, initiatives: Sequence[UUID]) -> list[Grant]:
    """What initiatives got from rounds that were counted."""
    return [_grant_from(row) for row in await tx.fetch(GRANTS, initiatives)]


async def keep_grants(tx: Transaction, grants: Sequence[Grant]) -> None:
    """Keep grants, new or with another status."""
    await tx.execute(
        KEEP,
        [grant.id for grant in grants],
        [grant.round for grant in grants],
        [grant.initiative for grant in grants],
        [grant.count for grant in grants],
        [_json(grant) for grant in grants],
        [grant.status for grant in grants],
    )


def _json(grant: Grant) -> str:
    cents, by, reasons = parts_of(grant.allocation)
    return json.dumps(
        {
            "cents": cents,
            "by": by,
            "reasons": reasons,
            "ruleVersion": grant.rule_version,
            "inputDigest": grant.input_digest,
        }
    )


def _grant_from(row: Any) -> Grant:
    stored = json.loads(row["match"])
    allocation = allocation_from(stored["cents"], stored["by"], stored["reasons"])
    return Grant(
        row["id"],
        row["round_id"],
        row["initiative_id"],
        row["count_id"],
        allocation,
        stored["ruleVersion"],
        stored["inputDigest"],
        row["status"],
    )
