"""Deadlines and top-up windows: all or nothing, what there is, and what happens when a promise falls out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.funding.conftest import NOON, Funding
from tests.support import person

from dorpsplein.contracts.funding.means import MeansGoalMissed, MeansGoalReached, MeansTaken, TopUpFilled, TopUpOpened
from dorpsplein.contracts.funding.pledges import PledgeLapsed, PledgeRefunded
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeWithdrawn
from funding.domain import means
from funding.domain.ledger import EUR
from funding.domain.means import Board, Means, Need

HOURS = "TIME/timmeren"
DEADLINE = NOON + timedelta(hours=2)


def waiting(
    *,
    all_or_nothing: bool = True,
    pledged: int = 0,
    status: str = "proposed",
    minimum: int = 100,
    reached_at: datetime | None = None,
    missed_at: datetime | None = None,
    top_up_until: datetime | None = None,
) -> Means:
    return Means(
        uuid4(),
        status,
        0,
        (uuid4(),),
        board=Board((Need(EUR, minimum),), all_or_nothing, DEADLINE, top_up_days=1),
        pledged={EUR: pledged},
        reached_at=reached_at,
        missed_at=missed_at,
        top_up_until=top_up_until,
    )


def ending(of: Means, now: datetime = DEADLINE, *, started: bool = False) -> list[type]:
    return [type(event) for event in means.end_waiting(of, now, started=started)]


def test_at_the_deadline_all_goes_back_or_what_there_is_is_taken():
    assert ending(waiting(pledged=99)) == [MeansGoalMissed]
    assert ending(waiting(pledged=99, all_or_nothing=False)) == [MeansTaken]
    assert ending(waiting(pledged=100)) == []


def test_nothing_ends_before_its_time_or_twice_or_once_it_was_withdrawn():
    assert ending(waiting(), DEADLINE - timedelta(microseconds=1)) == []
    assert ending(waiting(missed_at=NOON)) == []
    assert ending(waiting(reached_at=NOON)) == []
    assert ending(waiting(status="withdrawn")) == []


def test_an_initiative_that_misses_nothing_loses_nothing_at_its_deadline():
    assert ending(waiting(minimum=0, pledged=70)) == [MeansTaken]


def test_a_top_up_that_is_not_filled_sends_all_back_unless_something_was_delivered():
    until = DEADLINE + timedelta(days=1)
    of = waiting(reached_at=NOON, top_up_until=until, pledged=99)
    assert ending(of, until - timedelta(microseconds=1)) == []
    assert ending(of, until) == [MeansGoalMissed]
    assert ending(of, until, started=True) == [MeansTaken]
    some = waiting(reached_at=NOON, top_up_until=until, all_or_nothing=False)
    assert ending(some, until) == [MeansTaken]


def test_a_goal_is_over_by_the_clock_whether_the_timer_fired_or_not():
    assert waiting(pledged=99).is_over(DEADLINE)
    assert waiting(pledged=99, missed_at=NOON).is_over(NOON)
    for not_over in (
        waiting(pledged=100),
        waiting(pledged=99, reached_at=NOON),
        waiting(pledged=99, all_or_nothing=False),
        waiting(minimum=0),
    ):
        assert not not_over.is_over(DEADLINE)
    assert not waiting(pledged=99).is_over(DEADLINE - timedelta(microseconds=1))


async def due(funding: Funding, needed: int = 10_000, **other: Any) -> str:
    """An initiative with a deadline in two hours."""
    initiative = await funding.initiative()
    answer = await funding.needs(initiative, (EUR, needed), (HOURS, 0), deadline=DEADLINE.isoformat(), **other)
    assert answer.status_code == 200, answer.text
    return initiative


async def work(funding: Funding, initiative: str, minutes: int = 60, *, by: str = "anna", **other: Any) -> Any:
    body = {"initiativeId": initiative, "hours": {"skill": "timmeren", "minutes": minutes}} | other
    answer = await funding.post("/pledges", body, by=by)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def statuses(funding: Funding, initiative: str) -> list[str]:
    rows = await funding.rows(
        "select status from pledges where initiative_id = $1 order by made_at, id", UUID(initiative)
    )
    return [status for (status,) in rows]


async def test_a_missed_deadline_gives_everything_back_in_one_group(funding: Funding):
    initiative, round_id = await due(funding, 20_000), await funding.round(4_000, 2_000)
    other, beside = await due(funding), await due(funding, 1_000)
    for by in ("anna", "bea"):
        await funding.pledge(initiative, 3_000, round_id, by=by)
    await work(funding, initiative, roundId=round_id)
    await funding.pledge(other, 2_000, round_id)
    await funding.pledge(beside, 1_000, round_id)
    assert await funding.pass_by(hours=1, minutes=59) == 0
    assert await funding.pass_by(minutes=1) == 3
    assert (await statuses(funding, initiative), await statuses(funding, other)) == (["lapsed"] * 3, ["lapsed"])
    assert await statuses(funding, beside) == ["committed"]
    assert sum(await funding.left(round_id)) == 6_000 - 500
    shown = await funding.means(initiative)
    assert (shown["pledgedCents"], shown["matchedCents"], shown["pledges"]) == (0, 0, 0)
    assert shown["missedAt"] is not None
    missed = [event for event, _ in await funding.events(MeansGoalMissed) if isinstance(event, MeansGoalMissed)]
    assert {str(one.initiative_id): one.missing for one in missed} == {
        initiative: {EUR: 20_000 - 6_000 - 4_000},
        other: {EUR: 10_000 - 2_000 - 1_000},
    }
    assert len(await funding.events(PledgeLapsed)) == 4
    moments = await funding.rows("select distinct at from resolutions where outcome = 'voided'")
    assert moments == [(funding.now,)]
    given = await funding.rows("select given_cents from round_donors where donor_id = $1", person("bea"))
    assert given == [(0,)]
    await funding.audit()


async def test_after_a_miss_nothing_is_taken_set_or_quoted_any_more(funding: Funding):
    initiative, round_id = await due(funding), await funding.round(6_000)
    quoted = await funding.post(
        "/match-quotes", {"initiativeId": initiative, "roundId": round_id, "amountCents": 2_000}, by="anna"
    )
    funding.now = DEADLINE
    for fired in (0, 1):
        before = await funding.events()
        body = {"initiativeId": initiative, "roundId": round_id, "amountCents": 2_000}
        refusals = [
            (
                "goal-missed",
                await funding.post("/pledges", {"initiativeId": initiative, "amountCents": 10_000}, by="anna"),
            ),
            ("goal-missed", await funding.post("/pledges", body | {"quoteId": quoted.json()["id"]}, by="anna")),
            ("goal-missed", await funding.post("/match-quotes", body, by="anna")),
            ("goal-reached", await funding.needs(initiative, (EUR, 1))),
        ]
        for code, answer in refusals:
            assert (answer.status_code, answer.json()["code"]) == (422, code), f"timer {fired}: {answer.text}"
        assert await funding.events() == before
        await funding.pass_by()
    less = InitiativeEdited(initiative_id=UUID(initiative), changed=[], theme="groen", means_needed_cents=1)
    await funding.hear((less, 2))
    assert await funding.events(MeansGoalReached) == []
    assert await funding.left(round_id) == [6_000]
    await funding.audit()


async def test_a_deadline_that_needs_not_all_takes_what_there_is(funding: Funding):
    initiative, round_id = await due(funding, allOrNothing=False), await funding.round(6_000)
    await funding.pledge(initiative, 3_000, round_id)
    await work(funding, initiative, by="bea")
    await funding.pass_by(hours=2)
    assert await statuses(funding, initiative) == ["committed", "committed"]
    [(taken, _)] = await funding.events(MeansTaken)
    assert isinstance(taken, MeansTaken)
    assert taken.missing == {EUR: 5_500}
    assert (await funding.pledge(initiative, 1_000, by="cas"))["status"] == "committed"
    assert (await funding.audit())["holds"] == 0


async def test_a_deadline_that_is_moved_or_taken_away_comes_at_its_new_moment_only(funding: Funding):
    later, never = await due(funding), await due(funding)
    for initiative in (later, never):
        await funding.pledge(initiative, 1_000)
    moved = await funding.needs(later, (EUR, 10_000), deadline=(DEADLINE + timedelta(hours=1)).isoformat())
    gone = await funding.needs(never, (EUR, 10_000))
    assert (moved.json()["deadline"], gone.json()["deadline"]) == ("2026-05-01T15:00:00Z", None)
    assert await funding.pass_by(hours=2) == 0
    assert await statuses(funding, later) == ["held"]
    assert await funding.pass_by(hours=1) == 1
    assert (await statuses(funding, later), await statuses(funding, never)) == (["lapsed"], ["held"])


async def test_a_timer_that_fires_days_late_does_what_was_due(funding: Funding):
    initiative = await due(funding)
    await funding.pledge(initiative, 1_000)
    assert await funding.pass_by(days=3) == 1
    assert await statuses(funding, initiative) == ["lapsed"]
    assert await funding.pass_by(days=3) == 0
    assert len(await funding.events(MeansGoalMissed)) == 1


async def fallen_out(funding: Funding, **other: Any) -> tuple[str, str]:
    """An initiative that reached its goal with euros, hours and a match, and then lost the hours; and the round."""
    initiative, round_id = await funding.initiative(), await funding.round(6_000)
    await funding.needs(initiative, (EUR, 4_000), (HOURS, 60), **other)
    await funding.pledge(initiative, 3_000, round_id)
    hours = await work(funding, initiative, by="bea", roundId=round_id)
    assert hours["status"] == "committed"
    assert (await funding.means(initiative))["matchedCents"] == 2_500
    lapse = await funding.post(f"/pledges/{hours['id']}/lapse", by="ina")
    assert lapse.json()["status"] == "lapsed", lapse.text
    return initiative, round_id


async def test_a_promise_that_falls_out_opens_a_window_in_which_others_fill_it(funding: Funding):
    initiative, round_id = await fallen_out(funding, topUpDays=7)
    [(opened, version)] = await funding.events(TopUpOpened)
    assert isinstance(opened, TopUpOpened)
    assert (version, opened.missing, opened.closes_at) == (3, {HOURS: 60}, NOON + timedelta(days=7))
    assert (await work(funding, initiative, 30, by="cas"))["status"] == "committed"
    assert await funding.events(TopUpFilled) == []
    await funding.pass_by(days=6, hours=23)
    await work(funding, initiative, 30, by="daan")
    assert [version for _, version in await funding.events(TopUpFilled)] == [4]
    assert (await funding.means(initiative))["topUpUntil"] is None
    await funding.pass_by(days=1)
    assert await statuses(funding, initiative) == ["committed", "lapsed", "committed", "committed"]
    assert await funding.events(MeansGoalMissed, MeansTaken, PledgeRefunded) == []
    assert len(await funding.events(MeansGoalReached)) == 1
    assert await funding.left(round_id) == [4_500]
    await funding.audit()


async def test_a_window_that_is_not_filled_refunds_everyone_and_returns_the_matches(funding: Funding):
    initiative, round_id = await fallen_out(funding, topUpDays=7)
    late = await funding.pledge(initiative, 500, by="cas")
    assert await funding.pass_by(days=7) == 2, "the window, and the round"
    assert await statuses(funding, initiative) == ["refunded", "lapsed", "refunded"]
    assert await funding.left(round_id) == [6_000]
    shown = await funding.means(initiative)
    assert (shown["pledgedCents"], shown["matchedCents"], shown["pledges"]) == (0, 0, 0)
    told = [event for event, _ in await funding.events(PledgeRefunded) if isinstance(event, PledgeRefunded)]
    assert sorted((one.amount_cents, one.match_cents, one.reason) for one in told) == [
        (500, 0, "goal-missed"),
        (3_000, 1_500, "goal-missed"),
    ]
    returned = (await funding.get("/ledger/balances", kind="returned")).json()["items"]
    assert {(one["account"], one["resource"]): one["balance"] for one in returned} == {
        (f"returned:{person('anna')}", EUR): 3_000,
        (f"returned:{person('bea')}", HOURS): 60,
        (f"returned:{person('cas')}", EUR): 500,
    }
    gone = await funding.post(f"/pledges/{late['id']}/withdrawal", by="cas")
    assert gone.json()["code"] == "pledge-ended"
    await funding.audit()


async def test_nothing_is_refunded_once_something_was_delivered(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(6_000)
    await funding.needs(initiative, (EUR, 1_000), (HOURS, 120), topUpDays=1)
    await funding.pledge(initiative, 1_000, round_id)
    some, rest = [await work(funding, initiative, by=by) for by in ("bea", "cas")]
    part = await funding.post(f"/pledges/{some['id']}/deliveries", {"quantity": 1}, by="ina")
    assert part.status_code == 201, part.text
    await funding.post(f"/pledges/{rest['id']}/lapse", by="ina")
    await funding.pass_by(days=1)
    assert await statuses(funding, initiative) == ["committed", "committed", "lapsed"]
    [(taken, _)] = await funding.events(MeansTaken)
    assert isinstance(taken, MeansTaken)
    assert taken.missing == {HOURS: 60}
    assert await funding.left(round_id) == [5_500]
    await funding.audit()


async def test_a_window_is_opened_where_something_is_missing_and_only_where_the_board_wants_one(funding: Funding):
    initiative, _ = await fallen_out(funding, topUpDays=0)
    assert await funding.events(TopUpOpened) == []
    assert (await funding.means(initiative))["topUpUntil"] is None
    enough = await funding.initiative()
    await funding.needs(enough, (HOURS, 60))
    first, second = [await work(funding, enough, by=by) for by in ("anna", "bea")]
    await funding.post(f"/pledges/{first['id']}/lapse", by="ina")
    assert await funding.events(TopUpOpened) == []
    await funding.post(f"/pledges/{second['id']}/lapse", by="ina")
    assert len(await funding.events(TopUpOpened)) == 1
    await funding.pass_by(days=14)
    assert len(await funding.events(MeansGoalMissed)) == 1


async def test_a_withdrawn_initiative_refunds_what_was_committed_and_its_deadline_means_nothing(funding: Funding):
    initiative, round_id = await due(funding, 1_000), await funding.round(6_000)
    await funding.pledge(initiative, 1_000, round_id)
    gone = await due(funding)
    await funding.pledge(gone, 1_000, round_id, by="bea")
    for one in (initiative, gone):
        await funding.hear((InitiativeWithdrawn(initiative_id=UUID(one), reason="x"), 2))
    assert (await statuses(funding, initiative), await statuses(funding, gone)) == (["refunded"], ["withdrawn"])
    assert await funding.left(round_id) == [6_000]
    await funding.pass_by(hours=2)
    assert await funding.events(MeansGoalMissed, MeansTaken, TopUpOpened) == []
    await funding.audit()
