"""Funds, rounds and pot lines in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.funds import Fund
from funding.domain.ledger import pot
from funding.domain.resources import Valuation
from funding.domain.rounds import PotLine, Round
from funding.domain.rules import Candidate, Gift, Pool, RoundSnapshot, from_knobs
from funding.domain.terms import Terms

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
    select p.round_id, p.id, p.cofinancier, p.amount_cents, b.credits_posted - b.debits_posted - b.debits_pending,
        p.themes, p.neighbourhoods, p.most_per_initiative
    from pot_lines p join balances b on b.account = p.account and b.resource = 'EUR/2'
    where p.round_id = any($1::uuid[]) order by p.round_id, p.position
"""
OPEN_ROUND = """
    with opened as (
        insert into rounds (
            id, fund_id, rule, rule_version, knobs, terms, valuation_version, opened_by, opened_at, closes_at,
            seed_commitment, paused_until
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($13::smallint[], $14::text[], $15::text[], $16::text[], $17::bytea[])
"""
ROUND_OF_LINE = "select round_id from pot_lines where id = $1"
ADD_LINE = """
    with added as (
        insert into pot_lines (
            id, round_id, position, cofinancier, amount_cents, account, added_by, added_at, themes, neighbourhoods,
            most_per_initiative
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $10, $11, $12)
    ), counted as (
        update rounds set version = $9 where id = $2
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($13::smallint[], $14::text[], $15::text[], $16::text[], $17::bytea[])
"""
CLOSE_ROUND = """
    with closed as (
        update rounds set closed = true, version = $2, closed_at = $3 where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($4::smallint[], $5::text[], $6::text[], $7::text[], $8::bytea[])
"""
GIFTS = """
    select id, pledger_id, initiative_id, resource, quantity - gone as quantity from pledges
    where round_id = $1 and status in ('held', 'committed', 'delivered') order by made_at, id
"""
CANDIDATES = """
    select i.initiative_id, coalesce(n.minimum, i.needed_cents) as cost, i.theme, i.neighbourhood
    from initiatives i left join needs n on n.initiative_id = i.initiative_id and n.resource = 'EUR/2'
    where i.initiative_id = any($1::uuid[]) order by i.initiative_id::text
"""
NEWEST = "select id from rounds where fund_id = $1 order by opened_at desc, id desc limit $2"


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
    terms = opened.terms
    await tx.execute(
        OPEN_ROUND,
        opened.id,
        opened.fund_id,
        terms.rule.name,
        terms.rule_version,
        json.dumps(terms.rule.knobs()),
        json.dumps(_terms_json(terms)),
        terms.valuation_version,
        opened.opened_by,
        opened.opened_at,
        opened.closes_at,
        opened.seed_commitment,
        opened.paused_until,
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
        line.themes,
        line.neighbourhoods,
        line.most,
        *tx.outbox(facts),
    )


async def close_round(tx: Transaction, round_: Round, at: datetime, facts: Sequence[Fact]) -> None:
    """Keep that a locked round is closed, and its facts."""
    await tx.execute(CLOSE_ROUND, round_.id, round_.version, at, *tx.outbox(facts))


async def newest_of(tx: Transaction, fund_id: UUID, limit: int) -> list[UUID]:
    """The last rounds of a fund, newest first."""
    return [row["id"] for row in await tx.fetch(NEWEST, fund_id, limit)]


async def snapshot(tx: Transaction, round_id: UUID) -> RoundSnapshot:
    """A round as rules see it: what was put in, and what stands of the pledges in it at their worth in the round.

    Pools hold what their co-financiers put in, whether it was given already or not. Raises ValueError where there is
    no such round.
    """
    known = await round_(tx, round_id)
    if known is None:
        raise ValueError(f"there is no round {round_id}")
    gifts = [
        Gift(str(row["id"]), str(row["pledger_id"]), str(row["initiative_id"]), cents)
        for row in await tx.fetch(GIFTS, round_id)
        if (cents := known.terms.valuation.cents(row["resource"], row["quantity"]))
    ]
    wanted = sorted({UUID(gift.candidate) for gift in gifts})
    return RoundSnapshot(
        candidates=tuple(
            Candidate(str(row["initiative_id"]), row["cost"], row["theme"], row["neighbourhood"])
            for row in await tx.fetch(CANDIDATES, wanted)
        ),
        pools=tuple(
            Pool(str(line.id), line.cents, line.themes, line.neighbourhoods, line.most) for line in known.lines
        ),
        gifts=tuple(gifts),
    )


async def _with_lines(tx: Transaction, rows: Sequence[Any]) -> list[Round]:
    lines: dict[UUID, list[PotLine]] = {row["id"]: [] for row in rows}
    for round_id, *line in await tx.fetch(LINES, list(lines)):
        lines[round_id].append(line_from(line))
    return [round_from(row, lines[row["id"]]) for row in rows]


def line_from(line: Sequence[Any]) -> PotLine:
    """A pot line as it is stored: id, co-financier, cents, left, themes, neighbourhoods, most for one initiative."""
    line_id, cofinancier, cents, left, themes, neighbourhoods, most = line
    return PotLine(line_id, cofinancier, cents, left, tuple(themes), tuple(neighbourhoods), most)


def round_from(row: Any, lines: Sequence[PotLine]) -> Round:
    """A round as it is stored, with its pot lines."""
    return Round(
        id=row["id"],
        fund_id=row["fund_id"],
        terms=_terms_from(row),
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        closes_at=row["closes_at"],
        seed_commitment=row["seed_commitment"],
        closed=row["closed"],
        paused_until=row["paused_until"],
        version=row["version"],
        lines=tuple(lines),
    )


def _terms_json(terms: Terms) -> dict[str, int]:
    return {
        "valuationHourCents": terms.valuation.hour_cents,
        "valuationSlotHourCents": terms.valuation.slot_hour_cents,
        "valuationEvidence": int(terms.valuation.evidence),
        "quoteMinutes": terms.quote_minutes,
        "floorPercent": terms.floor_percent,
    }


def _terms_from(row: Any) -> Terms:
    kept = json.loads(row["terms"])
    return Terms(
        rule=from_knobs(row["rule"], json.loads(row["knobs"])),
        rule_version=row["rule_version"],
        valuation=Valuation.of(kept),
        valuation_version=row["valuation_version"],
        quote_minutes=kept.get("quoteMinutes", 15),
        floor_percent=kept.get("floorPercent", 0),
    )
