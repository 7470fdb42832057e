"""The ledger's tables: append-only transfers, and balances that move with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from funding.domain.ledger import Hold, Outcome, Transfer, changes

WRITE = """
    with opened as (
        insert into accounts (id) select unnest($1::text[]) on conflict do nothing
    ), moved as (
        insert into transfers (group_id, kind, debit, credit, amount, pending, at)
        select *, $12 from unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::boolean[])
    ), resolved as (
        insert into resolutions (transfer_id, outcome, at) select unnest($13::uuid[]), $14, $12
    )
    insert into balances as b
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    on conflict (account) do update set
        debits_pending = b.debits_pending + excluded.debits_pending,
        debits_posted = b.debits_posted + excluded.debits_posted,
        credits_pending = b.credits_pending + excluded.credits_pending,
        credits_posted = b.credits_posted + excluded.credits_posted
    where b.account like 'party:%'
        or b.credits_posted + excluded.credits_posted
           >= b.debits_posted + excluded.debits_posted + b.debits_pending + excluded.debits_pending
    returning account
"""
HOLDS = """
    select t.id, group_id, kind, debit, credit, amount from transfers t
    where group_id = any($1::uuid[]) and pending
        and not exists (select from resolutions r where r.transfer_id = t.id)
    order by t.id
"""
BALANCES = """
    select * from balances where ($1::text is null or account > $1) and ($2::text is null or starts_with(account, $2))
    order by account limit $3
"""
TRANSFERS = """
    select t.*, r.outcome, r.at as resolved_at from transfers t left join resolutions r on r.transfer_id = t.id
    where ($1::uuid is null or t.id < $1) and ($2::uuid is null or t.group_id = $2)
    order by t.id desc limit $3
"""


class Overdrawn(Exception):
    """A transfer would take an account below nothing. The rules never let it come to this."""


async def write(
    tx: Transaction,
    transfers: Sequence[Transfer],
    at: datetime,
    *,
    resolved: Sequence[Hold] = (),
    outcome: Outcome = "posted",
) -> None:
    """Add transfers, resolve holds, and move the balances of every account they touch, in one statement.

    Accounts are touched in sorted order, so that writers wait for each other in turn. Raises Overdrawn, and
    UniqueViolationError for a hold that was resolved before; the transaction cannot go on after either.
    """
    sums = changes(transfers, resolved, outcome)
    written = await tx.fetch(
        WRITE,
        list(sums),
        *([balance[place] for balance in sums.values()] for place in range(4)),
        [transfer.group for transfer in transfers],
        [transfer.kind for transfer in transfers],
        [transfer.debit for transfer in transfers],
        [transfer.credit for transfer in transfers],
        [transfer.cents for transfer in transfers],
        [transfer.pending for transfer in transfers],
        at,
        [hold.id for hold in resolved],
        outcome,
    )
    if len(written) != len(sums):
        raise Overdrawn(sorted(set(sums) - {row["account"] for row in written}))


async def holds(tx: Transaction, groups: Sequence[UUID]) -> list[Hold]:
    """The unresolved holds of these groups (pledges)."""
    return [
        Hold(row["id"], Transfer(row["group_id"], row["kind"], row["debit"], row["credit"], row["amount"], True))
        for row in await tx.fetch(HOLDS, groups)
    ]


async def balances(tx: Transaction, after: str | None, prefix: str | None, limit: int) -> list[asyncpg.Record]:
    """Balances by account, those with a prefix only where one is given."""
    return await tx.fetch(BALANCES, after, prefix, limit)


async def transfers(tx: Transaction, before: UUID | None, group: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Transfers with their resolution, newest first; of one group only where it is given."""
    return await tx.fetch(TRANSFERS, before, group, limit)
