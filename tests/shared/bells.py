"""Bells that timers ring, and a process that does so, to be killed: `python -m tests.shared.bells URL`."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from dorpsplein import failpoints
from dorpsplein.database import Database, Transaction
from dorpsplein.outbox import Outbox
from dorpsplein.service import Runtime
from dorpsplein.timers import watch

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TABLE = "create table rings (ref uuid not null, kind text not null, at timestamptz not null)"


async def ring(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """Note each ring; a bell that rings twice stands there twice."""
    await tx.execute("insert into rings select unnest($1::uuid[]), 'bell', $2", refs, now)


def open_database(url: str) -> Database:
    return Database(url, Outbox("urn:test:bells", "http://test"))


def runtime(database: Database) -> Runtime:
    """As much of a runtime as a worker uses, at noon."""
    outbox = Outbox("urn:test:bells", "http://test", clock=lambda: NOON)
    return cast("Runtime", SimpleNamespace(database=database, outbox=outbox))


async def _main(url: str) -> None:
    async with open_database(url) as database:
        await watch({"bell": ring})(runtime(database))


if __name__ == "__main__":
    failpoints.arm(sys.argv[2])
    asyncio.run(_main(sys.argv[1]))
