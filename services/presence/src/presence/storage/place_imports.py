"""Imports of places in the database: each is a row that says how far it is, with the file as long as it is needed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from presence.domain.place_imports import Fault, Format, ImportStatus, Outcome

ADDING_LOCK = 7_340_001
ADD = "insert into place_imports (id, sent_by, sent_at, format, content) values ($1, $2, $3, $4, $5) returning *"
ONE = """
    select id, sent_by, sent_at, format, status, total, read, written, added, changed, already, faults, more_faults,
           ended_at
    from place_imports where id = $1
"""
CLAIM = """
    update place_imports
    set claim_id = $1, claimed_until = $3, attempts = attempts + 1,
        status = case status when 'queued' then 'checking' else status end
    where id = (
        select id from place_imports
        where status in ('queued', 'checking', 'adding') and (claimed_until is null or claimed_until <= $2)
        order by sent_at, id limit 1 for update skip locked
    )
    returning id, format, content, status, attempts
"""
RELEASE = """
    update place_imports set claim_id = null, claimed_until = null, attempts = attempts - 1
    where id = $1 and claim_id = $2
"""
PROGRESS = """
    update place_imports
    set status = $3, total = $4, read = greatest(read, $5), written = greatest(written, $6), claimed_until = $7
    where id = $1 and claim_id = $2 returning true
"""
FINISH = """
    update place_imports
    set status = $3, added = $4, changed = $5, already = $6, content = null, ended_at = $7,
        claim_id = null, claimed_until = null
    where id = $1 and claim_id = $2 returning true
"""
REFUSE = """
    update place_imports
    set status = $3, faults = $4, more_faults = $5, content = null, ended_at = $6, claim_id = null,
        claimed_until = null
    where id = $1 and claim_id = $2 returning true
"""
TAKE_TURN = "select pg_try_advisory_xact_lock($1)"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An import that is one process's until its claim ends; `attempts` with this one."""

    id: UUID
    claim_id: UUID
    format: Format
    content: bytes
    status: ImportStatus
    attempts: int


async def add(
    tx: Transaction, import_id: UUID, sent_by: UUID, now: datetime, format_: Format, content: bytes
) -> asyncpg.Record:
    """Keep a file that is to be brought in; its row."""
    row = await tx.fetchrow(ADD, import_id, sent_by, now, format_, content)
    assert row is not None
    return row


async def one(tx: Transaction, import_id: UUID) -> asyncpg.Record | None:
    """An import without its file, if it is there."""
    return await tx.fetchrow(ONE, import_id)


async def claim(tx: Transaction, claim_id: UUID, now: datetime, until: datetime) -> Claimed | None:
    """Take the import that waits longest and is nobody's at `now`; None where there is none."""
    row = await tx.fetchrow(CLAIM, claim_id, now, until)
    if row is None:
        return None
    status = ImportStatus(row["status"])
    return Claimed(row["id"], claim_id, Format(row["format"]), row["content"], status, row["attempts"])


async def release(tx: Transaction, claimed: Claimed) -> None:
    """Give an import back as if it had not been taken."""
    await tx.execute(RELEASE, claimed.id, claimed.claim_id)


async def progress(
    tx: Transaction, claimed: Claimed, status: ImportStatus, *, total: int, read: int, written: int, until: datetime
) -> bool:
    """Say how far it is, and keep the claim; False where it is another's by now."""
    values = (claimed.id, claimed.claim_id, status, total, read, written, until)
    return await tx.fetchval(PROGRESS, *values) is not None


async def take_turn(tx: Transaction) -> bool:
    """Whether no other import is adding until this transaction ends."""
    return bool(await tx.fetchval(TAKE_TURN, ADDING_LOCK))


async def finish(tx: Transaction, claimed: Claimed, status: ImportStatus, outcome: Outcome, now: datetime) -> bool:
    """Say what came of it, and forget the file; False where it is another's by now."""
    values = (outcome.added, outcome.changed, outcome.already)
    return await tx.fetchval(FINISH, claimed.id, claimed.claim_id, status, *values, now) is not None


async def refuse(
    tx: Transaction, claimed: Claimed, status: ImportStatus, faults: Sequence[Fault], more: int, now: datetime
) -> bool:
    """Say what is wrong with it, and forget the file; False where it is another's by now."""
    told = to_json([asdict(fault) for fault in faults]).decode()
    return await tx.fetchval(REFUSE, claimed.id, claimed.claim_id, status, told, more, now) is not None
