"""Bank statements that were taken in, line by line, and what came in for pledges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.statements import Line, Promise, Verdict

STATEMENT_LOCK = 7_310_006

ONE_AT_A_TIME = "select pg_advisory_xact_lock($1)"
BY_CONTENT = "select id from bank_statements where content_sha256 = $1"
KNOWN = "select key from bank_lines where key = any($1::bytea[])"
PROMISES = """
    select left(encode(sha256(uuid_send(id)), 'hex'), 20) as digits, id, status, resource from pledges
    where left(encode(sha256(uuid_send(id)), 'hex'), 20) = any($1::text[]) order by id
"""
ADD = """
    insert into bank_statements (id, content_sha256, taken_in_by, taken_in_at, known_before, pending)
    values ($1, $2, $3, $4, $5, $6)
"""
ADD_LINES = """
    insert into bank_lines (
        statement_id, position, key, booked_on, amount_cents, credit, bank_reference, outcome, reason,
        payout_id, pledge_id
    )
    select $1, place, n.key, n.booked_on, n.cents, n.credit, n.reference, n.outcome, n.reason, n.payout, n.pledge
    from unnest(
        $2::bytea[], $3::date[], $4::bigint[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::uuid[],
        $10::uuid[]
    ) with ordinality as n(key, booked_on, cents, credit, reference, outcome, reason, payout, pledge, place)
"""
ADD_PAYMENTS = """
    with added as (
        insert into payments (id, pledge_id, amount_cents, line_key, at)
        select *, $10 from unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::bytea[])
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
STATEMENT = "select * from bank_statements where id = $1"
LINES = """
    select position, booked_on, amount_cents, credit, bank_reference, outcome, reason, payout_id, pledge_id
    from bank_lines where statement_id = $1 order by position
"""
RECEIVED = """
    select id, coalesce((select sum(amount_cents) from payments where pledge_id = p.id), 0)::bigint as received_cents
    from unnest($1::uuid[]) as p(id)
"""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A statement that was taken in: `known_before` of its lines stood on an earlier one, `pending` were not booked."""

    id: UUID
    content_sha256: bytes
    by: UUID
    at: datetime
    known_before: int
    pending: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Cents that came in for a pledge, on one line."""

    id: UUID
    pledge: UUID
    cents: int
    line: bytes


async def one_at_a_time(tx: Transaction) -> None:
    """Wait for whoever takes in a statement; so it stays until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME, STATEMENT_LOCK)


async def by_content(tx: Transaction, content_sha256: bytes) -> UUID | None:
    """The statement that had this content."""
    found: UUID | None = await tx.fetchval(BY_CONTENT, content_sha256)
    return found


async def known(tx: Transaction, keys: Sequence[bytes]) -> set[bytes]:
    """Which of these lines were taken in before."""
    return {row["key"] for row in await tx.fetch(KNOWN, keys)}


async def promises(tx: Transaction, digits: Iterable[str]) -> dict[str, list[Promise]]:
    """The pledges that references mean, by the digits of each."""
    found: dict[str, list[Promise]] = {}
    for row in await tx.fetch(PROMISES, sorted(set(digits))):
        found.setdefault(row["digits"], []).append(Promise(row["id"], row["status"], row["resource"]))
    return found


async def add(tx: Transaction, statement: TakenIn, judged: Sequence[tuple[Line, Verdict]]) -> None:
    """Keep a statement and what each new line of it means."""
    await tx.execute(
        ADD,
        statement.id,
        statement.content_sha256,
        statement.by,
        statement.at,
        statement.known_before,
        statement.pending,
    )
    await tx.execute(
        ADD_LINES,
        statement.id,
        [line.key for line, _ in judged],
        [line.booked_on for line, _ in judged],
        [line.cents for line, _ in judged],
        [line.credit for line, _ in judged],
        [line.bank_reference for line, _ in judged],
        [verdict.outcome for _, verdict in judged],
        [verdict.reason for _, verdict in judged],
        [verdict.payout for _, verdict in judged],
        [verdict.pledge for _, verdict in judged],
    )


async def add_payments(tx: Transaction, payments: Sequence[Payment], at: datetime, facts: Sequence[Fact]) -> None:
    """Keep what came in for pledges, with the facts that say so."""
    await tx.execute(
        ADD_PAYMENTS,
        *tx.outbox(facts),
        [payment.id for payment in payments],
        [payment.pledge for payment in payments],
        [payment.cents for payment in payments],
        [payment.line for payment in payments],
        at,
    )


async def statement(tx: Transaction, statement_id: UUID) -> TakenIn | None:
    """A statement that was taken in."""
    row = await tx.fetchrow(STATEMENT, statement_id)
    if row is None:
        return None
    return TakenIn(
        row["id"],
        row["content_sha256"],
        row["taken_in_by"],
        row["taken_in_at"],
        row["known_before"],
        row["pending"],
    )


async def lines(tx: Transaction, statement_id: UUID) -> list[asyncpg.Record]:
    """The lines of a statement that stood on none before, in order."""
    return await tx.fetch(LINES, statement_id)


async def received(tx: Transaction, pledges: Sequence[UUID]) -> dict[UUID, int]:
    """The cents that came in for each of these pledges."""
    return {row["id"]: row["received_cents"] for row in await tx.fetch(RECEIVED, pledges)}
