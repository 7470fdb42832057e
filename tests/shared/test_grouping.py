"""Grouped commands: one transaction for those that wait, an answer for each."""

import asyncio
from collections.abc import Sequence

import pytest

from dorpsplein.envelope import CAUSE, Cause
from dorpsplein.errors import Refused, Transient
from dorpsplein.grouping import Group


class Counting:
    """Doubles numbers; remembers the batches; refuses odd ones below zero."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        await self.gate.wait()
        if 13 in numbers:
            raise ValueError("thirteen")
        if 503 in numbers:
            raise Transient("away")
        return [Refused("negative") if number < 0 else number * 2 for number in numbers]


async def test_a_lone_command_waits_for_nobody() -> None:
    counting = Counting()
    assert await Group(counting.run).submit(4) == 8
    assert counting.batches == [[4]]


async def test_what_arrives_while_a_batch_runs_forms_the_next_and_each_gets_its_own_answer() -> None:
    counting = Counting()
    counting.gate.clear()
    group = Group(counting.run)
    first = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(group.submit(number)) for number in (2, -3, 4)]
    await asyncio.sleep(0)
    counting.gate.set()
    assert await first == 2
    answers = await asyncio.gather(*others, return_exceptions=True)
    assert counting.batches == [[1], [2, -3, 4]]
    assert answers[0] == 4
    assert isinstance(answers[1], Refused)
    assert answers[2] == 8


async def test_a_fault_that_lies_in_one_command_reaches_only_its_caller() -> None:
    counting = Counting()
    group = Group(counting.run)
    answers = await asyncio.gather(*(group.submit(n) for n in (1, 13, 3)), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 6


async def test_something_away_for_a_moment_reaches_every_caller_and_nothing_is_tried_twice() -> None:
    counting = Counting()
    group = Group(counting.run)
    answers = await asyncio.gather(*(group.submit(n) for n in (1, 503, 3)), return_exceptions=True)
    assert all(isinstance(answer, Transient) for answer in answers)
    assert counting.batches == [[1, 503, 3]]


async def test_a_cancelled_caller_leaves_and_the_others_are_answered() -> None:
    counting = Counting()
    group = Group(counting.run)
    leaving, staying = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await group.submit(3) == 6


async def test_a_handler_that_forgets_an_answer_hangs_nobody() -> None:
    async def forgetful(_: Sequence[int]) -> list[int]:
        return []

    group = Group(forgetful)
    answers = await asyncio.gather(group.submit(1), group.submit(2), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["0 answers to 2 commands"] * 2


async def test_no_more_than_most_run_at_once() -> None:
    counting = Counting()
    group = Group(counting.run, most=3)
    assert await asyncio.gather(*(group.submit(n) for n in range(8))) == [n * 2 for n in range(8)]
    assert [len(batch) for batch in counting.batches] == [3, 3, 2]


async def test_a_batch_belongs_to_no_single_callers_trace() -> None:
    seen: list[Cause | None] = []

    async def run(numbers: Sequence[int]) -> list[int]:
        seen.append(CAUSE.get())
        return list(numbers)

    token = CAUSE.set(Cause("the first caller"))
    try:
        await Group(run).submit(1)
    finally:
        CAUSE.reset(token)
    assert seen == [None]
