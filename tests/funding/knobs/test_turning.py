"""A change from its draft to its effect, over HTTP, with the days that lie between."""

from datetime import timedelta

import pytest
from tests.funding.conftest import at_once
from tests.funding.knobs.conftest import Square
from tests.support import login

from dorpsplein.contracts.funding.knobs import (
    BrakePulled,
    KnobBoundsSet,
    KnobChangeAdopted,
    KnobChangeConsented,
    KnobChangeDrafted,
    KnobChangeExtended,
    KnobChangeLapsed,
    KnobChangeOpened,
    KnobChangeSimulated,
    KnobChangeSuperseded,
    KnobChangeVetoed,
    KnobTurned,
    KnobVetoAnnounced,
    KnobVetoLapsed,
)
from dorpsplein.envelope import Event


async def test_a_tuning_is_drafted_simulated_voted_locked_and_takes_effect(square: Square) -> None:
    before = await square.knobs()
    change = await square.opened(capPledgeCents=15_000)
    shown = await square.show(change)
    assert (shown["status"], shown["knobClass"], shown["vote"]["quorum"]) == ("open", "tuning", 3)
    assert shown["vote"]["rosterSize"] == 4
    assert shown["vote"]["closesAt"] == (square.now + timedelta(days=7)).isoformat().replace("+00:00", "Z")
    assert shown["simulation"]["summary"]["nl"]
    await square.votes(change, "anna", "bea")
    await square.votes(change, "cas", choice="no")
    assert await square.pass_by(days=7, microseconds=-1) == 0
    assert await square.pass_by(microseconds=1) == 1
    adopted = await square.show(change)
    assert adopted["status"] == "adopted"
    assert adopted["tally"] == {"yes": 2, "no": 1, "abstain": 0, "turnout": 3}
    assert await square.pass_by(days=3, microseconds=-1) == 0
    assert (await square.knobs())["values"]["capPledgeCents"] == 10_000
    assert await square.pass_by(microseconds=1) == 1
    assert await square.status(change) == "effective"
    after = await square.knobs()
    assert after["values"] == before["values"] | {"capPledgeCents": 15_000}
    assert after["number"] == 2
    assert after["ruleVersion"] != before["ruleVersion"]
    assert after["valuationVersion"] == before["valuationVersion"]
    assert [one["turned"] for one in after["history"]] == [{"capPledgeCents": 15_000}, {}]
    kinds: list[type[Event]] = [
        KnobChangeDrafted, KnobChangeSimulated, KnobChangeOpened, KnobChangeAdopted, KnobTurned,
    ]  # fmt: skip
    events = await square.funding.events(*kinds)
    assert [(type(event), version) for event, version in events] == [(kind, n) for n, kind in enumerate(kinds, 1)]
    turned = events[-1][0]
    assert isinstance(turned, KnobTurned)
    assert turned.old_rule_version == before["ruleVersion"]
    assert turned.rule_version == after["ruleVersion"]
    assert turned.numbers == {"capPledgeCents": 15_000}


async def test_another_rule_is_a_heavier_change_and_takes_effect_with_its_own_knobs(square: Square) -> None:
    change = await square.adopted(rule="first_come", partial=1)
    assert (await square.show(change))["knobClass"] == "rule"
    await square.pass_by(days=14)
    after = await square.knobs()
    assert after["rule"] == "first_come"
    assert after["values"]["partial"] == 1


async def test_a_valuation_has_a_version_of_its_own(square: Square) -> None:
    before = await square.knobs()
    change = await square.adopted(valuationHourCents=2_200)
    await square.pass_by(days=3)
    assert await square.status(change) == "effective"
    after = await square.knobs()
    assert after["valuationVersion"] != before["valuationVersion"]
    assert after["ruleVersion"] == before["ruleVersion"]


