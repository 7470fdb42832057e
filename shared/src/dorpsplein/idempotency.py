"""One request, one effect: the same `Idempotency-Key` answers the same, another body under it is refused."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Conflict, Transient

TAKE = """
    insert into idempotency (caller, key, request_hash, status, answer) values ($1, $2, $3, 0, 'null')
    on conflict (caller, key) do nothing returning true
"""
ANSWERED = "select request_hash, status, answer from idempotency where caller = $1 and key = $2"
KEEP = "update idempotency set status = $3, answer = $4 where caller = $1 and key = $2"
FORGET = "delete from idempotency where at < now() - interval '2 days'"


@dataclass(frozen=True, slots=True)
class Once:
    """The key of one request: who asked, under which key (none: no protection asked for), and for what."""

    caller: UUID
    key: str | None
    request_hash: bytes


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).digest()


async def forget_old(database: Database) -> None:
    """Forget the answers of more than two days ago; nobody repeats a request after that."""
    async with database.connection() as connection:
        await connection.execute(FORGET)


async def once(
    database: Database,
    request: Once,
    status: int,
    command: Callable[[Transaction], Awaitable[dict[str, Any]]],
) -> tuple[int, dict[str, Any]]:
    """Run a command in a transaction and keep its answer (JSON) with it.

    The same request again gets that answer without running anything; while the first still runs, the second
    waits for it. Raises Conflict("idempotency-key-reused") for another request under the key, and whatever the
    command raises, in which case nothing is kept.
    """
    async with database.transaction() as tx:
        if request.key is None:
            return status, await command(tx)
        if not await tx.fetchval(TAKE, request.caller, request.key, request.request_hash):
            row = await tx.fetchrow(ANSWERED, request.caller, request.key)
            if row is None:
                raise Transient("an old answer was being forgotten")
            if row["request_hash"] != request.request_hash:
                raise Conflict("idempotency-key-reused", "This Idempotency-Key was used for another request.")
            return row["status"], json.loads(row["answer"])
        answer = await command(tx)
        await tx.execute(KEEP, request.caller, request.key, status, json.dumps(answer))
        return status, answer
