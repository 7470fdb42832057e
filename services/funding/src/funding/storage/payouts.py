"""Bank accounts, pay-outs and the files they go to the bank in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.ledger import EUR, escrow
from funding.domain.payouts import Account, Payout

INITIATORS = "select initiators from initiatives where initiative_id = $1"
LOCK_MONEY = "select 1 from means where initiative_id = $1 for no key update"
AVAILABLE = """
    select credits_posted - debits_posted - debits_pending from balances where account = $1 and resource = $2
"""
ACCOUNT = "select iban, name from bank_accounts where initiative_id = $1"
ACCOUNTS = "select initiative_id, iban, name from bank_accounts where initiative_id = any($1::uuid[])"
SET_ACCOUNT = """
    insert into bank_accounts (initiative_id, iban, name, set_by, set_at) values ($1, $2, $3, $4, $5)
    on conflict (initiative_id) do update set
        iban = excluded.iban, name = excluded.name, set_by = excluded.set_by, set_at = excluded.set_at
"""
LOCK_ACCOUNT = "select 1 from bank_accounts where initiative_id = $1 for update"
UNDER_WAY = "select exists (select from payouts where initiative_id = $1 and status in ('ordered', 'sent'))"
ERASE = """
    with emptied as (
        update payout_batches set file = null
        where id in (select batch_id from payouts where initiative_id = $1 and batch_id is not null)
    )
    delete from bank_accounts where initiative_id = $1
"""
ADD = """
    with added as (
        insert into payouts (id, initiative_id, amount_cents, ordered_by, ordered_at, status, version)
        values ($6, $7, $8, $9, $10, $11, $12)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
CHANGE = """
    with changed as (
        update payouts p set status = n.status, version = n.version
        from unnest($6::uuid[], $7::text[], $8::bigint[]) as n(id, status, version) where p.id = n.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
PAYOUT = "select * from payouts where id = $1"
LOCK = "select * from payouts where id = any($1::uuid[]) order by id for update"
LOCK_TO_SEND = """
    select p.* from payouts p join (
        select id from payouts where status = 'ordered' order by ordered_at, id limit $1
    ) as oldest using (id)
    where status = 'ordered' order by p.id for update of p
"""
LIST = """
    select * from payouts
    where ($1::timestamptz is null or (ordered_at, id) < ($1, $2::uuid))
        and ($3::uuid is null or initiative_id = $3) and ($4::text is null or status = $4)
    order by ordered_at desc, id desc limit $5
"""
SEND = """
    with made as (
        insert into payout_batches (id, execution_date, made_by, made_at, payouts, amount_cents, file)
        values ($1, $2, $3, $4, $5, $6, $7)
        returning id
    )
    update payouts p set status = 'sent', batch_id = made.id from made where p.id = any($8::uuid[])
"""
BATCH = "select id, execution_date, made_by, made_at, payouts, amount_cents from payout_batches where id = $1"
BATCHES = """
    select id, execution_date, made_by, made_at, payouts, amount_cents from payout_batches
    where ($1::timestamptz is null or (made_at, id) < ($1, $2::uuid)) order by made_at desc, id desc limit $3
"""
FILE = "select file from payout_batches where id = $1"


@dataclass(frozen=True, slots=True)
class Batch:
    """A file for the bank, without its content: how many pay-outs it asks for, and their sum."""

    id: UUID
    execution_date: date
    made_by: UUID
    made_at: datetime
    payouts: int
    cents: int


async def initiators(tx: Transaction, initiative: UUID) -> list[UUID] | None:
    """Who carry an initiative this service has heard of; None where it is not known (yet)."""
    found: list[UUID] | None = await tx.fetchval(INITIATORS, initiative)
    return found


async def lock_available(tx: Transaction, initiative: UUID) -> int:
    """Committed cents that wait for an initiative and are held for no pay-out; nobody moves them meanwhile."""
    await tx.execute(LOCK_MONEY, initiative)
    available: int | None = await tx.fetchval(AVAILABLE, escrow(initiative), EUR)
    return available or 0


async def account(tx: Transaction, initiative: UUID) -> Account | None:
    """The bank account of an initiative, if it gave one."""
    row = await tx.fetchrow(ACCOUNT, initiative)
    return Account(row["iban"], row["name"]) if row else None


async def lock_account(tx: Transaction, initiative: UUID) -> bool:
    """Keep an initiative's bank account as it is until the transaction ends; whether there is one."""
    return await tx.fetchval(LOCK_ACCOUNT, initiative) is not None


async def accounts(tx: Transaction, initiatives: Sequence[UUID]) -> dict[UUID, Account]:
    """The bank accounts of initiatives, by initiative."""
    rows = await tx.fetch(ACCOUNTS, initiatives)
    return {row["initiative_id"]: Account(row["iban"], row["name"]) for row in rows}


async def set_account(tx: Transaction, initiative: UUID, given: Account, by: UUID, at: datetime) -> None:
    """Keep a bank account in the place of the one before."""
    await tx.execute(SET_ACCOUNT, initiative, given.iban, given.name, by, at)


async def under_way(tx: Transaction, initiative: UUID) -> bool:
    """Whether a pay-out of an initiative waits for the bank."""
    waits: bool = await tx.fetchval(UNDER_WAY, initiative)
    return waits


async def erase_account(tx: Transaction, initiative: UUID) -> None:
    """Forget a bank account, and the content of every file it stands in."""
    await tx.execute(ERASE, initiative)


async def add(tx: Transaction, payout: Payout, facts: Sequence[Fact]) -> None:
    """Keep a new pay-out with its facts."""
    await tx.execute(
        ADD,
        *tx.outbox(facts),
        payout.id,
        payout.initiative,
        payout.cents,
        payout.ordered_by,
        payout.ordered_at,
        payout.status,
        payout.version,
    )


async def change(tx: Transaction, changed: Sequence[Payout], facts: Sequence[Fact]) -> None:
    """Keep what became of pay-outs, with the facts that say so."""
    await tx.execute(
        CHANGE,
        *tx.outbox(facts),
        [payout.id for payout in changed],
        [payout.status for payout in changed],
        [payout.version for payout in changed],
    )


async def payout(tx: Transaction, payout_id: UUID) -> Payout | None:
    """A pay-out as it is now."""
    row = await tx.fetchrow(PAYOUT, payout_id)
    return payout_from(row) if row else None


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Payout]:
    """Pay-outs that nobody else changes until the transaction ends, by id; what is not there is left out."""
    return {row["id"]: payout_from(row) for row in await tx.fetch(LOCK, ids)}


