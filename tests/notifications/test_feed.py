"""The feed: whatever order topics arrive in, it ends right; positions are stable."""

import asyncio
import random
from contextlib import suppress
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.notifications.conftest import DAM, Square, erased, proposed, state, support, told

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.funding.pledges import PledgeMade
from dorpsplein.contracts.funding.rounds import (
    RoundOpened,
)
from dorpsplein.contracts.initiatives.initiatives import ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportWithdrawn
from dorpsplein.contracts.presence.places import PlaceState
from dorpsplein.contracts.presence.slots import ArrangerArrived
from dorpsplein.envelope import Event, Recorded
from notifications.projections.journal import journal


def story(garden: UUID) -> list[Recorded[Event]]:
    pledge = PledgeMade(pledge_id=uuid4(), initiative_id=garden, pledger_id=uuid4(), amount_cents=2_500)
    return [
        told(proposed(garden)),
        told(state(garden, "Een naam"), 1),
        told(support(garden)),
        told(pledge),
    ]


LINES = {
    "Nieuw initiatief: «Een naam»",
    "Nieuwe steunbetuiging voor «Een naam»",
    "€ 25,00 toegezegd aan «Een naam»",
}


async def test_the_feed_ends_right_in_every_order_of_topics(square: Square) -> None:
    for order in permutations(range(4)):
        garden = uuid4()
        events = story(garden)
        for place in order:
            await square.tell(events[place])
        items = await square.feed(f"?initiative={garden}")
        assert {item["line"] for item in items} == LINES
        assert all(item["theme"] == "groen" for item in items)
    positions = [row[0] for row in await square.rows("select position from feed order by position")]
    assert positions == list(range(1, 24 * 3 + 1))
    assert await square.rows("select * from feed_waiting") == []


async def test_a_line_waits_until_the_name_of_what_it_is_about_is_known(square: Square) -> None:
    garden = uuid4()
    await square.tell(support(garden))
    assert await square.feed() == []
    await square.tell(state(garden))
    (item,) = await square.feed()
    assert (item["title"], item["position"]) == ("Buurttuin", 1)


async def test_a_line_about_nothing_in_particular_waits_for_nothing(square: Square) -> None:
    knobs: dict[str, Any] = {"knobs": {}, "rule": "ratio", "rule_version": "1"}
    opened = {"round_id": uuid4(), "fund_id": uuid4(), "closes_at": "2026-12-31T12:00:00Z", **knobs}
    await square.tell(RoundOpened.model_validate(opened))
    (item,) = await square.feed()
    assert item["line"] == "Er is een nieuwe ronde, open tot 31-12-2026"


async def test_a_name_that_changes_changes_in_every_line_and_an_older_one_never_returns(square: Square) -> None:
    garden = uuid4()
    await square.tell(*story(garden))
    await square.tell(told(state(garden, "Nieuwe naam"), 3))
    await square.tell(told(state(garden, "Oude naam"), 2))
    assert {item["title"] for item in await square.feed()} == {"Nieuwe naam"}


async def test_words_that_are_erased_at_their_owner_are_gone_here_too(square: Square) -> None:
    garden = uuid4()
    await square.tell(*story(garden))
    await square.tell(erased(garden, 2))
    assert "Nieuw initiatief: iets dat verwijderd is" in {item["line"] for item in await square.feed()}
    tables = ("subjects", "log", "feed", "deliveries")
    everything = [str(await square.rows(f"select t::text from {table} t")) for table in tables]
    assert not any("Een naam" in content or "Samen groen" in content for content in everything)


async def test_support_that_was_imported_or_taken_back_is_no_news_and_is_in_the_log(square: Square) -> None:
    garden = uuid4()
    back = SupportWithdrawn(support_id=uuid4(), initiative_id=garden, supporter_id=uuid4())
    await square.tell(state(garden), support(garden, "import"), back)
    assert await square.feed() == []
    assert await square.rows("select count(*) from log") == [(3,)]


async def test_the_feed_names_no_people(square: Square) -> None:
    garden = uuid4()
    events = story(garden)
    await square.tell(*events)
    text = str(await square.feed())
    people = [
        str(value)
        for event in events
        for name, value in event.event.model_dump().items()
        if name in {"initiatorId", "supporterId", "pledgerId"}
    ]
    assert len(people) == 4
    assert not any(one in text for one in people)


async def test_the_feed_is_read_page_by_page_without_gaps_or_doubles(square: Square) -> None:
    gardens = [uuid4() for _ in range(5)]
    await square.tell(*(state(garden, f"Tuin {n}", "groen" if n % 2 else "spel") for n, garden in enumerate(gardens)))
    await square.tell(*(support(gardens[n % 5]) for n in range(57)))
    for query, expected in (("limit=10", 57), ("limit=7&theme=groen", 23), (f"limit=3&initiative={gardens[0]}", 12)):
        read, path = [], f"/feed?{query}"
        while path:
            answer = await square.get(path)
            read += answer["items"]
            path = f"/feed?{query}&cursor={answer['next']}" if answer["next"] else ""
        assert len(read) == len({item["id"] for item in read}) == expected
        assert [item["position"] for item in read] == sorted((item["position"] for item in read), reverse=True)


