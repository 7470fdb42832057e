"""A simulation shows what past rounds and elections would have given, and who would gain and lose."""

import asyncio
import hashlib
import json
from typing import Any

import pytest
from tests.funding.conftest import round_body
from tests.funding.knobs.conftest import Square
from tests.support import login

from dorpsplein.contracts.funding.knobs import KnobChangeSimulated
from funding.commands.knobs import simulations
from funding.domain import knobs
from funding.domain.knobs.simulation import MOST_LISTED, Past, simulate, summary
from funding.domain.rules import Ballot, Candidate, Gift, Pool, RoundSnapshot

ELECTION = """META
key;value
description;Buurtbudget
country;Netherlands
unit;Dorp
instance;2025
num_projects;2
num_votes;3
budget;500
vote_type;approval
rule;greedy
PROJECTS
project_id;cost;votes;name;selected
bank;300;2;Bank;1
boom;200;1;Boom;1
VOTES
voter_id;vote
1;bank
2;bank
3;boom
"""


def a_round(*gifts: tuple[str, str, int], pot: int = 100_000) -> Past:
    candidates = tuple(Candidate(id_, 0) for id_ in sorted({candidate for _, candidate, _ in gifts}))
    given = tuple(Gift(str(n), *gift) for n, gift in enumerate(gifts))
    return Past("round", "r", RoundSnapshot(candidates, (Pool("gemeente", pot),), given))


def test_who_would_gain_and_lose_stands_in_order_of_the_difference() -> None:
    before = knobs.start("ratio", {"capPledgeCents": 1_000, "numerator": 1, "denominator": 2})
    past = a_round(("anna", "bank", 3_000), ("bea", "boom", 1_000), ("cas", "club", 10_000), pot=2_400)
    report = simulate(before, before | {"capPledgeCents": 3_000}, 1, [past]).document
    (case,) = report["cases"]
    assert (case["before"]["totalCents"], case["before"]["leftCents"]) == (1_500, 900)
    assert (case["after"]["totalCents"], case["after"]["leftCents"]) == (2_400, 0)
    assert (case["gain"], case["lose"]) == (1, 1)
    assert (case["before"]["candidates"], case["after"]["candidates"]) == (3, 3)
    assert case["differences"] == [
        {"candidate": "bank", "beforeCents": 500, "afterCents": 1_500, "differenceCents": 1_000},
        {"candidate": "club", "beforeCents": 500, "afterCents": 400, "differenceCents": -100},
    ]


