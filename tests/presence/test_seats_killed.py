"""Fifty people ask at once for twenty seats of a lab, and the service is killed in the middle."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.conftest import MakeDatabase
from tests.killable import Killable, keys_served
from tests.presence.conftest import Presence
from tests.support import login, running

from dorpsplein.contracts.presence.sessions import SessionFilled, SessionReopened, SessionState, WaitingListMoved
from presence.app import SERVICE

PEOPLE = 50
SEATS = 20
GIVEN_UP = 35
NOT_AGAIN_S = 10
KILLED_WITHIN_S = 60


class Crowd:
    """People who each have a connection of their own and ask until there is an answer."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.again = 0

    async def ask(self, who: list[str], path: Callable[[str], str]) -> dict[str, dict[str, Any]]:
        """What everyone was answered."""
        answers: dict[str, dict[str, Any]] = {}
        timeout, connector = aiohttp.ClientTimeout(total=NOT_AGAIN_S), aiohttp.TCPConnector(limit=PEOPLE)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
            asyncio.TaskGroup() as group,
        ):
            for one in who:
                group.create_task(self._ask(http, one, path(one), answers))
        return answers

    async def _ask(self, http: aiohttp.ClientSession, who: str, path: str, answers: dict[str, Any]) -> None:
        headers = login(who)
        while who not in answers:
            try:
                async with http.post(self.url + path, headers=headers) as answer:
                    if answer.status in {200, 201}:
                        answers[who] = await answer.json()
                        continue
                    assert answer.status >= 500, await answer.text()
            except (aiohttp.ClientError, TimeoutError):
                pass
            self.again += 1
            await asyncio.sleep(0.05)


async def start_again(service: Killable) -> None:
    """Wait until the service has killed itself, and start it again."""
    await asyncio.to_thread(service.process.wait, KILLED_WITHIN_S)
    service.start()


async def counts(presence: Presence, session: str) -> tuple[int, int, Counter[str]]:
    """What the session says is taken and waiting, and what its seats say."""
    [(taken, waiting)] = await presence.rows("select taken, waiting from sessions")
    rows = await presence.rows("select status from seats where session_id = $1::text::uuid", session)
    return taken, waiting, Counter(status for (status,) in rows)


@pytest.mark.timeout(120)
async def test_fifty_at_once_get_twenty_seats_and_wait_in_order_though_the_service_is_killed_in_the_middle(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    urls = make_database("presence")
    async with running(SERVICE, urls) as there:
        presence = Presence(there.runtime, there.client)
        start = datetime.now(UTC) + timedelta(days=1)
        asked = {
            "workingForm": "creative-lab",
            "question": "Wat missen we op het plein?",
            "startsAt": start.isoformat(),
            "endsAt": (start + timedelta(hours=2)).isoformat(),
            "capacity": SEATS,
        }
        session = (await presence.post("/sessions", asked)).json()["id"]
        people = [f"resident-{number}" for number in range(PEOPLE)]
        with keys_served() as jwks_url:
            service = Killable("presence", urls, jwks_url, tmp_path, failpoints="committed_not_answered=kill@2")
            crowd = Crowd(service.port)
            try:
                killing = asyncio.create_task(start_again(service))
                answers = await crowd.ask(people, lambda _: f"/sessions/{session}/seats")
                await killing
                assert crowd.again > 0, "nobody noticed the kill"
                taken, waiting, seats = await counts(presence, session)
                assert (taken, waiting) == (SEATS, PEOPLE - SEATS)
                assert seats == Counter(taken=SEATS, waiting=PEOPLE - SEATS)
                rows = await presence.rows("select id::text, status, number from seats order by number")
                stored = {seat_id: status for seat_id, status, _ in rows}
                assert {one["id"]: one["status"] for one in answers.values()} == stored, "an answer was lost or doubled"
                assert [number for _, _, number in rows] == list(range(1, PEOPLE + 1))
                queue = [seat_id for seat_id, status, _ in rows if status == "waiting"]
                positions = {one["id"]: one["position"] for one in answers.values() if one["status"] == "waiting"}
                assert sorted(positions, key=lambda seat_id: positions[seat_id]) == queue

                leaving = people[:GIVEN_UP]
                crowd.again = 0
                service.kill()
                service.start("before_commit=kill@2")
                killing = asyncio.create_task(start_again(service))
                gone = await crowd.ask(leaving, lambda who: f"/seats/{answers[who]['id']}/giving-up")
                await killing
                assert crowd.again > 0, "nobody noticed the second kill"
            finally:
                service.close()
        assert {answer["status"] for answer in gone.values()} == {"given-up"}
        left = PEOPLE - GIVEN_UP
        assert await counts(presence, session) == (left, 0, Counter({"given-up": GIVEN_UP, "taken": left}))
        await the_log_tells_the_same(presence)


async def the_log_tells_the_same(presence: Presence) -> None:
    told = await presence.events()
    versions = [version for event, version, _ in told if event.__name__.startswith(("Session", "WaitingList"))]
    assert versions == sorted(versions)
    kinds = Counter(event for event, _, _ in told)
    assert kinds[SessionFilled] == kinds[SessionReopened] == 1
    moved_up = [body for _, _, body in told if body and b'"seat-moved-up"' in body]
    assert kinds[WaitingListMoved] == len(moved_up) == len(set(moved_up)) > 0
    states = [SessionState.model_validate_json(body) for event, _, body in told if event is SessionState and body]
    assert states[-1].taken == PEOPLE - GIVEN_UP
    assert all(state.taken is None or 5 <= state.taken <= SEATS for state in states)
