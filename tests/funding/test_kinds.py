"""Means of every kind: hours, halls and materials beside euros, each in its own unit and never added up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding, at_once, round_body

from dorpsplein.contracts.funding.pledges import PledgeMade, PledgeMatched
from dorpsplein.contracts.presence.facilities import FacilityWithdrawn
from dorpsplein.errors import Refused
from funding.domain.ledger import EUR
from funding.domain.resources import Slot, Valuation, material, slot, time

HOURS, HALL, STONES = time("timmeren"), slot("dorpshuis"), material("tegels")
SATURDAY = NOON + timedelta(days=1)


def hall(start: datetime = SATURDAY, minutes: int = 120, facility: str = "dorpshuis") -> dict[str, Any]:
    ends = start + timedelta(minutes=minutes)
    return {"slot": {"facility": facility, "startsAt": start.isoformat(), "endsAt": ends.isoformat()}}


def hours(minutes: int = 90) -> dict[str, Any]:
    return {"hours": {"skill": "timmeren", "minutes": minutes}}


def stones(units: int = 40) -> dict[str, Any]:
    return {"material": {"item": "tegels", "units": units}}


async def promise(funding: Funding, initiative: str, of: dict[str, Any], *, by: str = "anna", **other: Any) -> Any:
    return await funding.post("/pledges", {"initiativeId": initiative} | of | other, by=by)


async def in_need(funding: Funding, **other: Any) -> str:
    """An initiative that needs some of everything."""
    initiative = await funding.initiative(10**6)
    answer = await funding.needs(initiative, (HOURS, 10_000), (HALL, 10_000), ("SLOT/kerk", 0), (STONES, 100), **other)
    assert answer.status_code == 200, answer.text
    return initiative


@pytest.mark.parametrize(
    ("resource", "quantity", "cents"),
    [(EUR, 777, 777), (HOURS, 90, 3_000), (HOURS, 1, 33), (HALL, 90, 3_750), (HALL, 7, 291), (STONES, 1_000, 0)],
)
def test_what_means_count_for_is_their_valuation_rounded_down(resource: str, quantity: int, cents: int):
    assert Valuation(2_000, 2_500).cents(resource, quantity) == cents


@pytest.mark.parametrize(
    "long",
    [timedelta(0), timedelta(seconds=59), timedelta(minutes=-5), timedelta(days=31, minutes=1), timedelta(seconds=90)],
)
def test_a_slot_lasts_whole_minutes_within_31_days(long: timedelta):
    with pytest.raises(Refused):
        _ = Slot(NOON, NOON + long).minutes
    assert Slot(NOON, NOON + timedelta(days=31)).minutes == 31 * 24 * 60


def test_a_slot_that_is_over_or_too_far_away_is_refused():
    Slot(NOON, NOON + timedelta(hours=1)).refuse_far(NOON)
    for start in (NOON - timedelta(hours=1), NOON + timedelta(days=3654)):
        with pytest.raises(Refused):
            Slot(start, start + timedelta(hours=1)).refuse_far(NOON)


async def test_every_kind_is_promised_in_its_own_unit_and_held_in_its_own_account(funding: Funding):
    initiative = await in_need(funding)
    pledges = [await promise(funding, initiative, of) for of in ({"amountCents": 500}, hours(), hall(), stones())]
    assert [(pledge.json()["resource"], pledge.json()["quantity"]) for pledge in pledges] == [
        (EUR, 500),
        (HOURS, 90),
        (HALL, 120),
        (STONES, 40),
    ]
    assert [pledge.json()["amountCents"] for pledge in pledges] == [500, 0, 0, 0]
    balances = (await funding.get("/ledger/balances", kind="escrow")).json()["items"]
    assert {one["resource"]: one["creditsPending"] for one in balances} == {EUR: 500, HALL: 120, STONES: 40, HOURS: 90}
    assert len({one["account"] for one in balances}) == 1
    means = await funding.means(initiative)
    assert (means["pledgedCents"], means["pledges"]) == (500, 4)
    made = [event for event, _ in await funding.events(PledgeMade) if isinstance(event, PledgeMade)]
    assert [(one.resource, one.quantity, one.amount_cents) for one in made[1:3]] == [(HOURS, 90, 0), (HALL, 120, 0)]
    assert made[2].starts_at == SATURDAY
    sums = (await funding.audit())["resources"]
    assert {one["resource"]: one["debitsPending"] for one in sums} == {EUR: 500, HALL: 120, STONES: 40, HOURS: 90}


async def test_exactly_one_kind_is_sent_and_what_cannot_be_is_refused(funding: Funding):
    initiative = await in_need(funding)
    before = await funding.events()
    bodies: list[dict[str, Any]] = [
        {},
        {"amountCents": 5} | hours(),
        hours() | hall() | stones(),
        *({"hours": {"skill": skill, "minutes": 5}} for skill in ("", "Timmeren", "a b", "x" * 61, 7, None)),
        *({"hours": {"skill": "x", "minutes": wrong}} for wrong in (0, -1, 1.5, "5", 10**9 + 1, True)),
        *({"material": {"item": "x", "units": wrong}} for wrong in (0, -1, 0.5, 10**400)),
        {"hours": {"skill": "x"}},
        {"slot": {"facility": "x", "startsAt": "soon", "endsAt": "later"}},
        {"slot": hall()["slot"] | {"minutes": 5}},
        {"hours": 90},
    ]
    for body in bodies:
        answer = await promise(funding, initiative, body)
        assert answer.status_code == 400, f"{body}: {answer.text}"
    edge = {"startsAt": "9999-12-31T20:00:00-14:00", "endsAt": "9999-12-31T22:00:00-14:00", "facility": "dorpshuis"}
    refused = [
        hall(minutes=0),
        hall(minutes=-1),
        hall(minutes=31 * 24 * 60 + 1),
        hall(NOON - timedelta(hours=2)),
        {"slot": edge},
    ]
    for body in refused:
        answer = await promise(funding, initiative, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "slot-not-valid"), body
    assert await funding.events() == before


async def test_a_facility_is_promised_once_for_a_time_and_touching_times_are_fine(funding: Funding):
    initiative = await in_need(funding)
    first = await promise(funding, initiative, hall())
    assert first.status_code == 201, first.text
    for shift in (-119, -1, 0, 60, 119):
        taken = await promise(funding, initiative, hall(SATURDAY + timedelta(minutes=shift)), by="bea")
        assert (taken.status_code, taken.json()["code"]) == (422, "slot-taken"), shift
    within = await promise(funding, initiative, hall(SATURDAY + timedelta(minutes=30), 30), by="bea")
    assert within.json()["code"] == "slot-taken"
    for shift in (-120, 120):
        assert (await promise(funding, initiative, hall(SATURDAY + timedelta(minutes=shift)))).status_code == 201
    assert (await promise(funding, initiative, hall(facility="kerk"))).status_code == 201
    assert len(await funding.events(PledgeMade)) == 4
    again = await funding.post(f"/pledges/{first.json()['id']}/withdrawal", by="anna")
    assert again.json()["status"] == "withdrawn"
    assert (await promise(funding, initiative, hall(), by="bea")).status_code == 201
    await funding.audit()


async def test_a_facility_that_was_withdrawn_is_promised_no_more_and_what_was_promised_stands(funding: Funding):
    initiative = await in_need(funding)
    first = await promise(funding, initiative, hall(), id=str(UUID(int=7)))
    assert first.status_code == 201, first.text
    before = await funding.events()
    withdrawn = FacilityWithdrawn(facility_id=uuid4(), place_id=uuid4(), code="dorpshuis", reason="not-safe")
    await funding.hear((withdrawn, 2))
    refused = await promise(funding, initiative, hall(SATURDAY + timedelta(days=1)), by="bea")
    assert (refused.status_code, refused.json()["code"]) == (422, "facility-withdrawn")
    round_id = await funding.round(1_000, valuationSlotHourCents=2_500)
    asked = {"initiativeId": initiative, "roundId": round_id} | hall(SATURDAY + timedelta(days=1))
    quoted = await funding.post("/match-quotes", asked, by="bea")
    assert (quoted.status_code, quoted.json()["code"]) == (422, "facility-withdrawn")
    again = await promise(funding, initiative, hall(), id=str(UUID(int=7)))
    assert (again.status_code, again.json()) == (200, first.json())
    assert await funding.events(PledgeMade) == [event for event in before if isinstance(event[0], PledgeMade)]
    assert (await promise(funding, initiative, hall(facility="kerk"), by="bea")).status_code == 201
    answers = await at_once(
        *(promise(funding, initiative, of, by=f"resident-{n}") for n, of in enumerate([hall(), hours(10), stones(1)]))
    )
    assert [answer.status_code for answer in answers] == [422, 201, 201]


async def test_one_of_twenty_gets_a_hall_that_all_promise_at_once(two: tuple[Funding, Funding]):
    initiatives = [await in_need(two[0]) for _ in range(2)]
    asked = [
        promise(two[n % 2], initiatives[n // 2 % 2], hall(SATURDAY + timedelta(minutes=n)), by=f"resident-{n}")
        for n in range(20)
    ]
    others = [promise(two[n % 2], initiatives[n % 2], hours(10), by=f"resident-{n}") for n in range(6)]
    answers = await at_once(*asked, *others)
    codes = sorted(answer.json().get("code", "") for answer in answers[:20])
    assert codes == [""] + ["slot-taken"] * 19, codes
    assert {answer.status_code for answer in answers[20:]} == {201}
    assert await two[0].rows("select count(*) from slots") == [(1,)]
    await two[0].audit()


async def test_hours_and_halls_are_matched_in_euros_by_the_valuation_the_round_pinned(funding: Funding):
    initiative = await in_need(funding)
    round_id = await funding.round(100_000, valuationHourCents=3_000, valuationSlotHourCents=2_501)
    work = (await promise(funding, initiative, hours(90), roundId=round_id)).json()
    place = (await promise(funding, initiative, hall(), by="bea", roundId=round_id)).json()
    assert (work["match"]["valuedCents"], work["matchCents"]) == (4_500, 2_250)
    assert (place["match"]["valuedCents"], place["matchCents"]) == (5_002, 2_501)
    version = (await funding.get(f"/rounds/{round_id}")).json()["valuation"]["version"]
    matched = [event for event, _ in await funding.events(PledgeMatched) if isinstance(event, PledgeMatched)]
    assert [(one.valued_cents, one.valuation_version) for one in matched] == [(4_500, version), (5_002, version)]
    means = await funding.means(initiative)
    assert (means["pledgedCents"], means["matchedCents"]) == (0, 4_751)
    assert await funding.left(round_id) == [100_000 - 4_751]
    await funding.audit()


async def test_what_counts_for_nothing_is_refused_in_a_round_and_welcome_outside_it(funding: Funding):
    initiative = await in_need(funding)
    round_id = await funding.round(100_000, valuationSlotHourCents=0)
    for of in (stones(), hall()):
        refused = await promise(funding, initiative, of, roundId=round_id)
        assert (refused.status_code, refused.json()["code"]) == (422, "not-matched")
        assert (await promise(funding, initiative, of)).status_code == 201
    assert await funding.left(round_id) == [100_000]


async def test_hours_count_under_the_same_caps_as_euros(funding: Funding):
    initiative = await in_need(funding)
    round_id = await funding.round(100_000, valuationHourCents=6_000, capDonorCents=3_000, capPledgeCents=5_000)
    capped = (await promise(funding, initiative, hours(60), roundId=round_id)).json()
    assert (capped["match"]["valuedCents"], capped["matchCents"]) == (6_000, 2_500)
    assert (await funding.pledge(initiative, 9_000, round_id))["matchCents"] == 500


async def test_funds_with_another_valuation_have_another_version(funding: Funding):
    shown = []
    for knobs in ({"numerator": 1}, {"valuationHourCents": 1_999}, {"valuationEvidence": 0}, {"numerator": 2}):
        opened = await funding.post("/rounds", round_body(await funding.fund("ratio", **knobs)))
        shown.append((opened.json()["valuation"]["version"], opened.json()["ruleVersion"]))
    assert len({valuation for valuation, _ in shown[:3]}) == 3
    assert shown[0][0] == shown[3][0]
    assert len({rule for _, rule in shown[:3]}) == 1
    assert shown[0][1] != shown[3][1]
