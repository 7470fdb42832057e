"""Pledges in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.pledges import Match, Pledge
from funding.domain.resources import Slot
from funding.storage.allocations import allocation_from, parts_of

PLEDGES = "select * from pledges where id = any($1::uuid[])"
HELD = "select * from pledges where initiative_id = any($1::uuid[]) and status = 'held' order by id"
OPEN = """
    select * from pledges
    where initiative_id = any($1::uuid[]) and status in ('held', 'committed') and delivered + gone < quantity
    order by id
"""
OF_PLEDGER = """
    select * from pledges where pledger_id = $1 and ($2::uuid is null or (made_at, id) < ($3::timestamptz, $2))
    order by made_at desc, id desc limit $4
"""
DELIVERY = "select pledge_id, quantity, evidence, recorded_by from deliveries where id = $1"
KEEP_DELIVERY = """
    insert into deliveries (id, pledge_id, quantity, evidence, recorded_by, at) values ($1, $2, $3, $4, $5, $6)
"""
DELIVERIES = "select id, quantity, evidence, at from deliveries where pledge_id = $1 order by at, id"


async def pledges_of(tx: Transaction, ids: Sequence[UUID]) -> list[Pledge]:
    """The pledges with these ids; what is not there is left out."""
    return [pledge_from(row) for row in await tx.fetch(PLEDGES, ids)]


async def held(tx: Transaction, initiatives: Sequence[UUID]) -> list[Pledge]:
    """The pledges that are held for initiatives."""
    return [pledge_from(row) for row in await tx.fetch(HELD, initiatives)]


async def open_of(tx: Transaction, initiatives: Sequence[UUID]) -> list[Pledge]:
    """The pledges to initiatives of which something has neither come nor gone."""
    return [pledge_from(row) for row in await tx.fetch(OPEN, initiatives)]


async def of_pledger(tx: Transaction, pledger: UUID, before: tuple[UUID, datetime] | None, limit: int) -> list[Pledge]:
    """Someone's own pledges, newest first."""
    return [pledge_from(row) for row in await tx.fetch(OF_PLEDGER, pledger, *(before or (None, None)), limit)]


async def delivery(tx: Transaction, delivery_id: UUID) -> tuple[UUID, int, str, UUID] | None:
    """A delivery: of which pledge, how much, with what evidence, recorded by whom."""
    row = await tx.fetchrow(DELIVERY, delivery_id)
    return tuple(row) if row else None


async def deliveries(tx: Transaction, pledge: UUID) -> list[Any]:
    """The deliveries of a pledge, oldest first."""
    return await tx.fetch(DELIVERIES, pledge)


async def keep_delivery(
    tx: Transaction, delivery_id: UUID, pledge: UUID, quantity: int, evidence: str, by: UUID, at: datetime
) -> None:
    """Keep a delivery with its evidence."""
    await tx.execute(KEEP_DELIVERY, delivery_id, pledge, quantity, evidence, by, at)


def pledge_from(row: Any) -> Pledge:
    """A pledge as it is stored."""
    return Pledge(
        id=row["id"],
        pledger=row["pledger_id"],
        initiative=row["initiative_id"],
        round=row["round_id"],
        resource=row["resource"],
        quantity=row["quantity"],
        made_at=row["made_at"],
        status=row["status"],
        version=row["version"],
        slot=Slot(row["starts_at"], row["ends_at"]) if row["starts_at"] else None,
        match=match_from(row["match"]),
        quote=row["quote_id"],
        delivered=row["delivered"],
        gone=row["gone"],
    )


def match_json(match: Match | None) -> str | None:
    """A match as JSON, to be stored."""
    if match is None:
        return None
    cents, by, reasons = parts_of(match.allocation)
    return json.dumps(
        {
            "cents": cents,
            "by": by,
            "reasons": reasons,
            "ruleVersion": match.rule_version,
            "inputDigest": match.input_digest,
            "valued": match.valued,
            "valuationVersion": match.valuation_version,
            "back": match.back,
            "spent": match.spent,
        }
    )


def match_from(text: str | None) -> Match | None:
    """A match as it is stored; those of before valuations counted for what their rule was given."""
    if text is None:
        return None
    stored = json.loads(text)
    return Match(
        allocation_from(stored["cents"], stored["by"], stored["reasons"]),
        stored["ruleVersion"],
        stored["inputDigest"],
        stored.get("valued", 0),
        stored.get("valuationVersion", ""),
        tuple((line, cents) for line, cents in stored.get("back", ())),
        stored.get("spent", False),
    )
