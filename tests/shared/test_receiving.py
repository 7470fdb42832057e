"""What the consumer promises. Real PostgreSQL, real Kafka, processes really stopped."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.shared import toolshed
from tests.shared.rig import Shed, until

from dorpsplein.envelope import Fact, binary_headers
from dorpsplein.outbox import system_clock


async def test_an_event_delivered_twice_changes_state_once(shed: Shed) -> None:
    """Twice in one batch, in two batches, and long after."""
    tool = uuid4()
    async with shed.runtime(role="worker"):
        await shed.lend(tool)
        await shed.until_applied({tool: 1})
        for _ in range(2):
            await send_again(shed)
        await shed.lend(tool)
        await send_again(shed)
        last = uuid4()
        await shed.lend(last)
        await shed.until_applied({tool: 2, last: 1})


@pytest.mark.parametrize("point", ["before_tx", "before_commit", "committed_not_answered", "applied_not_acked"])
async def test_a_consumer_killed_anywhere_loses_nothing_and_repeats_nothing(shed: Shed, point: str) -> None:
    tool, calls = uuid4(), Path(shed.folder, "calls")
    await record(shed, tool, 5)
    environment = {"TOOLSHED_CALLS": str(calls), "TOOLSHED_SLOW_S": "0.5"}
    killed = await shed.worker(failpoints=f"{point}=kill@1", environment=environment)
    assert await killed.ended() == -signal.SIGKILL
    assert calls.exists() is (point != "before_tx"), "it was killed somewhere else"
    await shed.lend(tool)
    async with shed.runtime(role="worker"):
        await shed.until_applied({tool: 6})


async def test_a_poison_record_goes_to_the_dead_letters_and_the_next_is_handled(shed: Shed) -> None:
    tool = uuid4()
    good, body = envelope(tool, 1)
    poison: dict[str, tuple[Mapping[str, bytes | None], bytes]] = {
        "the body does not fit its type": (good, b"{not json"),
        "attribute 'ce_type' is missing": (without(good, "ce_type"), body),
        "attribute 'ce_id' is missing": (without(good, "ce_id"), body),
        "a header is not UTF-8": ({**good, "ce_source": b"\xff\xfe"}, body),
        "a header has no value": ({**good, "ce_source": None}, body),
        "badly formed hexadecimal UUID": ({**good, "ce_id": b"no-uuid"}, body),
        "invalid literal for int()": ({**good, "ce_sequence": b"first"}, body),
        "ce_time has no offset": ({**good, "ce_time": b"2026-01-01T12:00:00"}, body),
        "CheckViolationError": envelope(tool, 1, days=99),
        "value out of int64 range": envelope(tool, 2**70),
        "nul in a header": ({**good, "ce_id": b"nul in a \x00 header", "nul\x00name": b"x"}, body),
    }
    async with shed.producer() as producer:
        for sequence, (headers, value) in enumerate(poison.values(), start=1):
            await producer.send(shed.topic, value, partition=0, headers=list(headers.items()))
            headers, value = envelope(tool, sequence)
            await producer.send(shed.topic, value, partition=0, headers=list(headers.items()))
    async with shed.runtime(role="worker"):
        await shed.until_applied({tool: len(poison)})

        async def all_done() -> bool:
            return await shed.committed() == 2 * len(poison)

        await until(all_done)
        await shed.until_sent()
    letters = sorted(await shed.dead_letters(), key=lambda letter: letter["offset"])
    assert [letter["offset"] for letter in letters] == list(range(0, 2 * len(poison), 2))
    for letter, (reason, (_, value)) in zip(letters, poison.items(), strict=True):
        assert reason.split(" in a ")[0] in letter["reason"] + letter["headers"]
        assert letter["body"] == value
        assert "\0" not in letter["headers"]
    told = await shed.log(shed.prefix + "toolshed.dead-letters")
    assert Counter(record.value for record in told) == Counter(value for _, value in poison.values())


async def test_the_dead_letter_limit_stops_the_consumer(shed: Shed) -> None:
    """It keeps its place, nothing is lost, and readiness says why."""
    tool = uuid4()
    async with shed.producer() as producer:
        for sequence in (1, 2):
            headers, value = envelope(tool, sequence)
            await producer.send_and_wait(shed.topic, value, partition=0, headers=list(headers.items()))
        for _ in range(10):
            await producer.send_and_wait(shed.topic, b"{", partition=0, headers=list(headers.items()))
        headers, value = envelope(tool, 3)
        await producer.send_and_wait(shed.topic, value, partition=0, headers=list(headers.items()))
    worker = await shed.worker(dead_letter_limit="5", batch_records="2")

    async def halted() -> bool:
        return "in a row could not be handled" in await worker.missing()

    await until(halted)
    assert await shed.applied() == {tool: [1, 2]}
    parked = len(await shed.dead_letters())
    assert 2 <= parked <= 5
    assert await shed.committed() == 2 + parked
    worker.kill(signal.SIGTERM)
    assert await worker.ended() == 0
    async with shed.runtime(role="worker"):
        await shed.until_applied({tool: 3})
    assert len(await shed.dead_letters()) == 10


async def test_sigterm_finishes_and_commits_the_running_batch(shed: Shed) -> None:
    tool, calls = uuid4(), Path(shed.folder, "calls")
    await record(shed, tool, 5)
    worker = await shed.worker(environment={"TOOLSHED_CALLS": str(calls), "TOOLSHED_SLOW_S": "3"})
    await until_called(calls)
    worker.kill(signal.SIGTERM)
    assert await worker.ended() == 0
    assert await shed.applied() == {tool: [1, 2, 3, 4, 5]}
    assert await shed.committed() == 5
    again = await shed.worker(environment={"TOOLSHED_CALLS": str(calls)})
    await record(shed, tool, 1)
    await shed.until_applied({tool: 6})
    assert set(Counter(calls.read_text().split()).values()) == {1}
    again.kill()


async def test_a_rebalance_does_not_repeat_a_running_batch(shed: Shed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process joins while the first is in a batch that takes longer than its session may be silent."""
    expected, calls = {uuid4(): 2 for _ in range(12)}, Path(shed.folder, "calls")
    for tool, times in expected.items():
        await record(shed, tool, times, wait=False)
    async with shed.runtime(toolshed.RELAY_ONLY, role="worker"):
        await shed.until_sent()
    await shed.worker(environment={"TOOLSHED_CALLS": str(calls), "TOOLSHED_SLOW_S": "12"})
    await until_called(calls)
    monkeypatch.setenv("TOOLSHED_CALLS", str(calls))
    async with shed.runtime(role="worker") as second:

        async def joined() -> bool:
            return second.started and second.consumers[0].assigned

        await until(joined)
        assert await shed.committed() == 24, "the partitions moved before the batch was committed"
        await shed.until_applied(expected)
        await asyncio.sleep(0.5)
    assert set(Counter(calls.read_text().split()).values()) == {1}


