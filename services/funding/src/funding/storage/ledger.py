"""The ledger's tables: append-only transfers, and balances that move with them."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from funding.domain.ledger import Entries
from funding.domain.receipts import resolution_leaf, transfer_leaf

WRITE = """
    with opened as (
        insert into accounts (id) select distinct unnest($1::text[]) on conflict do nothing
    ), moved as (
        insert into transfers (id, group_id, kind, resource, debit, credit, amount, pending, input_hash, at)
        select *, $16 from unnest(
            $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::boolean[],
            $15::bytea[]
        )
    ), salted as (
        insert into salts (transfer_id, salt) select * from unnest($7::uuid[], $17::bytea[])
    ), resolved as (
        insert into resolutions (transfer_id, outcome, amount, at)
        select *, $16 from unnest($18::uuid[], $19::text[], $20::bigint[])
    ), queued as (
        insert into log_queue (ref, leaf) select * from unnest($21::uuid[], $22::bytea[])
    )
    insert into balances as b (account, resource, debits_pending, debits_posted, credits_pending, credits_posted)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        as n(account, resource, debits_pending, debits_posted, credits_pending, credits_posted)
    where account like 'party:%' or credits_posted >= debits_posted + debits_pending
        or (select true from balances k where k.account = n.account and k.resource = n.resource)
    on conflict (account, resource) do update set
        debits_pending = b.debits_pending + excluded.debits_pending,
        debits_posted = b.debits_posted + excluded.debits_posted,
        credits_pending = b.credits_pending + excluded.credits_pending,
        credits_posted = b.credits_posted + excluded.credits_posted
    where b.account like 'party:%'
        or b.credits_posted + excluded.credits_posted
           >= b.debits_posted + excluded.debits_posted + b.debits_pending + excluded.debits_pending
    returning account
"""
BALANCES = """
    select * from balances
    where ($1::text is null or (account, resource) > ($1, $2::text)) and ($3::text is null or starts_with(account, $3))
    order by account, resource limit $4
"""
OF_ACCOUNTS = "select * from balances where account = any($1::text[]) order by account, resource"
TRANSFERS = """
    select t.*, r.outcome, r.amount as posted, r.at as resolved_at
    from transfers t left join resolutions r on r.transfer_id = t.id
    where ($1::uuid is null or (t.at, t.id) < ($2::timestamptz, $1)) and ($3::uuid is null or t.group_id = $3)
    order by t.at desc, t.id desc limit $4
"""


class Overdrawn(Exception):
    """A transfer would take an account below nothing. `accounts` names those."""

    def __init__(self, accounts: Sequence[str]) -> None:
        super().__init__(accounts)
        self.accounts = accounts


async def write(tx: Transaction, entries: Entries, at: datetime) -> None:
    """Add transfers, resolve holds, move the balances of every account they touch, and queue all of it for the log.

    One statement; accounts are touched in sorted order, so that writers wait for each other in turn. Raises Overdrawn,
    and UniqueViolationError for a transfer that is there or a hold that was resolved before; the transaction cannot go
    on after either.
    """
    if not entries.transfers and not entries.resolutions:
        return
    sums, transfers, resolutions = entries.changes(), entries.transfers, entries.resolutions
    salts = [secrets.token_bytes(16) for _ in transfers]
    leaves = [
        *(
            transfer_leaf(
                transfer_id=one.id,
                group=one.group,
                kind=one.kind,
                resource=one.resource,
                debit=one.debit,
                credit=one.credit,
                amount=one.amount,
                pending=one.pending,
                at=at,
                salt=salt,
            )
            for one, salt in zip(transfers, salts, strict=True)
        ),
        *(
            resolution_leaf(transfer_id=one.transfer.id, outcome=one.outcome, amount=one.amount, at=at)
            for one in resolutions
        ),
    ]
    written = await tx.fetch(
        WRITE,
        [account for account, _ in sums],
        [resource for _, resource in sums],
        *([balance[place] for balance in sums.values()] for place in range(4)),
        [one.id for one in transfers],
        [one.group for one in transfers],
        [one.kind for one in transfers],
        [one.resource for one in transfers],
        [one.debit for one in transfers],
        [one.credit for one in transfers],
        [one.amount for one in transfers],
        [one.pending for one in transfers],
        [one.input_hash for one in transfers],
        at,
        salts,
        [one.transfer.id for one in resolutions],
        [one.outcome for one in resolutions],
        [one.amount for one in resolutions],
        [*(one.id for one in transfers), *(one.transfer.id for one in resolutions)],
        leaves,
    )
    if len(written) != len(sums):
        raise Overdrawn(sorted({account for account, _ in sums} - {row["account"] for row in written}))


async def balances(
    tx: Transaction, after: tuple[str, str] | None, prefix: str | None, limit: int
) -> list[asyncpg.Record]:
    """Balances by account and resource, those with a prefix only where one is given."""
    return await tx.fetch(BALANCES, *(after or (None, None)), prefix, limit)


async def of_accounts(tx: Transaction, accounts: Sequence[str]) -> list[asyncpg.Record]:
    """The balances of these accounts, in every resource."""
    return await tx.fetch(OF_ACCOUNTS, accounts)


async def transfers(
    tx: Transaction, before: tuple[UUID, datetime] | None, group: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Transfers with their resolution, newest first; of one group only where it is given."""
    return await tx.fetch(TRANSFERS, *(before or (None, None)), group, limit)