def test_only_the_largest_differences_are_listed_but_all_are_counted() -> None:
    before = knobs.start("ratio", {"capPledgeCents": 1_000})
    past = a_round(*((f"d{n}", f"c{n:03}", 2_000 + n) for n in range(MOST_LISTED + 20)), pot=10**9)
    (case,) = simulate(before, before | {"capPledgeCents": 2_000}, 1, [past]).document["cases"]
    assert (case["gain"], len(case["differences"])) == (MOST_LISTED + 20, MOST_LISTED)
    sizes = [abs(one["differenceCents"]) for one in case["differences"]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_rule_is_only_run_on_what_it_can_count() -> None:
    ballots = Past(
        "election",
        "e",
        RoundSnapshot((Candidate("bank", 300),), (Pool("budget", 500),), ballots=(Ballot((("bank", 1),), 3),)),
    )
    report = simulate(knobs.start("ratio", {}), knobs.start("equal_shares", {}), 1, [a_round(("a", "b", 5)), ballots])
    counted = [(case["before"]["counted"], case["after"]["counted"]) for case in report.document["cases"]]
    assert counted == [(True, False), (False, True)]


def test_the_same_input_gives_the_same_bytes_and_their_digest() -> None:
    before = knobs.start("ratio", {})
    past = [a_round(("anna", "bank", 3_000))]
    one, other = (simulate(before, before | {"capPledgeCents": 1_000}, 1, past) for _ in range(2))
    text = json.dumps(one.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert one == other
    assert one.digest == hashlib.sha256(text.encode()).hexdigest()


def case(more: int, left: int, gain: int = 0, lose: int = 0) -> dict[str, Any]:
    return {
        "before": {"candidates": 10, "leftCents": 0},
        "after": {"candidates": 10 + more, "leftCents": left},
        "gain": gain,
        "lose": lose,
    }


@pytest.mark.parametrize(
    ("cases", "nl", "en"),
    [
        ([], "Er zijn nog geen rondes of verkiezingen om dit op na te rekenen.",
         "There are no rounds or elections yet to run this on."),
        ([case(3, 110_000, 5), case(4, 200_000, 4, 2)], "Zeven initiatieven meer, EUR 3.100 over; meer voor 9, "
         "minder voor 2.", "Seven more initiatives, EUR 3,100 left; more for 9, less for 2."),
        ([case(-1, 5, 0, 1)], "Eén initiatief minder, EUR 0,05 over; meer voor 0, minder voor 1.",
         "One fewer initiative, EUR 0.05 left; more for 0, less for 1."),
        ([case(0, 0)], "Evenveel initiatieven, EUR 0 over; meer voor 0, minder voor 0.",
         "As many initiatives, EUR 0 left; more for 0, less for 0."),
        ([case(13, 123_456_789)], "13 initiatieven meer, EUR 1.234.567,89 over; meer voor 0, minder voor 0.",
         "13 more initiatives, EUR 1,234,567.89 left; more for 0, less for 0."),
    ],
)  # fmt: skip
def test_one_sentence_says_it_in_each_language(cases: list[dict[str, Any]], nl: str, en: str) -> None:
    assert summary(cases) == {"nl": nl, "en": en}


async def test_past_rounds_and_elections_are_run_again_from_the_database(square: Square) -> None:
    funding = square.funding
    opened = await funding.post("/rounds", round_body(square.fund, 24 * 30))
    await funding.pot_line(opened.json()["id"], "gemeente", 100_000)
    initiative = await funding.initiative()
    await funding.pledge(initiative, 30_000, opened.json()["id"])
    loaded = await funding.client.post(
        "/elections", content=ELECTION.encode(), headers=login("otto") | {"Content-Type": "text/plain; charset=utf-8"}
    )
    assert loaded.status_code == 201, loaded.text
    change = await square.draft(capPledgeCents=14_000)
    assert (await square.show(change))["simulation"] is None
    answer = await square.do(change, "simulation", by="bea")
    assert answer.status_code == 200, answer.text
    report = answer.json()["simulation"]
    assert [(one["kind"], one["id"]) for one in report["cases"]] == [
        ("round", opened.json()["id"]),
        ("election", loaded.json()["id"]),
    ]
    assert report["cases"][0]["differences"] == [
        {"candidate": initiative, "beforeCents": 5_000, "afterCents": 7_000, "differenceCents": 2_000}
    ]
    assert report["ruleVersion"] == (await square.knobs())["ruleVersion"]
    (simulated,) = await funding.events(KnobChangeSimulated)
    assert isinstance(simulated[0], KnobChangeSimulated)
    assert (simulated[0].rounds, simulated[0].elections) == (1, 1)
    assert simulated[0].digest == answer.json()["simulationDigest"]
    assert (await square.do(change, "opening")).status_code == 200
    assert (await square.show(change))["simulation"] == report


async def test_a_simulation_that_was_overtaken_is_not_kept(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = await square.draft(capDonorCents=13_000)
    await square.adopted(capPledgeCents=15_000)
    running, go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*given: Any) -> Any:
        loop.call_soon_threadsafe(running.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result(10)
        return simulate(*given)

    monkeypatch.setattr(simulations, "simulate", slow)
    simulating = asyncio.ensure_future(square.do(waiting, "simulation"))
    await running.wait()
    await square.pass_by(days=3)
    go.set()
    answer = await simulating
    assert (answer.status_code, answer.json()["code"]) == (422, "simulation-stale")
    assert await square.funding.rows("select count(*) from knob_simulations where change_id = $1::uuid", waiting) == [
        (0,)
    ]
