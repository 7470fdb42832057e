"""One person, one ballot; hidden until the close; never linked to its voter, then or afterwards."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import at_once
from tests.funding.knobs.conftest import Square
from tests.support import login

from dorpsplein.contracts.funding import EVENTS
from funding import commands
from funding.domain.knobs.ballots import CastBallot
from funding.domain.knobs.votes import Choice

CROWD = [f"voter-{n}" for n in range(100)]
CHOICES: list[Choice] = ["yes", "yes", "no", "abstain"]


@pytest.mark.parametrize("how", ["one after another", "at once"])
async def test_the_same_voter_twice_counts_once(square: Square, how: str) -> None:
    change = await square.opened(capPledgeCents=15_000)
    asked = [square.vote(change, "anna", choice) for choice in ("yes", "no", "no", "yes")]
    answers = await at_once(*asked) if how == "at once" else [await one for one in asked]
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already-voted"}
    assert await square.funding.rows("select count(*) from ballots") == [(1,)]


async def test_the_same_voter_in_two_processes_at_once_counts_once(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    voter = square.caller("anna")
    database = square.funding.runtime.database

    async def process() -> Any:
        async with database.transaction() as tx:
            ballot = CastBallot(uuid4(), UUID(change), voter, "yes", square.now)
            answers = await commands.knobs.ballots.cast(tx, [ballot])
            await asyncio.sleep(0.05)
            return answers[0]

    answers = await at_once(*(process() for _ in range(5)))
    assert answers.count(None) == 1
    assert await square.funding.rows("select count(*) from ballots") == [(1,)]


async def test_a_hundred_ballots_at_once_are_all_counted(square: Square) -> None:
    await square.enrol(*CROWD)
    change = await square.opened(capPledgeCents=15_000)
    answers = await at_once(*(square.vote(change, one, CHOICES[n % 4]) for n, one in enumerate(CROWD)))
    assert {answer.status_code for answer in answers} == {204}
    assert {answer.content for answer in answers} == {b""}
    await square.pass_by(days=7)
    assert (await square.show(change))["tally"] == {"yes": 50, "no": 25, "abstain": 25, "turnout": 100}


async def test_a_close_amid_ballots_counts_exactly_those_that_were_let_in(square: Square) -> None:
    await square.enrol(*CROWD)
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, *CROWD[:3])

    async def close() -> int:
        await asyncio.sleep(0.02)
        return await square.pass_by(days=7)

    *answers, _ = await at_once(*(square.vote(change, one) for one in CROWD[3:]), close())
    let_in = 3 + sum(answer.status_code == 204 for answer in answers)
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 204}
    assert refused <= {"voting-closed"}
    assert (await square.show(change))["tally"]["turnout"] == let_in


async def test_a_close_waits_for_a_ballot_that_is_on_its_way(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea", "cas")
    cast = asyncio.Event()

    async def on_its_way() -> Any:
        async with square.funding.runtime.database.transaction() as tx:
            ballot = CastBallot(uuid4(), UUID(change), square.caller("daan"), "no", square.now)
            answers = await commands.knobs.ballots.cast(tx, [ballot])
            cast.set()
            await asyncio.sleep(0.3)
            return answers[0]

    async def close() -> int:
        await cast.wait()
        return await square.pass_by(days=7)

    answer, _ = await at_once(on_its_way(), close())
    assert answer is None
    assert (await square.show(change))["tally"] == {"yes": 3, "no": 1, "abstain": 0, "turnout": 4}


async def test_only_the_roster_votes_and_it_is_the_electorate_at_the_opening(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.enrol("late-comer")
    stranger = await square.vote(change, "late-comer")
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not-on-the-roster")
    await square.funding.client.delete("/electorate/me", headers=login("anna"))
    assert (await square.funding.get("/electorate")).json() == {"size": 4}
    assert (await square.vote(change, "anna")).status_code == 204


async def test_before_opening_and_after_close_nobody_votes(square: Square) -> None:
    change = await square.draft(capPledgeCents=15_000)
    early = await square.vote(change, "anna")
    assert (early.status_code, early.json()["code"]) == (422, "voting-not-open")
    for what in ("simulation", "opening"):
        assert (await square.do(change, what)).status_code == 200
    square.funding.now += timedelta(days=7)
    late = await square.vote(change, "anna")
    assert (late.status_code, late.json()["code"]) == (422, "voting-closed")
    await square.pass_by()
    late = await square.vote(change, "bea")
    assert (late.status_code, late.json()["code"]) == (422, "voting-closed")
    unknown = await square.vote(str(uuid4()), "bea")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "knob-change-unknown")
    assert await square.funding.rows("select count(*) from ballots") == [(0,)]


async def test_a_ballot_id_tells_nothing_and_is_used_once(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    timed = await square.vote(change, "anna", ballot="0197f1c2-7d1a-7c3e-8f00-000000000001")
    assert (timed.status_code, timed.json()["code"]) == (422, "ballot-id-not-random")
    ballot = uuid4()
    assert (await square.vote(change, "anna", ballot=ballot)).status_code == 204
    taken = await square.vote(change, "bea", "no", ballot)
    assert (taken.status_code, taken.json()["code"]) == (409, "id-taken")
    assert (await square.vote(change, "bea", "no")).status_code == 204


async def test_nothing_shows_before_the_close_and_everyone_finds_their_ballot_after(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    before = await square.show(change)
    ballots = {name: uuid4() for name in ("anna", "bea", "cas")}
    for name, ballot in ballots.items():
        assert (await square.vote(change, name, "no" if name == "cas" else "yes", ballot)).status_code == 204
    assert await square.show(change) == before
    assert before["tally"] is None
    hidden = await square.funding.get(f"/knob-changes/{change}/ballots")
    assert (hidden.status_code, hidden.json()["code"]) == (422, "ballots-hidden")
    await square.pass_by(days=7)
    first = (await square.funding.get(f"/knob-changes/{change}/ballots", limit=2)).json()
    rest = (await square.funding.get(f"/knob-changes/{change}/ballots", limit=2, cursor=first["next"])).json()
    published = {item["id"]: item["choice"] for item in [*first["items"], *rest["items"]]}
    assert published == {str(ballot): "no" if name == "cas" else "yes" for name, ballot in ballots.items()}


async def test_a_ballot_leaves_nothing_in_events_answers_or_timers(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    outbox = await square.funding.rows("select id from outbox")
    timers = await square.funding.rows("select * from timers")
    answers = await square.funding.rows("select count(*) from idempotency")
    keyed = await square.funding.post(
        f"/knob-changes/{change}/ballots", {"id": str(uuid4()), "choice": "yes"}, by="anna", key="my-vote"
    )
    assert keyed.status_code == 204
    await square.votes(change, "bea", "cas")
    assert await square.funding.rows("select id from outbox") == outbox
    assert await square.funding.rows("select * from timers") == timers
    assert await square.funding.rows("select count(*) from idempotency") == answers
    assert not [kind for kind in EVENTS if "ballot" in kind.__name__.lower()]


async def test_no_column_can_hold_what_links_a_ballot_to_its_voter(square: Square) -> None:
    rows = await square.funding.rows(
        "select table_name::text, column_name::text, data_type::text from information_schema.columns"
        " where table_name in ('ballots', 'rosters', 'electorate', 'early_ballots') order by 1, ordinal_position"
    )
    assert rows == [
        ("ballots", "id", "uuid"),
        ("ballots", "change_id", "uuid"),
        ("ballots", "choice", "text"),
        ("early_ballots", "change_id", "uuid"),
        ("early_ballots", "ballots", "bigint"),
        ("electorate", "voter_id", "uuid"),
        ("rosters", "change_id", "uuid"),
        ("rosters", "voter_id", "uuid"),
        ("rosters", "voted", "boolean"),
    ]


async def test_after_the_close_neither_place_nor_transaction_nor_roster_says_whose_a_ballot_is(
    square: Square,
) -> None:
    await square.enrol(*CROWD[:30])
    change = await square.opened(capPledgeCents=15_000)
    order = [str(uuid4()) for _ in range(30)]
    for name, ballot in zip(CROWD, order, strict=False):
        assert (await square.vote(change, name, ballot=ballot)).status_code == 204
    placed = "select id::text, xmin::text from ballots order by ctid"
    before = await square.funding.rows(placed)
    assert [row[0] for row in before] == order, "this test cannot see an order that is not there before"
    assert len({row[1] for row in before}) == 30
    await square.pass_by(days=7)
    after = await square.funding.rows(placed)
    assert sorted(row[0] for row in after) == sorted(order)
    assert len({row[1] for row in after}) == 1
    assert [row[0] for row in after] not in (order, sorted(order))
    assert await square.funding.rows("select count(*) from rosters") == [(0,)]
    assert await square.funding.rows("select count(*) from early_ballots") == [(0,)]
