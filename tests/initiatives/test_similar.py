"""What is alike: the sum on its own, and what is found to be alike and why."""

from typing import Any
from uuid import UUID

import pytest
from tests.initiatives.conftest import Initiatives, some_id

from initiatives.domain import similar
from initiatives.domain.similar import Candidate, ranked

HERE = "52.3702,4.8952"
WORDS = {"buurttuin": "buurttuinen", "plein": "plein", "sam": "samen"}
SHARE = {"plein": 0.05, "sam": 0.9}


def candidate(number: int = 1, **other: Any) -> Candidate:
    nothing = {"shared": frozenset(), "title": 0.0, "distance_m": None, "same_theme": False}
    return Candidate(**{"id": some_id(number), **nothing, **other})


def test_the_sum_is_what_its_parts_say_and_at_most_one() -> None:
    [same] = ranked(
        [candidate(shared=frozenset(WORDS), title=1.0, distance_m=0.0, same_theme=True)], WORDS, SHARE, most=9
    )
    assert same.score == 1.0
    assert (same.words, same.title, same.distance_m, same.same_theme) == (
        ("buurttuinen", "plein", "samen"),
        1.0,
        0,
        True,
    )
    parts = [
        candidate(1, shared=frozenset(WORDS)),
        candidate(2, title=1.0),
        candidate(3, distance_m=0.0),
        candidate(4, title=0.5, same_theme=True),
    ]
    assert [one.score for one in ranked(parts, WORDS, SHARE, most=9)] == [0.45, 0.35, 0.225, 0.15]


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"shared": frozenset({"buurttuin"}), "title": 0.5}, {"shared": frozenset({"plein", "sam"}), "title": 0.5}),
        ({"shared": frozenset({"plein"}), "title": 0.6}, {"shared": frozenset({"plein"}), "title": 0.5}),
        ({"title": 0.9, "distance_m": 350.0}, {"title": 0.9, "distance_m": 700.0}),
        ({"title": 0.9, "distance_m": 900.0}, {"title": 0.9, "distance_m": None}),
        ({"title": 0.9, "same_theme": True}, {"title": 0.9}),
    ],
)
def test_rare_words_like_titles_nearness_and_theme_make_more_alike(more: dict[str, Any], less: dict[str, Any]) -> None:
    first, second = ranked([candidate(1, **less), candidate(2, **more)], WORDS, SHARE, most=9)
    assert (first.id, second.id) == (some_id(2), some_id(1))
    assert first.score > second.score


def test_what_has_little_in_common_is_not_called_alike() -> None:
    strangers = [
        candidate(1, shared=frozenset({"sam"})),
        candidate(2, title=0.29, distance_m=1_000.0),
        candidate(3, distance_m=600.0, same_theme=True),
        candidate(4, distance_m=90_000.0, same_theme=True),
    ]
    assert ranked(strangers, WORDS, SHARE, most=9) == []
    assert ranked([candidate(n, title=0.8) for n in range(1, 9)], {}, {}, most=3) == ranked(
        [candidate(n, title=0.8) for n in range(1, 4)], {}, {}, most=3
    )


def test_a_word_that_stands_everywhere_says_nothing() -> None:
    [one] = ranked([candidate(shared=frozenset({"de"}), title=0.9)], {"de": "de"}, {"de": 1.0}, most=1)
    assert (one.words, one.score) == ((), similar.OF_TITLE * 0.9)


async def alike(initiatives: Initiatives, **written: Any) -> list[tuple[str, dict[str, Any]]]:
    answer = await initiatives.get("/initiatives/similar", **written)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["score"] for item in items] == sorted((item["score"] for item in items), reverse=True)
    return [(item["initiative"]["title"], item["because"]) for item in items]


async def test_what_is_written_is_like_what_is_there_and_says_why(initiatives: Initiatives) -> None:
    await initiatives.propose(
        title="Een buurttuin op het plein",
        summary="Met elkaar zaaien.",
        place={"latitude": 52.3733, "longitude": 4.8952},
    )
    await initiatives.propose(title="Muziekavonden", summary="Elke week.", theme="cultuur", place=None)
    [(title, because)] = await alike(initiatives, title="Buurttuinen", summary="Zaaien!", theme="groen", near=HERE)
    assert title == "Een buurttuin op het plein"
    assert because == {"words": ["buurttuinen", "zaaien"], "title": 0.36, "distanceMeters": 345, "sameTheme": True}
    [(title, because)] = await alike(initiatives, title="Musiekavonden")
    assert (title, because["words"], because["sameTheme"]) == ("Muziekavonden", [], False)
    assert because["title"] > 0.4
    [(title, because)] = await alike(initiatives, title="Een buurtuin op het plien")
    assert title == "Een buurttuin op het plein"
    assert await alike(initiatives, title="Zwemmen", summary="'; drop table initiatives; -- \\ ' & | !") == []
    assert await alike(initiatives, title="!?") == []


async def test_an_initiative_is_like_others_that_are_alive_and_seen_but_not_like_itself(
    initiatives: Initiatives,
) -> None:
    own, other, over, hidden = [
        await initiatives.propose(title=f"Speeltuin {name}", summary="Klimmen.") for name in ("Noord", "Zuid", "X", "Y")
    ]
    await initiatives.rows(
        "update initiatives set status = 'withdrawn', withdrawal_reason = 'moved' where id = $1", UUID(over)
    )
    await initiatives.rows("insert into hidden values ('initiative', $1)", UUID(hidden))
    [item] = (await initiatives.get(f"/initiatives/{own}/similar")).json()["items"]
    assert (item["initiative"]["id"], item["because"]["words"]) == (other, ["speeltuin", "klimmen"])
    for missing in (hidden, str(some_id(99))):
        answer = await initiatives.get(f"/initiatives/{missing}/similar")
        assert (answer.status_code, answer.json()["code"]) == (404, "initiative-unknown")


async def test_what_cannot_be_written_is_refused(initiatives: Initiatives) -> None:
    for asked in ({}, {"title": ""}, {"title": "x" * 201}, {"title": "a", "near": "x"}, {"title": "a", "theme": "A!"}):
        answer = await initiatives.get("/initiatives/similar", **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request"), asked
