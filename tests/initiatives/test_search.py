"""Finding initiatives."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Record
from tests.bench import many
from tests.initiatives.conftest import NOON, Initiatives, some_id

from initiatives.domain.initiative import Spot, Status
from initiatives.storage import search
from initiatives.storage.search import Search, Sort

AMSTERDAM = {"latitude": 52.3728, "longitude": 4.8936}
ALMERE = {"latitude": 52.3508, "longitude": 5.2647}


async def town(initiatives: Initiatives, *wishes: dict[str, Any]) -> None:
    for number, wish in enumerate(wishes):
        initiatives.now = NOON + timedelta(minutes=number)
        await initiatives.propose(**wish)


async def test_the_newest_comes_first(initiatives: Initiatives) -> None:
    await town(initiatives, {"title": "Eerst"}, {"title": "Dan"})
    assert await initiatives.found() == ["Dan", "Eerst"]


QUERIES = {
    "speeltuin": ["Een speeltuin", "Groen"],
    "speeltuinen": ["Een speeltuin", "Groen"],
    "SPEELTUIN kinderen": ["Een speeltuin"],
    "bomen": ["Groen"],
    "boom": ["Groen"],
    "-speeltuin": ["Kunst"],
    '"bomen bij"': ["Groen"],
    "kunst or bomen": ["Groen", "Kunst"],
    "de": [],
    "zwembad": [],
    "'; drop table initiatives; -- & | ! ( <->": [],
}


async def test_words_are_found_as_dutch_knows_them_the_best_match_first(initiatives: Initiatives) -> None:
    await town(
        initiatives,
        {"title": "Een speeltuin", "summary": "Waar alle kinderen samen komen."},
        {"title": "Groen", "summary": "Meer bomen bij de oude speeltuinen."},
        {"title": "Kunst", "summary": "Beelden in het park."},
    )
    for query, finds in QUERIES.items():
        assert sorted(await initiatives.found(query=query)) == finds, query
    for query in ("speeltuin", "speeltuinen"):
        assert await initiatives.found(query=query) == ["Een speeltuin", "Groen"]
        assert await initiatives.found(query=query, sort="newest") == ["Groen", "Een speeltuin"]


async def test_status_and_theme_narrow_the_search(initiatives: Initiatives) -> None:
    await town(initiatives, {"title": "Tuin"}, {"title": "Beeld", "theme": "kunst"})
    assert await initiatives.found(theme="kunst") == ["Beeld"]
    assert await initiatives.found(status="supported") == []
    assert await initiatives.found(status="proposed", theme="groen", query="tuin") == ["Tuin"]


async def test_a_neighbourhood_narrows_the_search_and_one_without_is_never_in_it(initiatives: Initiatives) -> None:
    await town(
        initiatives,
        {"title": "Hof", "neighbourhood": "noord"},
        {"title": "Plein", "neighbourhood": "zuid"},
        {"title": "Beeld", "neighbourhood": "noord", "theme": "kunst"},
        {"title": "Nergens"},
    )
    assert await initiatives.found(neighbourhood="noord") == ["Beeld", "Hof"]
    assert await initiatives.found(neighbourhood="noord", theme="kunst") == ["Beeld"]
    assert await initiatives.found(neighbourhood="oost") == []
    assert (await initiatives.get("/initiatives", neighbourhood="Noord!")).json()["code"] == "invalid-request"


async def test_near_finds_what_is_within_the_radius(initiatives: Initiatives) -> None:
    await town(
        initiatives,
        {"title": "Dam", "place": AMSTERDAM},
        {"title": "Almere", "place": ALMERE},
        {"title": "Nergens", "place": None},
    )
    near = f"{AMSTERDAM['latitude']},{AMSTERDAM['longitude']}"
    assert await initiatives.found(near=near) == ["Dam"]
    assert await initiatives.found(near=near, radius=24_000) == ["Dam"]
    assert await initiatives.found(near=near, radius=26_000) == ["Almere", "Dam"]


@pytest.mark.parametrize("query", [None, "tuin"])
async def test_every_initiative_is_on_exactly_one_page_though_new_ones_come(
    initiatives: Initiatives, query: str | None
) -> None:
    await town(
        initiatives, *({"title": f"Tuin {number}", "summary": "tuin " * (number % 3 + 1)} for number in range(7))
    )
    asked = {"limit": 2} | ({"query": query} if query else {})
    seen: list[str] = []
    async for items in initiatives.pages("/initiatives", **asked):
        if not seen:
            initiatives.now = NOON + timedelta(days=1)
            await initiatives.propose(title="Nieuw", summary="tuin tuin tuin tuin tuin")
        seen += [item["title"] for item in items]
    assert sorted(title for title in seen if title != "Nieuw") == [f"Tuin {number}" for number in range(7)]


async def test_what_goes_by_news_or_support_is_ordered_by_what_the_events_tell(initiatives: Initiatives) -> None:
    first, second, third = [await initiatives.propose(title=title) for title in ("Een", "Twee", "Drie")]
    for initiative, people in ((second, ("piet", "els")), (first, ("els",))):
        for resident in people:
            initiatives.now += timedelta(hours=2)
            await initiatives.support(initiative, by=resident)
    await initiatives.catch_up()
    assert await initiatives.found(sort="activity") == ["Een", "Twee", "Drie"]
    assert await initiatives.found(sort="support") == ["Twee", "Een", "Drie"]
    initiatives.now += timedelta(hours=2)
    await initiatives.take_back(second, by="piet")
    await initiatives.take_back(second, by="els")
    await initiatives.patch(third, 1, theme="kunst")
    await initiatives.catch_up()
    assert (await initiatives.found(sort="activity"))[-1] == "Een"
    assert (await initiatives.found(sort="support"))[0] == "Een"
    assert await initiatives.found(sort="support", theme="kunst") == ["Drie"]
    assert await initiatives.found(sort="activity", query="tuin", theme="kunst") == []


async def test_who_stays_where_they_are_is_on_one_page_though_others_move(initiatives: Initiatives) -> None:
    ids = [await initiatives.propose(title=f"Tuin {number}") for number in range(6)]
    await initiatives.support(ids[5], by="els")
    await initiatives.catch_up()
    for sort in ("support", "activity"):
        seen: list[str] = []
        async for items in initiatives.pages("/initiatives", sort=sort, limit=2):
            if not seen:
                initiatives.now += timedelta(hours=1)
                await initiatives.support(ids[0], by=f"piet-{sort}")
                await initiatives.take_back(ids[5], by="els")
                await initiatives.catch_up()
            seen += [item["title"] for item in items if item["id"] not in (ids[0], ids[5])]
        assert sorted(seen) == ["Tuin 1", "Tuin 2", "Tuin 3", "Tuin 4"], sort


async def test_what_is_hidden_is_not_found(initiatives: Initiatives) -> None:
    hidden, _ = await initiatives.propose(title="Weg"), await initiatives.propose(title="Tuin")
    await initiatives.catch_up()
    await initiatives.rows("insert into hidden values ('initiative', $1)", UUID(hidden))
    for asked in ({}, {"sort": "activity"}, {"sort": "support"}, {"query": "buurttuin or tuin or weg"}):
        assert await initiatives.found(**asked) == ["Tuin"], asked
    assert (await initiatives.get("/initiatives/facets")).json()["theme"] == {"groen": 1}


FAR = 6_371_000.0
SORTS: dict[str, Callable[[Record, float], Any]] = {
    "newest": lambda row, _: (-row["proposed_at"].timestamp(), -row["id"].int),
    "activity": lambda row, _: (-row["at"].timestamp(), -row["id"].int),
    "support": lambda row, _: (-row["supports"], -row["id"].int),
    "nearest": lambda _, distance: distance,
}


def distance_m(row: Record, latitude: float, longitude: float) -> float:
    """By the haversine formula, on a sphere a little smaller than that of the database."""
    up, aside = radians(row["latitude"] - latitude), radians(row["longitude"] - longitude)
    half = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(row["latitude"])) * sin(aside / 2) ** 2
    return 2 * FAR * asin(sqrt(half))


async def test_whatever_is_asked_each_answer_is_there_once_and_in_order(initiatives: Initiatives) -> None:
    owner = await asyncpg.connect(initiatives.runtime.settings.migration_url.get_secret_value())
    await many.fill(owner, 150)
    rows = await owner.fetch(
        "select i.*, a.at, a.supports from initiatives i join activity a using (id) order by random()"
    )
    await owner.close()
    chance = random.Random(7)

    def wanted(asked: dict[str, Any], row: Record) -> bool:
        statuses = asked.get("status", "").split(",") if "status" in asked else set(Status) - {"withdrawn", "expired"}
        return (
            row["status"] in statuses
            and ("theme" not in asked or row["theme"] in asked["theme"].split(","))
            and all(asked.get(name, row[name]) == row[name] for name in ("kind", "neighbourhood"))
            and ("initiator" not in asked or UUID(asked["initiator"]) in row["initiators"])
        )

    for _ in range(30):
        like = chance.choice(rows)
        choices = {
            "status": ",".join({like["status"], chance.choice(many.STATUSES)}),
            "theme": ",".join({like["theme"], chance.choice(many.THEMES)}),
            "kind": like["kind"],
            "neighbourhood": like["neighbourhood"],
            "initiator": str(like["initiators"][0]),
            "radius": chance.choice([500, 5_000, 50_000]),
        }
        asked = {name: choices[name] for name in chance.sample(list(choices), chance.choice([0, 1, 1, 2, 3]))}
        here = (like["latitude"] + 0.001, like["longitude"])
        sort = chance.choice(list(SORTS))
        if "radius" in asked or sort == "nearest":
            asked["near"] = f"{here[0]},{here[1]}"
        far = [(distance_m(row, *here), row) for row in rows if wanted(asked, row)]
        radius = asked.get("radius", 1_000) if "near" in asked else float("inf")
        surely = {row["id"] for distance, row in far if distance < radius * 0.995}
        maybe = {row["id"] for distance, row in far if distance < radius * 1.005}
        found = [UUID(item["id"]) async for items in initiatives.pages("/initiatives", **asked, sort=sort, limit=20)
                 for item in items]  # fmt: skip
        assert surely <= set(found) <= maybe, asked
        order = [row["id"] for distance, row in sorted(far, key=lambda one: SORTS[sort](one[1], one[0]))]
        assert found == [known for known in order if known in set(found)], (asked, sort)
        facets = (await initiatives.get("/initiatives/facets", **asked)).json()
        for facet in ("status", "theme", "kind"):
            assert facets[facet] == Counter(row[facet] for _, row in far if row["id"] in set(found)), (asked, facet)


async def test_an_order_that_needs_words_or_a_point_says_so(initiatives: Initiatives) -> None:
    for asked, code in (
        ({"sort": "best"}, "sort-without-query"),
        ({"sort": "nearest"}, "sort-without-near"),
        ({"radius": 5}, "radius-without-near"),
        ({"sort": "oldest"}, "invalid-request"),
        ({"status": "rejected"}, "invalid-request"),
        ({"theme": "groen,Niet!"}, "invalid-request"),
        ({"initiator": "anna"}, "invalid-request"),
        ({"near": "91,5"}, "invalid-request"),
        ({"near": "52,5", "radius": 100_001}, "invalid-request"),
        ({"limit": 101}, "invalid-request"),
    ):
        answer = await initiatives.get("/initiatives", **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, code), asked


async def test_a_point_near_a_pole_or_the_date_line_is_a_point_too(initiatives: Initiatives) -> None:
    for title, place, near in (
        ("Pool", (89.9999, 10.0), "89.9999,-170"),
        ("Fiji", (-17.0, 179.9999), "-17,-179.9999"),
    ):
        await initiatives.propose(title=title, place={"latitude": place[0], "longitude": place[1]})
        await initiatives.catch_up()
        for sort in ("newest", "nearest", "support"):
            assert await initiatives.found(near=near, sort=sort) == [title]


async def test_a_cursor_of_another_list_is_refused(initiatives: Initiatives) -> None:
    await town(initiatives, {"title": "Tuin 1"}, {"title": "Tuin 2"})
    cursor = (await initiatives.get("/initiatives", limit=1)).json()["next"]
    for asked in (
        {"query": "tuin", "cursor": cursor},
        {"sort": "activity", "cursor": cursor},
        {"cursor": "x"},
        {"cursor": "W10"},
        {"cursor": "W" * 300},
    ):
        answer = await initiatives.get("/initiatives", **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-not-valid")


INDEXES = [
    (Search(), Sort.NEWEST, "initiatives_newest", "enable_sort"),
    (Search(status=(Status.WITHDRAWN,)), Sort.NEWEST, "initiatives_by_status", "enable_sort"),
    (Search(theme=("groen",)), Sort.NEWEST, "initiatives_by_theme", "enable_sort"),
    (Search(neighbourhood="noord"), Sort.NEWEST, "initiatives_by_neighbourhood", "enable_sort"),
    (Search(kind="challenge"), Sort.NEWEST, "initiatives_by_kind", "enable_sort"),
    (Search(initiator=some_id(1)), Sort.NEWEST, "initiatives_by_initiator", "enable_indexscan"),
    (Search(words="tuin"), Sort.BEST, "initiatives_by_words", "enable_indexscan"),
    (Search(near=Spot(52.0, 5.0), radius_m=10.0), Sort.NEWEST, "initiatives_by_position", "enable_indexscan"),
    (Search(near=Spot(52.0, 5.0), radius_m=10.0), Sort.NEAREST, "initiatives_by_place", "enable_sort"),
    (Search(), Sort.ACTIVITY, "activity_latest", "enable_sort"),
    (Search(), Sort.SUPPORT, "activity_most_supported", "enable_sort"),
]


async def test_every_search_has_its_index(initiatives: Initiatives) -> None:
    for asked, sort, index, off in INDEXES:
        async with initiatives.runtime.database.transaction() as tx:
            await tx.execute(f"set local enable_seqscan = off; set local {off} = off")
            text, arguments = search.statement(asked, sort, None, 20)
            plan = "\n".join(row[0] for row in await tx.fetch(f"explain {text}", *arguments))
        assert index in plan, (asked, plan)
