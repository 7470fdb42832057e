"""Finding initiatives."""

from datetime import timedelta
from typing import Any

import pytest
from tests.initiatives.conftest import NOON, Initiatives

from initiatives.domain.initiative import Spot, Status
from initiatives.storage import pages

AMSTERDAM = {"latitude": 52.3728, "longitude": 4.8936}
ALMERE = {"latitude": 52.3508, "longitude": 5.2647}


async def town(initiatives: Initiatives, *wishes: dict[str, Any]) -> None:
    for number, wish in enumerate(wishes):
        initiatives.now = NOON + timedelta(minutes=number)
        await initiatives.propose(**wish)


async def test_the_newest_comes_first(initiatives: Initiatives) -> None:
    await town(initiatives, {"title": "Eerst"}, {"title": "Dan"})
    assert await initiatives.found() == ["Dan", "Eerst"]


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("speeltuin", ["Een speeltuin", "Groen"]),
        ("speeltuinen", ["Een speeltuin", "Groen"]),
        ("SPEELTUIN kinderen", ["Een speeltuin"]),
        ("bomen", ["Groen"]),
        ("boom", ["Groen"]),
        ("-speeltuin", ["Kunst"]),
        ('"bomen bij"', ["Groen"]),
        ("kunst or bomen", ["Kunst", "Groen"]),
        ("de", []),
        ("zwembad", []),
        ("'; drop table initiatives; -- & | ! ( <->", []),
    ],
)
async def test_words_are_found_as_dutch_knows_them_the_best_match_first(
    initiatives: Initiatives, query: str, finds: list[str]
) -> None:
    await town(
        initiatives,
        {"title": "Een speeltuin", "summary": "Waar alle kinderen samen komen."},
        {"title": "Groen", "summary": "Meer bomen bij de oude speeltuinen."},
        {"title": "Kunst", "summary": "Beelden in het park."},
    )
    assert sorted(await initiatives.found(query=query)) == sorted(finds)
    if len(finds) == 2 and "or" not in query:
        assert await initiatives.found(query=query) == finds


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
    assert (await initiatives.get("/initiatives", radius=5)).json()["code"] == "radius-without-near"


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


async def test_a_cursor_of_another_list_is_refused(initiatives: Initiatives) -> None:
    await town(initiatives, {"title": "Tuin 1"}, {"title": "Tuin 2"})
    cursor = (await initiatives.get("/initiatives", limit=1)).json()["next"]
    for asked in ({"query": "tuin", "cursor": cursor}, {"cursor": "x"}, {"cursor": "W10"}, {"cursor": "W" * 300}):
        answer = await initiatives.get("/initiatives", **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-not-valid")


@pytest.mark.parametrize(
    ("search", "index", "off"),
    [
        (pages.Search(), "initiatives_newest", "enable_sort"),
        (pages.Search(status=Status.WITHDRAWN), "initiatives_by_status", "enable_sort"),
        (pages.Search(theme="groen"), "initiatives_by_theme", "enable_sort"),
        (pages.Search(neighbourhood="noord"), "initiatives_by_neighbourhood", "enable_sort"),
        (pages.Search(words="tuin"), "initiatives_by_words", "enable_indexscan"),
        (pages.Search(near=Spot(52.0, 5.0), radius_m=10.0), "initiatives_by_place", "enable_indexscan"),
    ],
)
async def test_every_search_has_its_index(initiatives: Initiatives, search: pages.Search, index: str, off: str) -> None:
    async with initiatives.runtime.database.transaction() as tx:
        await tx.execute(f"set local enable_seqscan = off; set local {off} = off")
        text, arguments = pages.statement(search, None, 20)
        plan = "\n".join(row[0] for row in await tx.fetch(f"explain {text}", *arguments))
    assert index in plan
