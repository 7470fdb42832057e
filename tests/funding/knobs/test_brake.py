"""The emergency brake: two people in two roles, in public, for a while, and nothing turns by it."""

from datetime import timedelta
from typing import Any

from tests.funding.conftest import at_once, round_body
from tests.funding.knobs.conftest import Square

from dorpsplein.contracts.funding.knobs import BrakePulled, BrakeReleased

REASON = "Twee toezeggingen lijken van dezelfde rekening te komen."


async def pull(square: Square, by: str, hours: int = 24) -> Any:
    return await square.funding.post(f"/funds/{square.fund}/brake", {"reason": REASON, "hours": hours}, by=by)


async def release(square: Square, by: str) -> Any:
    return await square.funding.post(f"/funds/{square.fund}/brake/release", {"reason": "Het was toeval."}, by=by)


async def shown(square: Square) -> Any:
    return (await square.funding.get(f"/funds/{square.fund}/brake")).json()


async def a_round(square: Square) -> str:
    opened = await square.funding.post("/rounds", round_body(square.fund, 24 * 30))
    assert opened.status_code == 201, opened.text
    round_id: str = opened.json()["id"]
    await square.funding.pot_line(round_id, "gemeente", 100_000)
    return round_id


async def paused(square: Square) -> list[Any]:
    rows = await square.funding.rows("select paused_until from rounds union all select paused_until from funds")
    return [row[0] for row in rows]


async def pledge(square: Square, initiative: str, round_id: str) -> Any:
    body = {"initiativeId": initiative, "amountCents": 1_000, "roundId": round_id}
    return await square.funding.post("/pledges", body, by="anna")


async def test_two_roles_pause_matching_for_the_fewer_hours_and_say_why(square: Square) -> None:
    round_id, initiative = await a_round(square), await square.funding.initiative()
    first = await pull(square, "petra", 72)
    assert (first.status_code, first.json()["status"]) == (200, "called")
    assert (await pledge(square, initiative, round_id)).status_code == 201
    second = await pull(square, "theo", 12)
    assert (second.status_code, second.json()["status"]) == (200, "pulled")
    until = square.now + timedelta(hours=12)
    assert await paused(square) == [until, until]
    refused = await pledge(square, initiative, round_id)
    assert (refused.status_code, refused.json()["code"]) == (422, "matching-paused")
    calls = (await shown(square))["calls"]
    assert [(call["role"], call["reason"]) for call in calls] == [("community-panel", REASON), ("treasurer", REASON)]
    (pulled,) = await square.funding.events(BrakePulled)
    assert isinstance(pulled[0], BrakePulled)
    assert (pulled[0].roles, pulled[0].until) == (["community-panel", "treasurer"], until)
    assert (await square.knobs())["number"] == 1
    assert await square.pass_by(hours=12, microseconds=-1) == 0
    assert await square.pass_by(microseconds=1) == 1
    assert await paused(square) == [None, None]
    assert (await pledge(square, initiative, round_id)).status_code == 201
    (released,) = await square.funding.events(BrakeReleased)
    assert isinstance(released[0], BrakeReleased)
    assert (released[0].early, released[1]) == (False, 2)


async def test_a_round_that_opens_during_the_pause_is_paused_too(square: Square) -> None:
    await pull(square, "petra")
    await pull(square, "dora")
    await a_round(square)
    until = square.now + timedelta(hours=24)
    assert await paused(square) == [until, until]


async def test_one_role_alone_pauses_nothing(square: Square) -> None:
    assert (await pull(square, "petra")).json()["status"] == "called"
    again = await pull(square, "petra")
    assert (again.status_code, again.json()["code"]) == (409, "brake-called-already")
    await square.pass_by(hours=24)
    assert (await shown(square))["status"] == "free"
    assert (await pull(square, "theo")).json()["status"] == "called"
    assert await square.funding.events(BrakePulled) == []


async def test_calls_at_once_pull_once(square: Square) -> None:
    answers = await at_once(*(pull(square, by) for by in ("petra", "theo", "dora")))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]
    assert len(await square.funding.events(BrakePulled)) == 1


async def test_two_roles_release_earlier(square: Square) -> None:
    early = await release(square, "petra")
    assert (early.status_code, early.json()["code"]) == (422, "brake-not-pulled")
    await pull(square, "petra")
    await pull(square, "theo")
    await release(square, "dora")
    again = await release(square, "dora")
    assert (again.status_code, again.json()["code"]) == (409, "brake-called-already")
    assert (await release(square, "theo")).json()["status"] == "free"
    assert await paused(square) == [None]
    (released,) = await square.funding.events(BrakeReleased)
    assert isinstance(released[0], BrakeReleased)
    assert released[0].early
    assert await square.pass_by(days=1) == 0


async def test_a_pause_never_follows_another_within_a_day(square: Square) -> None:
    await pull(square, "petra", 72)
    await pull(square, "theo", 72)
    during = await pull(square, "dora")
    assert (during.status_code, during.json()["code"]) == (409, "brake-pulled")
    square.funding.now += timedelta(hours=72 + 23)
    rests = await pull(square, "dora")
    assert (rests.status_code, rests.json()["code"]) == (422, "brake-rests")
    await square.pass_by(hours=1)
    assert (await pull(square, "dora")).json()["status"] == "called"
    assert (await pull(square, "petra")).json()["status"] == "pulled"
    assert [version for _, version in await square.funding.events(BrakePulled, BrakeReleased)] == [1, 2, 3]


async def test_no_pause_is_longer_than_72_hours_or_shorter_than_one(square: Square) -> None:
    for hours in (0, -1, 73, 1.5):
        answer = await square.funding.post(
            f"/funds/{square.fund}/brake", {"reason": REASON, "hours": hours}, by="petra"
        )
        assert answer.status_code == 400
    assert (await shown(square))["status"] == "free"