async def test_a_place_is_told_by_its_name(square: Square) -> None:
    place, slot = uuid4(), uuid4()
    await square.tell(ArrangerArrived(slot_id=slot, place_id=place, officer_id=uuid4()))
    canteen = PlaceState(place_id=place, name="De Goal", address="", kind="canteen", latitude=DAM[0], longitude=DAM[1])
    await square.tell(canteen)
    (item,) = await square.feed()
    assert (item["line"], item["placeId"]) == ("Er is nu iemand van de gemeente in «De Goal»", str(place))


async def test_my_feed_has_what_i_follow_by_name_theme_or_distance_and_nothing_else(square: Square) -> None:
    named, themed, near, far = uuid4(), uuid4(), uuid4(), uuid4()
    metre = 1 / 111_319.5
    await square.tell(
        state(named, "Bij naam", "spel"),
        state(themed, "Bij thema", "groen"),
        state(near, "Dichtbij", "spel", point=(DAM[0] + 990 * metre, DAM[1])),
        state(far, "Ver weg", "spel", point=(DAM[0] + 1_010 * metre, DAM[1])),
    )
    await square.tell(*(MeansGoalReached(initiative_id=one, goal_cents=1) for one in (named, themed, near, far)))
    await square.follow(kind="initiative", initiativeId=str(named))
    await square.follow(kind="theme", theme="groen")
    await square.follow(kind="radius", latitude=DAM[0], longitude=DAM[1], radiusMetres=1000)
    assert {item["title"] for item in await square.feed(by="anna")} == {"Bij naam", "Bij thema", "Dichtbij"}
    assert await square.feed(by="bram") == []
    assert len(await square.feed("?limit=2", by="anna")) == 2


async def test_writers_that_overlap_leave_positions_without_gaps_and_no_reader_misses_one(square: Square) -> None:
    """Four consumers write at once, some roll back; a reader that only ever asks for what comes after sees all."""
    garden = uuid4()
    await square.tell(state(garden))
    consumer = square.journal
    stop, seen = asyncio.Event(), []

    async def read() -> None:
        position = 0
        while True:
            done = stop.is_set()
            for (found,) in await square.rows(
                "select position from log where position > $1 order by position", position
            ):
                seen.append(found)
                position = found
            if done:
                return
            await asyncio.sleep(0)

    async def write() -> None:
        for _ in range(25):
            events = [told(support(garden)) for _ in range(random.randint(1, 5))]
            if random.random() < 0.3:
                with suppress(ZeroDivisionError):
                    async with square.runtime.database.transaction() as tx:
                        await journal(tx, events)
                        await asyncio.sleep(random.random() / 100)
                        raise ZeroDivisionError
            await consumer.apply(events)

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write() for _ in range(4)))
    stop.set()
    await reader
    assert seen == list(range(1, len(seen) + 1))
    assert await square.rows("select count(*), max(position) from log") == [(len(seen), len(seen))]
    assert await square.rows("select log from heads") == [(len(seen),)]


async def test_an_event_delivered_twice_is_in_the_feed_once_and_counts_once(square: Square) -> None:
    garden = uuid4()
    events = [told(state(garden)), told(support(garden))]
    await square.tell(*events)
    await square.tell(*events)
    assert len(await square.feed()) == 1
    assert await supports(square, garden) == [1]


async def supports(square: Square, *initiatives: UUID) -> list[int]:
    answer = await square.get(f"/initiative-supports?ids={','.join(map(str, initiatives))}")
    assert [item["initiativeId"] for item in answer["items"]] == list(map(str, initiatives))
    return [item["supports"] for item in answer["items"]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=30), st.randoms())
async def test_the_count_of_support_is_the_sum_of_what_happened_in_any_order_across_people(
    square: Square, acts: list[tuple[int, int]], chance: random.Random
) -> None:
    gardens = [uuid4() for _ in range(3)]
    standing: set[tuple[int, int]] = set()
    per_person: dict[tuple[int, int], list[Event]] = {}
    for garden, one in acts:
        ids = {"support_id": uuid4(), "initiative_id": gardens[garden], "supporter_id": uuid4()}
        given_or_taken = SupportWithdrawn(**ids) if (garden, one) in standing else support(gardens[garden])
        standing ^= {(garden, one)}
        per_person.setdefault((garden, one), []).append(given_or_taken)
    queues = list(per_person.values())
    while queues:
        queue = chance.choice(queues)
        await square.tell(queue.pop(0))
        queues = [left for left in queues if left]
    assert await supports(square, *gardens) == [sum(g == n for g, _ in standing) for n in range(3)]


@pytest.mark.parametrize(
    "query",
    [
        "/feed?cursor=x",
        "/feed?cursor=WyJhIl0",
        "/feed?limit=0",
        "/feed?limit=101",
        "/feed?initiative=1",
        "/feed?theme=A%00",
        "/initiative-supports",
        "/initiative-supports?ids=1",
        "/initiative-supports?ids=",
        "/initiative-supports?ids=" + ",".join(str(UUID(int=n)) for n in range(101)),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(square: Square, query: str) -> None:
    answer = await square.request("GET", query)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_the_threshold_is_told_with_its_number(square: Square) -> None:
    garden = uuid4()
    await square.tell(state(garden), ThresholdReached(initiative_id=garden, threshold=25))
    (item,) = await square.feed()
    assert item["line"] == "«Buurttuin» heeft 25 steunbetuigingen en kan verder"
    assert item["data"] == {"initiativeId": str(garden), "threshold": 25}
