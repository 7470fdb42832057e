"""Funds, rounds and pot lines in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.ledger import pot
from funding.domain.rounds import Fund, PotLine, Round
from funding.domain.rules import from_knobs

FUND = "select * from funds where id = $1"
FUNDS = """
    select * from funds where $1::timestamptz is null or (opened_at, id) < ($1, $2::uuid)
    order by opened_at desc, id desc limit $3
"""
OPEN_FUND = """
    with opened as (
        insert into funds (id, name, opened_by, opened_at) values ($1, $2, $3, $4)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($5::smallint[], $6::text[], $7::text[], $8::text[], $9::bytea[])
"""
ROUND = "select * from rounds where id = $1"
LOCK_ROUNDS = "select * from rounds where id = any($1::uuid[]) order by id for no key update"
ROUNDS = """
    select * from rounds
    where ($1::timestamptz is null or (opened_at, id) < ($1, $2::uuid)) and ($3::uuid is null or fund_id = $3)
    order by opened_at desc, id desc limit $4
"""
LINES = """
    select p.round_id, p.id, p.cofinancier, p.amount_cents,
        b.credits_posted - b.debits_posted - b.debits_pending as left
    from pot_lines p join balances b using (account) where p.round_id = any($1::uuid[]) order by p.round_id, p.position
"""
OPEN_ROUND = """
    with opened as (
        insert into rounds (id, fund_id, rule, rule_version, knobs, opened_by, opened_at, closes_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[])
"""
ROUND_OF_LINE = "select round_id from pot_lines where id = $1"
ADD_LINE = """
    with added as (
        insert into pot_lines (id, round_id, position, cofinancier, amount_cents, account, added_by, added_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
    ), counted as (
        update rounds set version = $9 where id = $2
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($10::smallint[], $11::text[], $12::text[], $13::text[], $14::bytea[])
"""
CLOSE_ROUND = """
    with closed as (
        update rounds set closed = true, version = $2 where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($3::smallint[], $4::text[], $5::text[], $6::text[], $7::bytea[])
"""


async def fund(tx: Transaction, fund_id: UUID) -> Fund | None:
    """The fund with this id."""
    row = await tx.fetchrow(FUND, fund_id)
    return Fund(**row) if row else None


async def funds(tx: Transaction, before: tuple[datetime, UUID] | None, limit: int) -> list[Fund]:
    """Funds, newest first."""
    return [Fund(**row) for row in await tx.fetch(FUNDS, *(before or (None, None)), limit)]


async def open_fund(tx: Transaction, opened: Fund, facts: Sequence[Fact]) -> None:
    """Keep a new fund and its facts."""
    await tx.execute(OPEN_FUND, opened.id, opened.name, opened.opened_by, opened.opened_at, *tx.outbox(facts))


async def round_(tx: Transaction, round_id: UUID) -> Round | None:
    """The round with this id, with its pot lines."""
    row = await tx.fetchrow(ROUND, round_id)
    return (await _with_lines(tx, [row]))[0] if row else None


async def rounds(
    tx: Transaction, before: tuple[datetime, UUID] | None, fund_id: UUID | None, limit: int
) -> list[Round]:
    """Rounds with their pot lines, newest first; of one fund only where it is given."""
    return await _with_lines(tx, await tx.fetch(ROUNDS, *(before or (None, None)), fund_id, limit))


async def lock_round(tx: Transaction, round_id: UUID) -> Round | None:
    """The round with this id, locked until the transaction ends."""
    rows = await tx.fetch(LOCK_ROUNDS, [round_id])
    return (await _with_lines(tx, rows))[0] if rows else None


async def round_of_line(tx: Transaction, pot_line: UUID) -> UUID | None:
    """The round a pot line stands in."""
    found: UUID | None = await tx.fetchval(ROUND_OF_LINE, pot_line)
    return found


async def open_round(tx: Transaction, opened: Round, facts: Sequence[Fact]) -> None:
    """Keep a new round and its facts."""
    await tx.execute(
        OPEN_ROUND,
        opened.id,
        opened.fund_id,
        opened.rule.name,
        opened.rule_version,
        json.dumps(opened.rule.knobs()),
        opened.opened_by,
        opened.opened_at,
        opened.closes_at,
        *tx.outbox(facts),
    )


async def add_line(tx: Transaction, round_: Round, by: UUID, at: datetime, facts: Sequence[Fact]) -> None:
    """Keep the last pot line of a locked round, the round's new version, and the facts."""
    line = round_.lines[-1]
    await tx.execute(
        ADD_LINE,
        line.id,
        round_.id,
        len(round_.lines),
        line.cofinancier,
        line.cents,
        pot(round_.id, line.id),
        by,
        at,
        round_.version,
        *tx.outbox(facts),
    )


async def close_round(tx: Transaction, round_: Round, facts: Sequence[Fact]) -> None:
    """Keep that a locked round is closed, and its facts."""
    await tx.execute(CLOSE_ROUND, round_.id, round_.version, *tx.outbox(facts))


async def _with_lines(tx: Transaction, rows: Sequence[Any]) -> list[Round]:
    lines: dict[UUID, list[PotLine]] = {row["id"]: [] for row in rows}
    for round_id, *line in await tx.fetch(LINES, list(lines)):
        lines[round_id].append(PotLine(*line))
    return [round_from(row, lines[row["id"]]) for row in rows]


def round_from(row: Any, lines: Sequence[PotLine]) -> Round:
    """A round as it is stored, with its pot lines."""
    return Round(
        id=row["id"],
        fund_id=row["fund_id"],
        rule=from_knobs(json.loads(row["knobs"])),
        rule_version=row["rule_version"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        closes_at=row["closes_at"],
        closed=row["closed"],
        version=row["version"],
        lines=tuple(lines),
    )
