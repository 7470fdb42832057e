"""A service made for tests: two events, one command, one projection that shows order and repetition."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated
from uuid import UUID

from dorpsplein.consumer import Projection
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Fact, Key, NotPersonal, Pseudonym, Recorded
from dorpsplein.service import Service
from dorpsplein.settings import Settings

TOPIC = "toolshed.tool"
ANNA = UUID("aaaaaaaa-0000-8000-8000-000000000001")

LOCK = """
    insert into tools (id, version) values ($1, 1)
    on conflict (id) do update set version = tools.version + 1 returning version
"""
LOG = "insert into loan_log (tool_id, sequence, days) select * from unnest($1::uuid[], $2::bigint[], $3::int[])"
COUNT = """
    insert into loan_counts (tool_id, times, version)
    select tool_id, count(*), max(sequence) from unnest($1::uuid[], $2::bigint[]) as e(tool_id, sequence)
    group by tool_id
    on conflict (tool_id) do update
        set times = loan_counts.times + excluded.times, version = greatest(loan_counts.version, excluded.version)
"""


class ToolLent(Event, type="test.tools.tool-lent.v1", topic=TOPIC):
    """A tool went home with someone."""

    tool_id: Annotated[UUID, Key, NotPersonal]
    borrower_id: Annotated[UUID, Pseudonym]
    days: Annotated[int, NotPersonal]


class ToolReturned(Event, type="test.tools.tool-returned.v1", topic=TOPIC):
    """A tool came back."""

    tool_id: Annotated[UUID, Key, NotPersonal]


async def lend(tx: Transaction, tool_id: UUID, days: int = 3, *, hold_s: float = 0.0) -> int:
    """Lend a tool and say so; `hold_s` keeps the transaction open with its outbox row in place."""
    version: int = await tx.fetchval(LOCK, tool_id)
    await tx.record([Fact(ToolLent(tool_id=tool_id, borrower_id=ANNA, days=days), version)])
    if hold_s:
        await asyncio.sleep(hold_s)
    return version


async def loans(tx: Transaction, events: Sequence[Recorded[ToolLent | ToolReturned]]) -> None:
    """Keep each event in the order it came, and count; nothing here would notice an event that comes twice.

    TOOLSHED_CALLS names a file that gets every event of every call, also of one that is rolled back;
    TOOLSHED_SLOW_S makes a call that slow.
    """
    if calls := os.environ.get("TOOLSHED_CALLS"):
        with Path(calls).open("a") as file:  # noqa: ASYNC230 - a line or two, so that a kill cannot lose it
            file.writelines(f"{event.id}\n" for event in events)
    tools = [event.event.tool_id for event in events]
    sequences = [event.sequence for event in events]
    await tx.execute(LOG, tools, sequences, [getattr(event.event, "days", 1) for event in events])
    await asyncio.sleep(float(os.environ.get("TOOLSHED_SLOW_S", "0")))
    await tx.execute(COUNT, tools, sequences)


PACKAGE = ModuleType("toolshed")
PACKAGE.__file__ = __file__

LOANS = Projection(of=[ToolLent, ToolReturned], apply=loans, tables=["loan_log", "loan_counts"])
SERVICE = Service(
    package=PACKAGE,
    settings=Settings,
    routers=[],
    publishes=[ToolLent, ToolReturned],
    projections={"loans": LOANS},
)
RELAY_ONLY = Service(package=PACKAGE, settings=Settings, routers=[], publishes=[ToolLent, ToolReturned])
