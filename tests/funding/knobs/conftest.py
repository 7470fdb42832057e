"""A fund whose knobs can be turned, people who may vote on them, and the days that go by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from httpx import Response
from tests.funding.conftest import Funding, at_once
from tests.support import login, person

from dorpsplein.timers import fire_due
from funding.timers import HANDLERS

REASON = "Kleine initiatieven komen zo vaker rond."


@dataclass
class Square:
    """The service as people speak to it who turn knobs."""

    funding: Funding
    fund: str = ""

    @property
    def now(self) -> datetime:
        return self.funding.now

    async def open_fund(self, rule: str = "ratio", *, least_voters: int = 3, **given: Any) -> str:
        """A fund with these first values; its id."""
        return await self.funding.fund(rule, leastVoters=least_voters, **given)

    async def enrol(self, *people: str) -> None:
        for one in people:
            answer = await self.funding.client.put("/electorate/me", headers=login(one))
            assert answer.status_code == 204, answer.text

    async def ask_draft(self, by: str = "anna", **body: Any) -> Response:
        return await self.funding.post("/knob-changes", {"fundId": self.fund, "reason": REASON} | body, by=by)

    async def draft(self, by: str = "anna", *, bounds: Any = None, **values: Any) -> str:
        answer = await self.ask_draft(by, values=values, **({"bounds": bounds} if bounds else {}))
        assert answer.status_code == 201, answer.text
        change: str = answer.json()["id"]
        return change

    async def do(self, change: str, what: str, body: Any = None, *, by: str = "anna") -> Response:
        return await self.funding.post(f"/knob-changes/{change}/{what}", body, by=by)

    async def opened(self, by: str = "anna", *, bounds: Any = None, **values: Any) -> str:
        """A change that is drafted, simulated and open for voting; its id."""
        change = await self.draft(by, bounds=bounds, **values)
        for what in ("simulation", "opening"):
            answer = await self.do(change, what, by=by)
            assert answer.status_code == 200, answer.text
        return change

    async def vote(self, change: str, by: str, choice: str = "yes", ballot: UUID | str | None = None) -> Response:
        return await self.do(change, "ballots", {"id": str(ballot or uuid4()), "choice": choice}, by=by)

    async def votes(self, change: str, *people: str, choice: str = "yes") -> None:
        for answer in await at_once(*(self.vote(change, one, choice) for one in people)):
            assert answer.status_code == 204, answer.text

    async def show(self, change: str) -> Any:
        answer = await self.funding.get(f"/knob-changes/{change}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def status(self, change: str) -> str:
        return str((await self.show(change))["status"])

    async def knobs(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.funding.get(f"/funds/{self.fund}/knobs")).json()
        return answer | {"values": {one["name"]: one["value"] for one in answer["values"]}}

    async def pass_by(self, **time: float) -> int:
        """Let time go by, and fire the timers that are due then; how many fired."""
        self.funding.now += timedelta(**time)
        return await fire_due(self.funding.runtime.database, HANDLERS, self.now)

    async def adopted(self, *, bounds: Any = None, **values: Any) -> str:
        """A change that everyone voted for, seven days later; its id."""
        change = await self.opened(bounds=bounds, **values)
        await self.votes(change, "anna", "bea", "cas", "daan")
        await self.pass_by(days=7)
        assert await self.status(change) == "adopted"
        return change

    def caller(self, name: str) -> UUID:
        return person(name)


@pytest_asyncio.fixture
async def square(funding: Funding) -> AsyncIterator[Square]:
    there = Square(funding)
    there.fund = await there.open_fund()
    await there.enrol("anna", "bea", "cas", "daan")
    yield there
