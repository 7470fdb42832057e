"""The examples a stranger starts from, run as a stranger would."""

import ast
import asyncio
import re
import runpy
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.conftest import REPOSITORY, MakeDatabase
from tests.support import login, running

from dorpsplein import contracts
from dorpsplein.dead_letters import dead_letter_topic
from presence.app import SERVICE

SUBSCRIBE = REPOSITORY / "examples" / "subscribe.py"
PLACE = {
    "name": "Sportkantine De Goal",
    "address": "Sportlaan 1, Dorp",
    "kind": "sports-canteen",
    "point": {"latitude": 52.37, "longitude": 4.89},
}
TALK = {"theme": "care", "consent": "anonymous", "words": "A bench by the pond."}


@asynccontextmanager
async def subscriber(kafka: str, topics: str) -> AsyncIterator[asyncio.StreamReader]:
    """What `subscribe.py` prints while it runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SUBSCRIBE), kafka, topics, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.terminate()
        await process.wait()


def lines_of_code(file: Path) -> int:
    """How many lines hold code that is neither an import nor a docstring."""
    module = ast.parse(file.read_text())
    left_out = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    without = {line for node in left_out for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    written = {number for number, line in enumerate(file.read_text().splitlines(), 1) if line.strip()}
    return len(written - without)


def test_a_subscriber_is_seven_lines() -> None:
    assert lines_of_code(SUBSCRIBE) == 7


def test_a_subscriber_reads_all_public_topics_and_no_others() -> None:
    with patch.object(asyncio, "run", lambda main: main.close()), patch.object(sys, "argv", ["", "kafka:9092"]):
        [pattern] = runpy.run_path(str(SUBSCRIBE))["main"].__defaults__
    public = re.compile(pattern)
    services = [contracts.funding, contracts.initiatives, contracts.notifications, contracts.presence]
    for events in services:
        assert all(public.match(event.topic) for event in events.EVENTS)
        assert not public.match(dead_letter_topic(events.__name__.rpartition(".")[2]))


@pytest.mark.timeout(120)
async def test_a_strangers_subscriber_prints_what_happens(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
) -> None:
    topics = rf"{re.escape(topic_prefix)}presence\.(place|encounter)[.\w]*$"
    async with (
        asyncio.timeout(90),
        running(SERVICE, make_database("presence"), kafka=kafka, topic_prefix=topic_prefix) as presence,
    ):
        bram = login("bram")
        assert (await presence.client.post("/places", json=PLACE, headers=bram)).status_code == 201
        while await presence.runtime.not_ready():  # noqa: ASYNC110 - readiness is asked for, not announced
            await asyncio.sleep(0.05)
        async with subscriber(kafka, topics) as printed:
            before = [(await printed.readline()).decode() for _ in range(2)]
            talk = await presence.client.post("/encounters", json=TALK, headers=bram)
            await presence.client.post(f"/encounters/{talk.json()['id']}/consent-withdrawal", headers=bram)
            after = [(await printed.readline()).decode() for _ in range(4)]
    assert {line.split()[0] for line in before} == {
        "nl.participatie.places.place-added.v1",
        "nl.participatie.places.place-state.v1",
    }
    assert any("De Goal" in line for line in before)
    state = [line for line in after if line.startswith("nl.participatie.encounters.encounter-state.v1")]
    assert [TALK["words"] in line for line in state] == [True, False]
    assert state[1].split()[1:] == [talk.json()["id"], "erased"]