async def test_changes_are_listed_newest_first_by_fund_and_status_with_their_simulations_in_short(
    square: Square,
) -> None:
    other = Square(square.funding)
    other.fund = await other.open_fund()
    drafted = await square.draft(capDonorCents=13_000)
    await square.pass_by(hours=1)
    opened = await square.opened(capPledgeCents=15_000)
    elsewhere = await other.opened(capPledgeCents=15_000)

    async def listed(**query: str | int) -> list[str]:
        answer = await square.funding.get("/knob-changes", **query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert set(await listed()) == {elsewhere, opened, drafted}
    assert await listed(fundId=square.fund) == [opened, drafted]
    assert await listed(fundId=square.fund, status="drafted") == [drafted]
    page = (await square.funding.get("/knob-changes", fundId=square.fund, limit=1)).json()
    assert page["items"][0]["simulation"]["summary"] == (await square.show(opened))["simulation"]["summary"]
    assert "cases" not in page["items"][0]["simulation"]
    assert await listed(fundId=square.fund, limit=1, cursor=page["next"]) == [drafted]
    assert (await square.funding.get("/knob-changes", status="undecided")).status_code == 400


async def test_fewer_than_the_quorum_is_no_quorum_whatever_they_chose(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea")
    await square.pass_by(days=7)
    assert await square.status(change) == "without-quorum"
    assert await square.pass_by(days=365) == 0
    assert (await square.knobs())["number"] == 1


async def test_as_many_no_as_yes_turns_a_tuning_down(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea")
    await square.votes(change, "cas", "daan", choice="no")
    await square.pass_by(days=7)
    assert await square.status(change) == "turned-down"


async def test_a_quorum_of_the_last_day_extends_once_by_two_days(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea")
    await square.pass_by(days=6, minutes=1)
    await square.votes(change, "cas")
    closes = square.now + timedelta(days=1, minutes=-1)
    await square.pass_by(days=1)
    assert await square.status(change) == "open"
    (extended,) = await square.funding.events(KnobChangeExtended)
    assert isinstance(extended[0], KnobChangeExtended)
    assert extended[0].closes_at == closes + timedelta(days=2)
    await square.votes(change, "daan", choice="no")
    await square.pass_by(days=2)
    adopted = await square.show(change)
    assert (adopted["status"], adopted["vote"]["extended"]) == ("adopted", True)
    assert adopted["tally"]["turnout"] == 4


async def test_a_quorum_just_before_the_last_day_extends_nothing(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea")
    await square.pass_by(days=6, microseconds=-1)
    await square.votes(change, "cas")
    await square.pass_by(hours=12)
    await square.votes(change, "daan")
    await square.pass_by(days=1)
    assert await square.status(change) == "adopted"


async def test_a_ballot_right_after_the_close_counts_where_the_vote_goes_on_though_no_timer_fired(
    square: Square,
) -> None:
    change = await square.opened(capPledgeCents=15_000)
    square.funding.now += timedelta(days=6, hours=1)
    await square.votes(change, "anna", "bea", "cas")
    square.funding.now += timedelta(hours=23)
    await square.votes(change, "daan", choice="no")
    await square.pass_by(days=2)
    assert (await square.show(change))["tally"] == {"yes": 3, "no": 1, "abstain": 0, "turnout": 4}


async def test_after_a_long_stop_everything_happens_as_of_its_own_moment(square: Square) -> None:
    first = await square.opened(capPledgeCents=15_000)
    square.funding.now += timedelta(days=1)
    second = await square.opened(capDonorCents=13_000)
    for change in (first, second):
        await square.votes(change, "anna", "bea", "cas")
    await square.pass_by(days=100)
    assert [await square.status(one) for one in (first, second)] == ["effective", "effective"]
    history = (await square.knobs())["history"]
    assert [one["changeId"] for one in history] == [second, first, None]
    start = square.now - timedelta(days=101)
    moments = [(start + timedelta(days=days)).isoformat().replace("+00:00", "Z") for days in (11, 10, 0)]
    assert [one["effectiveAt"] for one in history] == moments


async def test_a_command_finds_what_was_due_even_where_no_timer_fired(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea", "cas")
    square.funding.now += timedelta(days=10)
    answer = await square.ask_draft(values={"capPledgeCents": 10_000})
    assert answer.status_code == 201, answer.text
    assert answer.json()["baseNumber"] == 2
    assert await square.status(change) == "effective"


async def test_a_knob_turned_again_supersedes_the_turn_before(square: Square) -> None:
    first = await square.adopted(capPledgeCents=15_000)
    await square.pass_by(days=3)
    second = await square.adopted(capPledgeCents=20_000)
    await square.pass_by(days=3)
    assert [await square.status(one) for one in (first, second)] == ["superseded", "effective"]
    (superseded,) = await square.funding.events(KnobChangeSuperseded)
    assert isinstance(superseded[0], KnobChangeSuperseded)
    assert superseded[0].reason == "turned-again"


async def test_a_change_that_no_longer_fits_when_it_is_due_is_superseded(square: Square) -> None:
    mechanism = await square.opened(rule="quadratic")
    tuning = await square.draft(numerator=2)
    await square.votes(mechanism, "anna", "bea", "cas")
    await square.pass_by(days=7)
    await square.pass_by(days=4)
    for what in ("simulation", "opening"):
        assert (await square.do(tuning, what)).status_code == 200
    await square.votes(tuning, "anna", "bea", "cas")
    await square.pass_by(days=10)
    assert await square.status(mechanism) == "effective"
    assert await square.status(tuning) == "superseded"
    assert (await square.knobs())["number"] == 2


async def test_a_constitution_waits_for_the_council_and_lapses_without_it(square: Square) -> None:
    change = await square.adopted(votingDays=10)
    shown = await square.show(change)
    assert (shown["knobClass"], shown["needsConsent"], shown["consented"]) == ("constitution", True, False)
    await square.pass_by(days=30)
    assert await square.status(change) == "lapsed"
    assert len(await square.funding.events(KnobChangeLapsed)) == 1
    again = await square.adopted(votingDays=10)
    await square.pass_by(days=29)
    for _ in range(2):
        answer = await square.do(again, "consent", by="erik")
        assert (answer.status_code, answer.json()["consented"]) == (200, True)
    assert len(await square.funding.events(KnobChangeConsented)) == 1
    await square.pass_by(days=1)
    assert await square.status(again) == "effective"
    opened = await square.opened(capPledgeCents=15_000)
    vote = (await square.show(opened))["vote"]
    assert vote["closesAt"] == (square.now + timedelta(days=10)).isoformat().replace("+00:00", "Z")


async def test_a_vote_keeps_the_terms_it_opened_with(square: Square) -> None:
    constitution = await square.opened(quorumPercentTuning=10, lockDaysTuning=10)
    await square.votes(constitution, "anna", "bea", "cas")
    await square.pass_by(days=7)
    assert (await square.do(constitution, "consent", by="erik")).status_code == 200
    await square.pass_by(days=28)
    tuning = await square.opened(capPledgeCents=15_000)
    await square.votes(tuning, "anna", "bea", "cas")
    await square.pass_by(days=7)
    assert (await square.knobs())["values"]["lockDaysTuning"] == 10
    await square.pass_by(days=3)
    assert await square.status(tuning) == "effective"


async def test_a_veto_with_a_ground_ends_a_change(square: Square) -> None:
    change = await square.adopted(capPledgeCents=15_000)
    ground = "In strijd met de subsidieverordening, artikel 4."
    answer = await square.do(change, "veto", {"ground": ground}, by="dora")
    assert (answer.json()["status"], answer.json()["ground"]) == ("vetoed", ground)
    await square.pass_by(days=30)
    assert (await square.knobs())["number"] == 1
    vetoed = await square.funding.events(KnobChangeVetoed)
    assert len(vetoed) == 1
    assert ground not in vetoed[0][0].model_dump_json()


async def test_a_veto_without_a_ground_holds_up_for_72_hours_and_lapses(square: Square) -> None:
    change = await square.adopted(capPledgeCents=15_000)
    await square.pass_by(days=2)
    answer = await square.do(change, "veto", {}, by="erik")
    assert answer.status_code == 200, answer.text
    held = square.now + timedelta(hours=72)
    assert answer.json()["heldUntil"] == held.isoformat().replace("+00:00", "Z")
    await square.pass_by(hours=72, microseconds=-1)
    assert await square.status(change) == "adopted"
    again = await square.do(change, "veto", {}, by="dora")
    assert (again.status_code, again.json()["code"]) == (422, "veto-without-ground")
    await square.pass_by(microseconds=1)
    assert await square.status(change) == "effective"
    (turned,) = await square.funding.events(KnobTurned)
    assert isinstance(turned[0], KnobTurned)
    assert turned[0].effective_at == held
    assert len(await square.funding.events(KnobVetoAnnounced, KnobVetoLapsed)) == 2


async def test_a_veto_announced_early_moves_no_effect_and_its_ground_may_follow(square: Square) -> None:
    change = await square.adopted(rule="first_come")
    assert (await square.do(change, "veto", {}, by="dora")).status_code == 200
    await square.pass_by(days=3)
    shown = await square.show(change)
    assert (shown["status"], shown["heldUntil"]) == ("adopted", None)
    await square.pass_by(days=11, microseconds=-1)
    assert (await square.do(change, "veto", {"ground": "Onwettig."}, by="erik")).json()["status"] == "vetoed"


async def test_a_withdrawn_change_leaves_no_ballots_and_frees_its_knobs(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    await square.votes(change, "anna", "bea")
    for _ in range(2):
        answer = await square.do(change, "withdrawal")
        assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert await square.funding.rows("select count(*) from ballots") == [(0,)]
    assert await square.funding.rows("select count(*) from rosters") == [(0,)]
    assert await square.pass_by(days=7) == 0
    await square.opened(capPledgeCents=15_000)


async def test_the_council_sets_bounds_once_and_changes_stay_inside(square: Square) -> None:
    path = f"/funds/{square.fund}/knob-bounds"
    client = square.funding.client
    body = {"bounds": {"capPledgeCents": {"least": 5_000, "most": 12_000}}}
    answers = await at_once(*(client.put(path, json=body, headers=login("erik")) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    other = await client.put(
        path, json={"bounds": {"capPledgeCents": {"least": 1, "most": 20_000}}}, headers=login("erik")
    )
    assert (other.status_code, other.json()["code"]) == (409, "bounds-set")
    assert len(await square.funding.events(KnobBoundsSet)) == 1
    out = await square.ask_draft(values={"capPledgeCents": 12_001})
    assert (out.status_code, out.json()["code"]) == (422, "knob-out-of-bounds")
    change = await square.adopted(bounds={"capPledgeCents": {"least": 5_000, "most": 20_000}})
    assert (await square.show(change))["knobClass"] == "constitution"
    assert (await square.do(change, "consent", by="erik")).status_code == 200
    await square.pass_by(days=30)
    assert await square.status(change) == "effective"
    (_, first), (moved, second) = await square.funding.events(KnobBoundsSet)
    assert isinstance(moved, KnobBoundsSet)
    assert (first, second, moved.most, str(moved.change_id)) == (1, 2, {"capPledgeCents": 20_000}, change)
    assert (await square.ask_draft(values={"capPledgeCents": 20_000})).status_code == 201


@pytest.mark.parametrize("kind", [BrakePulled, KnobTurned, KnobChangeDrafted])
def test_facts_carry_no_words_of_people(kind: type[Event]) -> None:
    assert not {"reason", "ground"} & set(kind.model_fields)
