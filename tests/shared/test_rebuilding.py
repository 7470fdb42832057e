"""A projection rebuilt from the log equals the live one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from tests.shared import toolshed
from tests.shared.rig import Shed, until

from dorpsplein.consumer import Projection
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from dorpsplein.errors import Refused
from dorpsplein.rebuild import rebuild

COUNTS = "select tool_id, times, version from loan_counts order by tool_id"


async def test_a_rebuilt_projection_equals_the_live_one(shed: Shed) -> None:
    expected = {uuid4(): times for times in range(1, 9)}
    async with shed.runtime(role="worker"):
        for tool, times in expected.items():
            for _ in range(times):
                await shed.lend(tool)
        await shed.until_applied(expected)
        live = await shed.fetch(COUNTS)
        await spoil(shed)
        assert await rebuild("toolshed", "loans", toolshed.LOANS, shed.settings()) == sum(expected.values())
        assert await shed.fetch(COUNTS) == live
        for tool in expected:
            await shed.lend(tool)
        await shed.until_applied({tool: times + 1 for tool, times in expected.items()})


async def test_a_projection_rebuilt_while_events_flow_in_misses_none_and_doubles_none(shed: Shed) -> None:
    expected = dict.fromkeys((uuid4() for _ in range(6)), 0)
    go_on = True

    async def write(tool: UUID) -> None:
        while go_on:
            expected[tool] = await shed.lend(tool)
            await asyncio.sleep(0.005)

    async with shed.runtime(role="worker"):
        writing = asyncio.gather(*(write(tool) for tool in expected))
        for _ in range(4):
            await asyncio.sleep(0.5)
            await spoil(shed)
            await rebuild("toolshed", "loans", toolshed.LOANS, shed.settings())
        go_on = False
        await writing
        await shed.until_applied(expected)


async def test_what_a_rebuild_applied_before_the_live_consumer_is_still_reacted_to_once(shed: Shed) -> None:
    tool = uuid4()
    reacted: list[int] = []

    async def react(tx: Transaction, events: Sequence[Recorded[toolshed.ToolLent]]) -> None:
        reacted.extend(event.sequence for event in events)

    projection = replace(toolshed.LOANS, react=react)
    service = replace(toolshed.SERVICE, projections={"loans": projection})
    for _ in range(3):
        await shed.lend(tool)
    async with shed.runtime(toolshed.RELAY_ONLY, role="worker"):
        await shed.until_sent()
    assert await rebuild("toolshed", "loans", projection, shed.settings()) == 3
    assert reacted == []
    for more in (1, 2):
        async with shed.runtime(service, role="worker"):
            await shed.lend(tool)
            await shed.until_applied({tool: 3 + more})
        assert reacted == list(range(1, 4 + more))


async def test_a_rebuild_that_cannot_apply_what_the_live_one_did_changes_nothing(shed: Shed) -> None:
    tool = uuid4()

    async def broken(*_: object) -> None:
        raise ValueError("a new fault")

    async with shed.runtime(role="worker"):
        await shed.lend(tool)
        await shed.until_applied({tool: 1})
        with pytest.raises(Refused, match="a new fault"):
            await rebuild("toolshed", "loans", replace(toolshed.LOANS, apply=broken), shed.settings())
        assert await shed.applied() == {tool: [1]}
        assert await rebuild("toolshed", "loans", toolshed.LOANS, shed.settings()) == 1


async def test_what_the_live_projection_parked_a_rebuild_may_park_too(shed: Shed) -> None:
    tool = uuid4()
    async with shed.runtime(role="worker"):
        await shed.lend(tool, days=99)
        await shed.lend(tool)

        async def parked() -> bool:
            return len(await shed.dead_letters()) == 1

        await until(parked)
        assert await rebuild("toolshed", "loans", toolshed.LOANS, shed.settings()) == 2
        assert await shed.applied() == {tool: [2]}


async def test_a_projection_that_keeps_nothing_is_not_rebuilt(shed: Shed) -> None:
    with pytest.raises(Refused):
        await rebuild("toolshed", "loans", Projection(of=toolshed.LOANS.of, react=toolshed.loans), shed.settings())


async def spoil(shed: Shed) -> None:
    """Make the live tables wrong, as a bug would have."""
    async with shed.db.transaction() as tx:
        await tx.execute("update loan_counts set times = times + 100")
        await tx.execute("delete from loan_log where sequence = 1")
