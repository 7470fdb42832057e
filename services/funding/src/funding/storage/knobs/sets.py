"""The values of a fund's knobs, and the bounds its council set."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain import knobs
from funding.domain.knobs import REGISTRY, Values
from funding.domain.knobs.values import Bounds, KnobSet

LOCK_FUND = "select true from funds where id = $1 for no key update"
CURRENT = "select * from knob_sets where fund_id = $1 order by number desc limit 1"
HISTORY = "select * from knob_sets where fund_id = $1 and number < $2 order by number desc limit $3"
ADD = """
    insert into knob_sets (fund_id, number, knob_values, rule_version, valuation_version, effective_at, change_id)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
BOUNDS = "select * from knob_bounds where fund_id = $1"
SET_BOUNDS = """
    with kept as (
        insert into knob_bounds (fund_id, bounds, version, set_by, set_at) values ($1, $2, $3, $4, $5)
        on conflict (fund_id) do update set bounds = excluded.bounds, version = excluded.version
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($6::smallint[], $7::text[], $8::text[], $9::text[], $10::bytea[])
"""


async def lock_fund(tx: Transaction, fund_id: UUID) -> bool:
    """Lock a fund against every other turn of its knobs; whether it is there."""
    return bool(await tx.fetchval(LOCK_FUND, fund_id))


async def current(tx: Transaction, fund_id: UUID) -> KnobSet | None:
    """The values in effect in a fund."""
    row = await tx.fetchrow(CURRENT, fund_id)
    return _set_from(row) if row else None


async def history(tx: Transaction, fund_id: UUID, before: int, limit: int) -> list[KnobSet]:
    """The sets of values a fund had, newest first, from below a number."""
    return [_set_from(row) for row in await tx.fetch(HISTORY, fund_id, before, limit)]


async def begin(tx: Transaction, fund_id: UUID, values: Values, at: datetime) -> None:
    """Keep the first values of a new fund."""
    await add(tx, KnobSet(fund_id, 1, values, at))


async def add(tx: Transaction, new: KnobSet) -> None:
    """Keep a set of values, with the versions of the rule and of the valuation that it makes."""
    await tx.execute(
        ADD,
        new.fund,
        new.number,
        json.dumps(dict(new.values)),
        knobs.rule_version(new.values),
        knobs.valuation_version(new.values),
        new.effective_at,
        new.change,
    )


async def bounds(tx: Transaction, fund_id: UUID) -> tuple[Bounds, int]:
    """The bounds a fund's council set, and how often they changed; nothing and 0 where it did not."""
    row = await tx.fetchrow(BOUNDS, fund_id)
    return (bounds_from(row["bounds"]), row["version"]) if row else ({}, 0)


async def set_bounds(
    tx: Transaction, fund_id: UUID, new: Bounds, version: int, by: UUID | None, at: datetime, facts: Sequence[Fact]
) -> None:
    """Keep the bounds of a fund, and the facts."""
    await tx.execute(SET_BOUNDS, fund_id, bounds_json(new), version, by, at, *tx.outbox(facts))


def bounds_json(bounds: Bounds) -> str:
    """Bounds as they are stored."""
    return json.dumps({name: list(pair) for name, pair in bounds.items()})


def bounds_from(text: str) -> dict[str, tuple[int, int]]:
    """Bounds as they were stored."""
    return {name: (least, most) for name, (least, most) in json.loads(text).items()}


def _set_from(row: Any) -> KnobSet:
    """A set as it was stored; a knob that came later stands at its default."""
    values = {name: knob.default for name, knob in REGISTRY.items()} | json.loads(row["knob_values"])
    return KnobSet(row["fund_id"], row["number"], values, row["effective_at"], row["change_id"])