def envelope(tool: UUID, sequence: int, days: int = 3) -> tuple[dict[str, bytes | None], bytes]:
    """Return headers and body as the outbox would make them."""
    fact = Fact(toolshed.ToolLent(tool_id=tool, borrower_id=toolshed.ANNA, days=days), sequence)
    headers = binary_headers(fact, source="urn:nld:test", schemas_url="http://localhost/schemas", now=system_clock())
    return {name: value.encode() for name, value in headers.items()}, fact.event.model_dump_json().encode()


def without(headers: Mapping[str, bytes | None], name: str) -> dict[str, bytes | None]:
    return {other: value for other, value in headers.items() if other != name}


async def send_again(shed: Shed) -> None:
    """Send every record of the log once more, as it was."""
    records = await shed.log()
    async with shed.producer() as producer:
        for record in records:
            await producer.send(shed.topic, record.value, key=record.key, headers=list(record.headers))


async def record(shed: Shed, tool: UUID, times: int, *, wait: bool = True) -> None:
    """Record events of a tool; with `wait` they are in Kafka, all at once, when this returns."""
    for _ in range(times):
        await shed.lend(tool)
    if wait:
        async with shed.runtime(toolshed.RELAY_ONLY, role="worker"):
            await shed.until_sent()


async def until_called(calls: Path) -> None:
    """Wait until a batch is being applied."""

    async def called() -> bool:
        return calls.exists() and bool(calls.read_text())

    await until(called)
