"""The service at work with its relay and consumers, on real Kafka and PostgreSQL."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from tests.conftest import MakeDatabase
from tests.initiatives.conftest import THRESHOLD, Initiatives
from tests.support import running

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.envelope import Fact
from dorpsplein.rebuild import rebuild
from initiatives.app import SERVICE

SETTINGS = {"support_threshold": THRESHOLD}
TABLES = {"page": ("means", "timeline"), "contributions": ("contributions",)}


async def eventually(look: Callable[[], Awaitable[Any]], expected: Any) -> None:
    """Look until it is as expected; fails with what was seen last."""
    deadline = time.monotonic() + 60
    while (seen := await look()) != expected:
        assert time.monotonic() < deadline, f"last seen: {seen!r}"
        await asyncio.sleep(0.05)


async def kept(initiatives: Initiatives) -> dict[str, list[Any]]:
    """The rows of every projection; JSON as text, because it cannot be compared or sorted."""
    return {
        table: sorted(str(row) for row in await initiatives.rows(f"select t::text from {table} t"))
        for tables in TABLES.values()
        for table in tables
    }


async def test_a_crowd_makes_an_initiative_supported_and_its_page_and_a_rebuild_agree(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
) -> None:
    urls = make_database("initiatives")
    async with running(SERVICE, urls, kafka=kafka, topic_prefix=topic_prefix, settings=SETTINGS) as there:
        initiatives = Initiatives(there.runtime, there.client)
        initiative = await initiatives.propose()
        crowd = [f"resident-{number}" for number in range(40)]
        await asyncio.gather(*(initiatives.support(initiative, by=who) for who in crowd))
        await asyncio.gather(*(initiatives.take_back(initiative, by=who) for who in crowd[:5]))
        encounter = EncounterState(
            encounter_id=uuid4(),
            initiative_id=UUID(initiative),
            theme="groen",
            words="Meer bankjes",
            consent="anonymous",
        )
        async with there.runtime.database.transaction() as tx:
            await tx.record([Fact(encounter, 1)])

        async def seen() -> Any:
            page = await initiatives.page(initiative)
            told = sorted((line["type"].split(".")[-2], line["count"]) for line in page["latest"])
            return page["status"], page["supports"], [c["words"] for c in page["contributions"]], told

        expected = [
            ("contribution-offered", 1),
            ("initiative-proposed", 1),
            ("support-given", 40),
            ("support-withdrawn", 5),
            ("threshold-reached", 1),
        ]
        await eventually(seen, ("supported", 35, ["Meer bankjes"], expected))
        live = await kept(initiatives)
        for name, tables in TABLES.items():
            for table in tables:
                await initiatives.rows(f"delete from {table} returning 1")
            await rebuild("initiatives", name, SERVICE.projections[name], there.runtime.settings)
        assert await kept(initiatives) == live
        assert (await initiatives.page(initiative))["version"] == 2


async def test_what_was_accepted_while_kafka_was_away_is_told_when_it_is_back(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
) -> None:
    urls = make_database("initiatives")
    async with running(SERVICE, urls, topic_prefix=topic_prefix, settings=SETTINGS) as there:
        initiatives = Initiatives(there.runtime, there.client)
        initiative = await initiatives.propose()
        for number in range(THRESHOLD):
            assert (await initiatives.support(initiative, by=f"resident-{number}")).status_code == 200
    async with running(SERVICE, urls, kafka=kafka, topic_prefix=topic_prefix, settings=SETTINGS) as there:
        initiatives = Initiatives(there.runtime, there.client)

        async def seen() -> Any:
            page = await initiatives.page(initiative)
            return page["status"], page["supports"]

        await eventually(seen, ("supported", THRESHOLD))
