"""One request, one trace: from the HTTP command to every service that hears of it."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.conftest import MakeDatabase
from tests.journeys.waiting import until
from tests.support import Running, login, running

import funding.app
import initiatives.app
import notifications.app
from dorpsplein import telemetry

SERVICES = {
    "initiatives": initiatives.app.SERVICE,
    "funding": funding.app.SERVICE,
    "notifications": notifications.app.SERVICE,
}
KNOBS = {
    "numerator": 1,
    "denominator": 2,
    "capPledgeCents": 10_000,
    "capDonorCents": 10_000,
    "capInitiativeCents": 10_000,
}


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span of this process; tracing is turned on once a process."""
    exporter = InMemorySpanExporter()
    telemetry.trace_to(SimpleSpanProcessor(exporter), "journey")
    yield exporter
    telemetry.stop_tracing()


def names(spans: InMemorySpanExporter, trace_id: int) -> list[str]:
    found: tuple[ReadableSpan, ...] = spans.get_finished_spans()
    return [span.name for span in found if span.context.trace_id == trace_id]


async def created(service: Running, path: str, who: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await service.client.post(path, json=body, headers=login(who))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_one_pledge_is_one_trace_through_three_services(
    kafka: str, make_database: MakeDatabase, topic_prefix: str, spans: InMemorySpanExporter
) -> None:
    async with AsyncExitStack() as stack:
        at = {
            name: await stack.enter_async_context(
                running(service, make_database(name), kafka=kafka, topic_prefix=topic_prefix)
            )
            for name, service in SERVICES.items()
        }
        wish = {"title": "Een buurttuin", "summary": "Samen groen maken.", "theme": "groen", "meansNeededCents": 900}
        initiative = (await created(at["initiatives"], "/initiatives", "anna", wish))["id"]
        fund = await created(at["funding"], "/funds", "chris", {"name": "Dorpsfonds", "rule": "ratio", "knobs": KNOBS})
        closes = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        terms = {"fundId": fund["id"], "closesAt": closes}
        opened = await created(at["funding"], "/rounds", "chris", terms)
        line = {"cofinancier": "gemeente", "amountCents": 5_000}
        await created(at["funding"], f"/rounds/{opened['id']}/pot-lines", "chris", line)

        async def known() -> bool:
            return (await at["funding"].client.get(f"/initiatives/{initiative}/means")).status_code == 200

        await until(known)
        spans.clear()
        pledge = {"initiativeId": initiative, "roundId": opened["id"], "amountCents": 500}
        await created(at["funding"], "/pledges", "anna", pledge)
        request = next(span for span in spans.get_finished_spans() if span.name == "POST /v1/pledges")

        def heard(service: str, event: str) -> bool:
            told = names(spans, request.context.trace_id)
            return any(name.startswith(f"{topic_prefix}{service}.") and name.endswith(event) for name in told)

        for service in ("initiatives", "notifications"):
            for event in ("PledgeMade", "PledgeMatched"):

                async def has_heard(service: str = service, event: str = event) -> bool:
                    return heard(service, event)

                await until(has_heard)
