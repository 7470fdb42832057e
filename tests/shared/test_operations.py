"""What operators may ask of any service."""

from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from tests.shared import toolshed
from tests.shared.rig import Shed
from tests.shared.test_consumer import records
from tests.shared.test_receiving import envelope
from tests.support import login, running

from dorpsplein.identity import Role

TOOL = uuid4()
ROUTES = [
    ("GET", "/consumers"),
    ("GET", "/dead-letters"),
    ("GET", f"/dead-letters/{TOOL}"),
    ("POST", f"/dead-letters/{TOOL}/replay"),
]


@pytest.mark.parametrize("role", list(Role))
async def test_only_operators_may(shed: Shed, role: Role) -> None:
    async with running(toolshed.SERVICE, shed.urls) as service:
        for method, path in ROUTES:
            answer = await service.client.request(method, path, headers=login("someone", role))
            assert (answer.status_code == 403) is (role is not Role.OPERATOR)
            assert (await service.client.request(method, path)).status_code == 401


async def test_dead_letters_are_listed_shown_and_replayed_once_what_was_wrong_is_mended(shed: Shed) -> None:
    async with running(toolshed.SERVICE, shed.urls, topic_prefix=shed.prefix) as service:
        client, otto = service.client, login("otto")
        bad: list[tuple[dict[str, bytes | None], bytes]] = [
            envelope(TOOL, 1, days=99),
            ({"ce_type": b"\xff"}, b"\xff\x00"),
            envelope(TOOL, 2, days=50),
        ]
        await shed.consumer().handle(records(*bad))
        listed = (await client.get("/dead-letters", headers=otto)).json()["items"]
        assert sorted(letter["offset"] for letter in listed) == [0, 1, 2]
        letters = {letter["offset"]: letter for letter in listed}
        assert letters[1]["body"] == "base64:/wA="
        path = f"/dead-letters/{letters[0]['id']}"
        assert (await client.get(path, headers=otto)).json() == letters[0]

        for offset in (0, 1):
            answer = await client.post(f"/dead-letters/{letters[offset]['id']}/replay", headers=otto)
            assert (answer.status_code, answer.json()["code"]) == (422, "still-poison")
        await mend(shed)
        for _ in range(2):
            answer = await client.post(f"{path}/replay", headers=otto)
            assert answer.status_code == 200
            assert answer.json()["replayedAt"]
        assert await shed.applied() == {TOOL: [1]}

        left = (await client.get("/dead-letters", headers=otto)).json()["items"]
        assert {letter["offset"] for letter in left} == {1, 2}
        everything = (await client.get("/dead-letters?replayed=true&limit=2", headers=otto)).json()["items"]
        rest = (await client.get(f"/dead-letters?replayed=true&before={everything[-1]['id']}", headers=otto)).json()
        assert len(everything) + len(rest["items"]) == 3


async def mend(shed: Shed) -> None:
    """Take away the rule that made the records bad, as a migration would."""
    connection = await asyncpg.connect(shed.urls.migration)
    await connection.execute("alter table loan_log drop constraint loan_log_days_check")
    await connection.close()


async def test_a_letter_of_a_consumer_that_is_gone_or_nobodys_says_so(shed: Shed) -> None:
    await shed.consumer().handle(records(envelope(TOOL, 1, days=99)))
    (letter,) = await shed.dead_letters()
    service = replace(toolshed.SERVICE, projections={})
    async with running(service, shed.urls, topic_prefix=shed.prefix) as at_work:
        answer = await at_work.client.post(f"/dead-letters/{letter['id']}/replay", headers=login("otto"))
        assert (answer.status_code, answer.json()["code"]) == (409, "consumer-unknown")
        answer = await at_work.client.get(f"/dead-letters/{uuid4()}", headers=login("otto"))
        assert (answer.status_code, answer.json()["code"]) == (404, "dead-letter-unknown")


async def test_consumers_say_what_they_do(shed: Shed) -> None:
    async with running(toolshed.SERVICE, shed.urls, topic_prefix=shed.prefix) as service:
        (consumer,) = (await service.client.get("/consumers", headers=login("otto"))).json()
        assert consumer == {
            "consumer": f"{shed.prefix}toolshed.loans",
            "topics": [shed.topic],
            "assigned": False,
            "halted": None,
        }
