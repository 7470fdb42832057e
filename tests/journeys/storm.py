"""A storm of pledges: many people at once, each with ids of their own, who ask again until they are answered."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

NOT_AGAIN_S = 30.0
"""How long an answer may take before it is asked for again."""
IN_A_HURRY_S = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody will ask for. `quote`: the id of a quote to ask for first. `hurried`: asks once, and goes."""

    id: str
    who: str
    initiative: str
    cents: int
    quote: str | None = None
    hurried: bool = False


def wishes(
    rng: random.Random, count: int, initiatives: Sequence[str], *, residents: int, quoted: int, hurried: int
) -> list[Wish]:
    """So many wishes, two in five of them for the first initiative; who asks for a quote does so once."""
    quoting, hurrying = (set(rng.sample(range(count), most)) for most in (quoted, hurried))
    return [
        Wish(
            id=str(uuid4()),
            who=f"quoting-{number}" if number in quoting else f"resident-{rng.randrange(residents)}",
            initiative=initiatives[0] if number % 5 < 2 else rng.choice(initiatives[1:]),
            cents=rng.randrange(100, 3_000),
            quote=str(uuid4()) if number in quoting else None,
            hurried=number in hurrying,
        )
        for number in range(count)
    ]


@dataclass
class Storm:
    """Sends wishes to a round over `connections` connections and keeps every answer.

    `answers` are the pledges as they were answered (200 or 201), by id; `refused` every other answer.
    """

    base: str
    round_id: str
    tokens: Mapping[str, str]
    connections: int = 96
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[tuple[Wish, int, str]] = field(default_factory=list)
    again: int = 0

    async def blow(self, wanted: Sequence[Wish]) -> None:
        """Send all of them, each client its next when the last was answered."""
        waiting = iter(wanted)
        connector = aiohttp.TCPConnector(limit=self.connections)
        async with aiohttp.ClientSession(self.base, connector=connector) as http, asyncio.TaskGroup() as group:
            for _ in range(self.connections):
                group.create_task(self._client(http, waiting))

    async def _client(self, http: aiohttp.ClientSession, waiting: Iterator[Wish]) -> None:
        for wish in waiting:
            body = {"initiativeId": wish.initiative, "roundId": self.round_id, "amountCents": wish.cents}
            if wish.quote and not await self._ask(http, "match-quotes", wish, {**body, "id": wish.quote}):
                continue
            quoted = {"quoteId": wish.quote} if wish.quote else {}
            answer = await self._ask(http, "pledges", wish, {**body, **quoted, "id": wish.id})
            if answer is not None:
                self.answers[wish.id] = answer

    async def _ask(
        self, http: aiohttp.ClientSession, what: str, wish: Wish, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Ask until there is an answer; who is in a hurry asks once. None where it was refused or not waited for."""
        headers = {"Authorization": f"Bearer {self.tokens[wish.who]}"}
        patience = aiohttp.ClientTimeout(total=IN_A_HURRY_S if wish.hurried else NOT_AGAIN_S)
        while True:
            try:
                async with http.post(f"v1/{what}", json=body, headers=headers, timeout=patience) as answer:
                    text = await answer.text()
                    if answer.status in (200, 201):
                        document: dict[str, Any] = await answer.json()
                        return document
                    if answer.status < 500:
                        self.refused.append((wish, answer.status, text))
                        return None
            except (aiohttp.ClientError, TimeoutError):
                pass
            if wish.hurried:
                return None
            self.again += 1
            await asyncio.sleep(0.1)


async def kill_at(moments: Sequence[int], progress: Callable[[], int], kill: Callable[[], None]) -> None:
    """Kill each time the progress passes one of these moments; `kill` returns once what it killed is there again."""
    for moment in moments:
        while progress() < moment:  # noqa: ASYNC110 - progress is looked at, not announced
            await asyncio.sleep(0.002)
        await asyncio.to_thread(kill)
