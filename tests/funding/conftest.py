"""A funding service on a fresh database, whose clock stands where a test puts it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from tests.conftest import MakeDatabase
from tests.funding import faults
from tests.support import login, person, running

from dorpsplein.contracts.initiatives.initiatives import InitiativeProposed
from dorpsplein.envelope import EVENTS, Event, Fact, Recorded, binary_headers, recorded
from dorpsplein.service import Runtime
from dorpsplein.timers import fire_due
from funding.app import SERVICE
from funding.commands.transparency import sign_what_waits, signer_of
from funding.timers import HANDLERS

faults.LIST.put_in_chosen()

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KNOBS = {
    "numerator": 1,
    "denominator": 2,
    "capPledgeCents": 10_000,
    "capDonorCents": 12_000,
    "capInitiativeCents": 20_000,
}


@dataclass
class Funding:
    """The service as a test speaks to it."""

    runtime: Runtime
    client: AsyncClient
    now: datetime = NOON

    async def post(self, path: str, body: Any = None, *, by: str = "chris", key: str | None = None) -> Response:
        headers = login(by) | ({"Idempotency-Key": key} if key else {}) | {"Content-Type": "application/json"}
        return await self.client.post(path, content=json.dumps(body) if body is not None else None, headers=headers)

    async def put(self, path: str, body: Any, *, by: str = "anna") -> Response:
        headers = login(by) | {"Content-Type": "application/json"}
        return await self.client.put(path, content=json.dumps(body), headers=headers)

    async def get(self, path: str, **query: Any) -> Response:
        return await self.client.get(path, params=query)

    async def initiative(self, needed: int = 0, *, by: str = "ina", theme: str = "groen", where: str = "") -> str:
        """An initiative of somebody that this service has heard of; its id."""
        initiative = uuid4()
        await self.hear(proposed(initiative, needed, by=by, theme=theme, where=where))
        return str(initiative)

    async def needs(self, initiative: str, *needs: tuple[Any, ...], by: str = "ina", **other: Any) -> Response:
        """Set a needs board; a line is (resource, minimum) or (resource, minimum, wished)."""
        names = ("resource", "minimum", "wished")
        board = {"needs": [dict(zip(names, need, strict=False)) for need in needs]}
        return await self.put(f"/initiatives/{initiative}/needs", board | other, by=by)

    async def pass_by(self, **time: float) -> int:
        """Let time go by, and fire the timers that are due then; how many fired."""
        self.now += timedelta(**time)
        return await fire_due(self.runtime.database, HANDLERS, self.now)

    async def round(self, *pots: int, closes_h: float = 24, **knobs: int) -> str:
        """Open a round with these pot lines (`gemeente`, `provincie`, …); its id."""
        opened = await self.post("/rounds", round_body(await self.fund("ratio", **knobs), closes_h))
        assert opened.status_code == 201, opened.text
        for cofinancier, cents in zip(("gemeente", "provincie", "bank"), pots, strict=False):
            await self.pot_line(opened.json()["id"], cofinancier, cents)
        round_id: str = opened.json()["id"]
        return round_id

    async def fund(self, rule: str = "ratio", **knobs: int | str) -> str:
        """Open a fund under a rule; its id."""
        first = {**KNOBS, **knobs} if rule == "ratio" else knobs
        opened = await self.post("/funds", {"name": "Dorpsfonds", "rule": rule, "knobs": first})
        assert opened.status_code == 201, opened.text
        fund_id: str = opened.json()["id"]
        return fund_id

    async def pot_line(self, round_id: str, cofinancier: str, cents: int, **conditions: Any) -> Any:
        line = {"cofinancier": cofinancier, "amountCents": cents} | conditions
        answer = await self.post(f"/rounds/{round_id}/pot-lines", line)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pledge(
        self, initiative: str, cents: int, round_id: str | None = None, *, by: str = "anna", **other: Any
    ) -> Any:
        body = {"initiativeId": initiative, "amountCents": cents} | ({"roundId": round_id} if round_id else {})
        answer = await self.post("/pledges", body | other, by=by)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def means(self, initiative: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.get(f"/initiatives/{initiative}/means")).json()
        return answer

    async def left(self, round_id: str) -> list[int]:
        """What each pot line has left, in order of adding."""
        shown = (await self.get(f"/rounds/{round_id}")).json()
        return [line["leftCents"] for line in shown["potLines"]]

    async def audit(self) -> Any:
        """Recompute the ledger once all of it is in the log; it must be in balance."""
        signer = signer_of(self.runtime.settings)  # type: ignore[arg-type]
        await sign_what_waits(self.runtime.database, signer, self.now)
        answer = (await self.post("/ledger/audit", by="otto")).json()
        assert answer["balanced"], answer
        return answer

    async def hear(self, *events: tuple[Event, int]) -> None:
        """Let the projections have events, each with its version."""
        facts = [heard(event, version) for event, version in events]
        for consumer in self.runtime.consumers:
            wanted = [fact for fact in facts if type(fact.event) in SERVICE.projections[consumer.name].of]
            if wanted:
                await consumer.apply(wanted)

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.runtime.database.transaction() as tx:
            return [tuple(row) for row in await tx.fetch(statement, *arguments)]

    async def events(self, *kinds: type[Event]) -> list[tuple[Event, int]]:
        """What stands in the outbox, in order: event and version; of some kinds only where they are given."""
        rows = await self.rows(
            "select headers::json ->> 'ce_type', (headers::json ->> 'ce_sequence')::int, body from outbox order by id"
        )
        events = [(EVENTS[kind].model_validate_json(body), version) for kind, version, body in rows]
        return [(event, version) for event, version in events if not kinds or isinstance(event, kinds)]


def round_body(fund: str, closes_h: float = 24) -> dict[str, Any]:
    """The body that opens a round until `closes_h` hours after noon."""
    closes = (NOON + timedelta(hours=closes_h)).isoformat()
    return {"fundId": fund, "closesAt": closes}


def proposed(
    initiative: UUID, needed: int = 0, version: int = 1, *, by: str = "ina", theme: str = "groen", where: str = ""
) -> tuple[Event, int]:
    """The fact that an initiative was proposed, and its version."""
    event = InitiativeProposed(
        initiative_id=initiative,
        initiator_id=person(by),
        theme=theme,
        neighbourhood=where or None,
        means_needed_cents=needed,
        threshold=5,
    )
    return event, version


def heard(event: Event, version: int) -> Recorded[Event]:
    """An event as it comes from the log."""
    headers = binary_headers(Fact(event, version), source="urn:test", schemas_url="http://test", now=NOON)
    read = recorded([(name, value.encode()) for name, value in headers.items()], event.model_dump_json().encode())
    assert read is not None
    return read


async def at_once(*asked: Any) -> list[Any]:
    """Everything asked at the same moment."""
    return list(await asyncio.gather(*asked))


@pytest.fixture
async def funding(make_database: MakeDatabase) -> AsyncIterator[Funding]:
    async with running(SERVICE, make_database("funding")) as there:
        service = Funding(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: service.now)
        yield service


@pytest.fixture
async def two(make_database: MakeDatabase) -> AsyncIterator[tuple[Funding, Funding]]:
    """The service as two processes on one database."""
    urls = make_database("funding")
    async with running(SERVICE, urls) as one, running(SERVICE, urls) as other:
        services = Funding(one.runtime, one.client), Funding(other.runtime, other.client)
        for service in services:
            service.runtime.outbox = replace(service.runtime.outbox, clock=lambda: services[0].now)
        yield services