async def lock_to_send(tx: Transaction, most: int) -> list[Payout]:
    """The oldest pay-outs that are in no file yet, locked."""
    return [payout_from(row) for row in await tx.fetch(LOCK_TO_SEND, most)]


async def payouts(
    tx: Transaction, before: tuple[datetime, UUID] | None, initiative: UUID | None, status: str | None, limit: int
) -> list[Payout]:
    """Pay-outs, newest first; of one initiative or in one state only where it is given."""
    at, last = before or (None, None)
    return [payout_from(row) for row in await tx.fetch(LIST, at, last, initiative, status, limit)]


async def send(tx: Transaction, batch: Batch, file: bytes, sent: Sequence[Payout]) -> None:
    """Keep a file for the bank; the pay-outs in it are sent from now on."""
    await tx.execute(
        SEND,
        batch.id,
        batch.execution_date,
        batch.made_by,
        batch.made_at,
        batch.payouts,
        batch.cents,
        file,
        [payout.id for payout in sent],
    )


async def batch(tx: Transaction, batch_id: UUID) -> Batch | None:
    """A file for the bank, without its content."""
    row = await tx.fetchrow(BATCH, batch_id)
    return batch_from(row) if row else None


async def batches(tx: Transaction, before: tuple[datetime, UUID] | None, limit: int) -> list[Batch]:
    """Files for the bank, newest first."""
    return [batch_from(row) for row in await tx.fetch(BATCHES, *(before or (None, None)), limit)]


async def file(tx: Transaction, batch_id: UUID) -> bytes | None:
    """The content of a file; None once an account in it was erased."""
    content: bytes | None = await tx.fetchval(FILE, batch_id)
    return content


def batch_from(row: asyncpg.Record) -> Batch:
    """A batch as it is stored."""
    return Batch(row["id"], row["execution_date"], row["made_by"], row["made_at"], row["payouts"], row["amount_cents"])


def payout_from(row: asyncpg.Record) -> Payout:
    """A pay-out as it is stored."""
    return Payout(
        id=row["id"],
        initiative=row["initiative_id"],
        cents=row["amount_cents"],
        ordered_by=row["ordered_by"],
        ordered_at=row["ordered_at"],
        status=row["status"],
        version=row["version"],
        batch=row["batch_id"],
    )
