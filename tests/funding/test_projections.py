"""What funding keeps of initiatives: right for any order of arrival, equal when rebuilt, on real Kafka at the end."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding, proposed
from tests.support import running

from dorpsplein.contracts.funding.pledges import (
    PledgeMade,
    PledgeMatched,
)
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeProposed, InitiativeWithdrawn
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.envelope import Event, Fact, binary_headers, recorded
from dorpsplein.rebuild import rebuild
from funding.app import SERVICE

ONE, OTHER = UUID(int=1), UUID(int=2)


def edited(initiative: UUID, needed: int) -> InitiativeEdited:
    return InitiativeEdited(
        initiative_id=initiative, changed=["meansNeededCents"], theme="sport", means_needed_cents=needed
    )


async def initiatives(funding: Funding) -> list[Any]:
    return await funding.rows(
        "select initiative_id, version, status, theme, needed_cents from initiatives order by initiative_id"
    )


async def test_an_initiative_is_kept_as_its_newest_fact_says(funding: Funding):
    withdrawn = InitiativeWithdrawn(initiative_id=OTHER, reason="no-time")
    history = [proposed(ONE, 100), (edited(ONE, 250), 2), proposed(OTHER, 70), (withdrawn, 2)]
    expected = [(ONE, 2, "proposed", "sport", 250), (OTHER, 2, "withdrawn", "groen", 70)]
    await funding.hear(*history)
    assert await initiatives(funding) == expected
    await funding.hear(*history)
    assert await initiatives(funding) == expected


async def test_facts_that_come_one_by_one_give_the_same_as_a_batch(funding: Funding):
    for fact in [proposed(ONE, 100), (edited(ONE, 250), 2), (InitiativeWithdrawn(initiative_id=ONE, reason="x"), 3)]:
        await funding.hear(fact)
    assert await initiatives(funding) == [(ONE, 3, "withdrawn", "sport", 250)]


async def test_supports_are_counted_in_any_order_also_before_their_initiative_is_known(funding: Funding):
    people = [uuid4() for _ in range(20)]
    facts: list[tuple[Event, int]] = [
        (SupportGiven(support_id=who, initiative_id=ONE, supporter_id=who), 1) for who in people
    ]
    facts += [(SupportWithdrawn(support_id=who, initiative_id=ONE, supporter_id=who), 2) for who in people[:5]]
    moves = {"initiative_id": ONE, "into_id": OTHER, "merge_id": uuid4()}
    facts += [(SupportMoved(support_id=who, supporter_id=who, **moves), 2) for who in people[5:8]]
    facts += [(SupportReturned(support_id=who, supporter_id=who, **moves), 3) for who in people[5:7]]
    random.Random(7).shuffle(facts)
    await funding.hear(*facts)
    await funding.hear(proposed(ONE))
    asked = (await funding.get("/initiative-supports", ids=f"{ONE},{OTHER}")).json()
    assert asked == {"items": [{"initiativeId": str(i), "supports": n} for i, n in ((ONE, 14), (OTHER, 0))]}
    assert (await funding.means(str(ONE)))["supports"] == 14


async def test_means_say_what_is_needed_given_and_missing(funding: Funding):
    initiative = await funding.initiative(10_000)
    await funding.pledge(initiative, 3_000, await funding.round(100_000))
    means = await funding.means(initiative)
    assert means == means | {
        "initiativeId": initiative,
        "neededCents": 10_000,
        "pledgedCents": 3_000,
        "matchedCents": 1_500,
        "missingCents": 5_500,
        "pledges": 1,
        "supports": 0,
    }


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await look():  # noqa: ASYNC110 - it looks over HTTP
            await asyncio.sleep(0.05)


async def send(kafka: str, prefix: str, *facts: Fact) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for fact in facts:
            headers = binary_headers(fact, source="urn:test", schemas_url="http://test", now=NOON)
            await producer.send_and_wait(
                prefix + fact.event.topic,
                fact.event.model_dump_json().encode(),
                key=fact.event.key.encode(),
                headers=[(name, value.encode()) for name, value in headers.items()],
            )


async def test_on_kafka_an_initiative_comes_in_and_its_pledge_and_match_go_out_in_order(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
):
    urls, initiative = make_database("funding"), uuid4()
    often = {"audit_interval_s": 0.2}
    async with running(SERVICE, urls, kafka=kafka, topic_prefix=topic_prefix, settings=often) as there:
        funding = Funding(there.runtime, there.client)

        async def ready() -> bool:
            return not await there.runtime.not_ready()

        async def known() -> bool:
            return (await funding.get(f"/initiatives/{initiative}/means")).status_code == 200

        async def audited() -> bool:
            last = (await funding.get("/ledger/audit")).json()
            return bool(last.get("transfers") == 3 and last["balanced"])

        await until(ready)
        event = InitiativeProposed(
            initiative_id=initiative, initiator_id=uuid4(), theme="groen", means_needed_cents=100_000, threshold=5
        )
        await send(kafka, topic_prefix, Fact(event, 1))
        await until(known)
        round_id = await _open_round(funding)
        pledge = await funding.pledge(str(initiative), 3_000, round_id)
        await until(audited)
        out = await _read(kafka, f"{topic_prefix}{PledgeMade.topic}", 2)
        assert [(type(one.event), one.subject, one.sequence) for one in out] == [
            (PledgeMade, pledge["id"], 1),
            (PledgeMatched, pledge["id"], 2),
        ]
        assert len({one.headers["ce_correlationid"] for one in out}) == 1
        before = await initiatives(funding)
        assert await rebuild("funding", "initiatives", SERVICE.projections["initiatives"], there.runtime.settings) == 1
        assert await initiatives(funding) == before


async def _open_round(funding: Funding) -> str:
    hours = (datetime.now(UTC) + timedelta(days=1) - NOON).total_seconds() / 3600
    return await funding.round(10_000, closes_h=hours)


async def _read(kafka: str, topic: str, count: int) -> list[Any]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        records = [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
    return [recorded(record.headers, record.value) for record in records]
