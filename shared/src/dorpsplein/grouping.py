"""Grouping: commands that wait at the same time share one transaction, each with its own answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from dorpsplein.errors import Transient

Command = TypeVar("Command")
Answer = TypeVar("Answer")


class Group(Generic[Command, Answer]):
    """Runs submitted commands in batches, one batch at a time: what arrives meanwhile forms the next one.

    A lone command waits for nobody. A caller that is cancelled leaves; its command may still be carried out.
    """

    def __init__(
        self, run: Callable[[Sequence[Command]], Awaitable[Sequence[Answer | Exception]]], most: int = 256
    ) -> None:
        self._run = run
        self._most = most
        self._waiting: list[tuple[Command, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, command: Command) -> Answer:
        """Carry out a command with whatever else is waiting; raises what its own decision raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._worker is None or self._worker.done():
            # In a context of its own: the batch belongs to no single caller, and to none's trace.
            self._worker = asyncio.create_task(self._work(), context=Context())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            answers = await self._answers([command for command, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _answers(self, commands: Sequence[Command]) -> Sequence[Answer | Exception]:
        """One answer a command. A fault of the whole batch that may lie in one of them is pinned to its own."""
        try:
            answers = await self._run(commands)
        except Exception as fault:  # noqa: BLE001 - handed to the callers, none is swallowed
            if isinstance(fault, Transient) or len(commands) == 1:
                return [fault] * len(commands)
            return [answer for command in commands for answer in await self._answers([command])]
        if len(answers) != len(commands):
            return [TypeError(f"{len(answers)} answers to {len(commands)} commands")] * len(commands)
        return answers
