"""The last evening: a thousand residents say yes at once, and the service is killed in the middle."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import Initiatives
from tests.killable import Killable, keys_served
from tests.support import login, running

from dorpsplein import merkle
from dorpsplein.contracts.initiatives.initiatives import SupportClosed
from dorpsplein.contracts.initiatives.supports import SupportGiven
from initiatives.app import SERVICE
from initiatives.commands.closing import close_due
from initiatives.domain.support_tree import leaf

RESIDENTS = 1_000
CLIENTS = 20
KILLED_AFTER = 400
NOT_AGAIN_S = 10


class Crowd:
    """Residents over a number of connections; each asks until there is an answer."""

    def __init__(self, port: int, initiative: UUID) -> None:
        self.url = f"http://127.0.0.1:{port}/v1/initiatives/{initiative}/support"
        self.receipts: dict[str, dict[str, Any]] = {}
        self.again = 0

    async def say_yes(self) -> None:
        waiting = iter([(f"resident-{number}", number % 4 == 0) for number in range(RESIDENTS)])
        timeout = aiohttp.ClientTimeout(total=NOT_AGAIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as http, asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._client(http, waiting))

    async def _client(self, http: aiohttp.ClientSession, waiting: Iterator[tuple[str, bool]]) -> None:
        for who, anonymous in waiting:
            headers = login(who)
            while who not in self.receipts:
                try:
                    async with http.put(self.url, json={"anonymous": anonymous}, headers=headers) as answer:
                        if answer.status == 200:
                            self.receipts[who] = await answer.json()
                            continue
                        assert answer.status >= 500, await answer.text()
                except (aiohttp.ClientError, TimeoutError):
                    pass
                self.again += 1
                await asyncio.sleep(0.05)


@pytest.mark.timeout(120)
async def test_a_thousand_residents_count_once_each_though_the_service_is_killed_in_the_middle(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    urls = make_database("initiatives")
    async with running(SERVICE, urls) as there:
        initiatives = Initiatives(there.runtime, there.client)
        initiative = UUID(await initiatives.propose())
        with keys_served() as jwks_url:
            service = Killable("initiatives", urls, jwks_url, tmp_path)
            crowd = Crowd(service.port, initiative)
            try:
                storm = asyncio.create_task(crowd.say_yes())
                while len(crowd.receipts) < KILLED_AFTER and not storm.done():  # noqa: ASYNC110 - it is looked at
                    await asyncio.sleep(0.002)
                await asyncio.to_thread(service.kill)
                service.start()
                await storm
            finally:
                service.close()
        assert crowd.again > 0, "nobody noticed the kill"
        assert len(crowd.receipts) == RESIDENTS

        async with there.runtime.database.transaction() as tx:
            await close_due(tx, [initiative], datetime.now(UTC))
        told = await initiatives.told()
        given = Counter(event.subject for event in told if isinstance(event.event, SupportGiven))
        assert given == Counter({receipt["supportId"]: 1 for receipt in crowd.receipts.values()})
        assert (await initiatives.page(str(initiative)))["supports"] == RESIDENTS
        (closed,) = [event.event for event in told if isinstance(event.event, SupportClosed)]
        assert closed.supports == RESIDENTS
        for receipt in list(crowd.receipts.values())[::25]:
            proof = (await initiatives.get(f"/supports/{receipt['supportId']}/proof")).json()
            own = merkle.leaf_hash(leaf(UUID(receipt["supportId"]), receipt["sequence"]))
            path = [bytes.fromhex(one) for one in proof["proof"]]
            assert merkle.verify_inclusion(own, proof["index"], RESIDENTS, path, bytes.fromhex(closed.root))
        leaves = sorted(leaf(UUID(one["supportId"]), one["sequence"]) for one in crowd.receipts.values())
        assert merkle.root([merkle.leaf_hash(one) for one in leaves]).hex() == closed.root, "not every receipt is in it"
        positions = [receipt["supports"] for receipt in crowd.receipts.values()]
        assert max(positions) == RESIDENTS
