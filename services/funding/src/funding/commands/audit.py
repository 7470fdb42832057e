"""Audit the ledger: on a schedule by whichever worker is first, and on demand."""

import asyncio
import logging
from datetime import datetime
from typing import Any

import asyncpg

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from dorpsplein.service import Runtime
from funding import storage
from funding.settings import FundingSettings

log = logging.getLogger(__name__)


async def audit(database: Database, at: datetime, timeout_s: float, *, unless_busy: bool = False) -> dict[str, Any]:
    """Recompute the ledger and its log, and keep the result with its time; a fault is also logged as an error.

    With `unless_busy` it is left to another process that is at it already: nothing comes back.
    Raises Transient where the database is away or the time is not enough.
    """
    async with database.transaction() as tx:
        await storage.audit.see_one_moment(tx)
        if unless_busy and not await storage.audit.take_turn(tx):
            return {}
        try:
            result = await storage.audit.recompute(tx, timeout_s)
            in_the_log = await storage.log_audit.faults(tx, at, timeout_s)
        except (TimeoutError, asyncpg.QueryCanceledError) as fault:
            raise Transient(f"the ledger could not be recomputed in {timeout_s} seconds") from fault
    result["faults"] = [*result["faults"], *in_the_log]
    result["faultCount"] += len(in_the_log)
    result["balanced"] = not result["faults"]
    async with database.transaction() as tx:
        await storage.audit.keep(tx, at, result)
    if not result["balanced"]:
        log.error("the ledger is not in balance: %s", result["faults"])
    return result


async def monitor(runtime: Runtime) -> None:
    """Audit for ever, every `audit_interval_s`; an audit that could not be made is logged and made next time."""
    settings = runtime.settings
    assert isinstance(settings, FundingSettings)
    while True:
        try:
            await audit(runtime.database, runtime.outbox.clock(), settings.audit_timeout_s, unless_busy=True)
        except Transient as fault:
            log.warning("the audit of the ledger waits: %s", fault)
        await asyncio.sleep(settings.audit_interval_s)
