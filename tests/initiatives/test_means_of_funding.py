"""The means on an initiative's page are those of the funding service, whatever people do there.

A failure is shown as it was found: to shrink it takes minutes.
"""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding
from tests.initiatives.conftest import Initiatives, heard
from tests.support import running

from dorpsplein.contracts.initiatives.initiatives import InitiativeProposed, InitiativeWithdrawn
from dorpsplein.envelope import Event
from dorpsplein.timers import fire_due
from funding.app import SERVICE
from funding.timers import HANDLERS

WORK, HALL, CHAIRS = "TIME/timmerwerk", "SLOT/sportzaal", "MAT/stoel"
PROMISES = ("pledge", "pledge-in-round", "work", "hall", "chairs")
ACTS = (*PROMISES, "withdraw", "deliver", "deliver", "lapse", "needs", "days", "give-up")


@dataclass
class Neighbours:
    """Funding and initiatives, and what the second has heard of the first."""

    funding: Funding
    initiatives: Initiatives
    round: str = ""
    ids: list[str] = field(default_factory=list)
    pledges: list[str] = field(default_factory=list)
    passed_on: int = 0
    slots: int = 0

    async def propose(self) -> str:
        """An initiative both services know; its id."""
        initiative = await self.initiatives.propose(meansNeededCents=5_000)
        told = [e for e in await self.initiatives.told() if e.subject == initiative]
        await self.funding.hear(*((e.event, e.sequence) for e in told if isinstance(e.event, InitiativeProposed)))
        self.ids.append(initiative)
        return initiative

    async def promise(self, initiative: str, **means: Any) -> None:
        answer = await self.funding.post("/pledges", {"initiativeId": initiative, **means}, by="bea")
        assert answer.status_code in {201, 422}, answer.text
        if answer.status_code == 201:
            self.pledges.append(answer.json()["id"])

    async def pass_on(self, chance: random.Random) -> None:
        """Let the page have funding's events, each aggregate's in order, those of others anyhow between."""
        events = await self.funding.events()
        queues: dict[str, list[tuple[Event, int]]] = defaultdict(list)
        for event, version in events[self.passed_on :]:
            queues[f"{event.topic}/{event.key}"].append((event, version))
        self.passed_on = len(events)
        while queues:
            batch = []
            for _ in range(chance.randint(1, 6)):
                if queues:
                    key = chance.choice(list(queues))
                    batch.append(heard(*queues[key].pop(0)))
                    if not queues[key]:
                        del queues[key]
            await self.initiatives.hear(*batch)

    async def compare(self) -> None:
        for initiative in self.ids:
            theirs = await self.funding.means(initiative)
            ours = (await self.initiatives.page(initiative))["means"]
            assert ours == {
                **{name: theirs[name] for name in ("neededCents", "pledgedCents", "matchedCents", "missingCents")},
                "goalReached": ours["goalReached"],
                "taken": ours["taken"],
                "goalMissed": theirs["missedAt"] is not None,
                "topUpUntil": ours["topUpUntil"],
                "promised": [
                    {"resource": one["resource"], "quantity": one["promised"], "delivered": one["delivered"]}
                    for one in sorted(theirs["needs"], key=lambda one: one["resource"])
                    if one["resource"] != "EUR/2" and (one["promised"] or one["delivered"])
                ],
            }
            assert (ours["goalReached"] or ours["taken"]) == (theirs["reachedAt"] is not None)
            assert (ours["topUpUntil"] or "")[:19] == (theirs["topUpUntil"] or "")[:19]


async def promise(there: Neighbours, what: str, number: int) -> None:
    initiative = there.ids[number % len(there.ids)]
    match what:
        case "pledge":
            await there.promise(initiative, amountCents=100 + number * 20)
        case "pledge-in-round":
            await there.promise(initiative, amountCents=100 + number * 20, roundId=there.round)
        case "work":
            await there.promise(initiative, hours={"skill": "timmerwerk", "minutes": 30 + number})
        case "chairs":
            await there.promise(initiative, material={"item": "stoel", "units": 1 + number})
        case "hall":
            there.slots += 1
            starts = NOON + timedelta(days=100 + there.slots)
            slot = {"startsAt": starts.isoformat(), "endsAt": (starts + timedelta(minutes=60)).isoformat()}
            await there.promise(initiative, slot={"facility": "sportzaal", **slot})


async def follow_up(there: Neighbours, what: str, number: int) -> None:
    funding, initiative = there.funding, there.ids[number % len(there.ids)]
    pledge = there.pledges[number % len(there.pledges)] if there.pledges else str(uuid4())
    match what:
        case "withdraw":
            await funding.post(f"/pledges/{pledge}/withdrawal", by="bea")
        case "deliver":
            seen = {"quantity": 1 + number // 2, "evidence": "Urenstaat week 12"}
            await funding.post(f"/pledges/{pledge}/deliveries", seen, by="anna")
        case "lapse":
            await funding.post(f"/pledges/{pledge}/lapse", by="anna")
        case "needs":
            await funding.put(f"/initiatives/{initiative}/needs", board(there, number))
        case "days":
            funding.now += timedelta(days=number % 4)
            await fire_due(funding.runtime.database, HANDLERS, funding.now)
        case "give-up":
            if number % 4 == 0:
                await funding.hear((InitiativeWithdrawn(initiative_id=UUID(initiative), reason="other"), 2))


def board(there: Neighbours, number: int) -> dict[str, Any]:
    needs: list[dict[str, Any]] = [
        {"resource": WORK, "minimum": number % 40},
        {"resource": HALL, "minimum": 0},
        {"resource": CHAIRS, "minimum": 0, "wished": 60},
    ]
    if number % 2:
        needs.append({"resource": "EUR/2", "minimum": 100 * (number % 9)})
    until = there.funding.now + timedelta(days=5)
    return {"needs": needs, "allOrNothing": number % 3 > 0, "deadline": until.isoformat(), "topUpDays": number % 4}


@pytest.fixture
async def there(make_database: MakeDatabase, initiatives: Initiatives) -> AsyncIterator[Neighbours]:
    async with running(SERVICE, make_database("funding")) as at_work:
        funding = Funding(at_work.runtime, at_work.client)
        at_work.runtime.outbox = replace(at_work.runtime.outbox, clock=lambda: funding.now)
        at_work.runtime.database._outbox = at_work.runtime.outbox
        yield Neighbours(funding, initiatives)


async def both_agree(there: Neighbours, acts: Sequence[tuple[str, int]], seed: int) -> None:
    """Two new initiatives, a round, and what people do; the page agrees halfway and at the end."""
    there.funding.now, there.ids, there.pledges = NOON, [], []
    there.round = await there.funding.round(3_000, 2_000, closes_h=24 * 365)
    for number in (1, 2):
        await there.propose()
        await follow_up(there, "needs", number)
    chance = random.Random(seed)
    for place, (what, number) in enumerate(acts):
        await (promise if what in PROMISES else follow_up)(there, what, number)
        if place == len(acts) // 2:
            await there.pass_on(chance)
            await there.compare()
    await there.pass_on(chance)
    await there.compare()


@settings(
    max_examples=12,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 99)), min_size=20, max_size=50),
    seed=st.integers(0, 2**32),
)
async def test_the_page_agrees_with_funding_whatever_people_do(
    there: Neighbours, acts: list[tuple[str, int]], seed: int
) -> None:
    await both_agree(there, acts, seed)


async def test_a_whole_life_of_means_is_told_to_the_page(there: Neighbours) -> None:
    """Promised, matched, reached, delivered in part, fallen out, filled up again."""
    initiative = await there.propose()
    there.round = await there.funding.round(4_000, closes_h=24 * 365)
    needs = [{"resource": "EUR/2", "minimum": 3_000}, {"resource": WORK, "minimum": 120}]
    await there.funding.put(f"/initiatives/{initiative}/needs", {"needs": needs, "topUpDays": 3})
    await there.promise(initiative, amountCents=2_000, roundId=there.round)
    await there.promise(initiative, hours={"skill": "timmerwerk", "minutes": 120})
    for part in (30, 20):
        await there.funding.post(f"/pledges/{there.pledges[1]}/deliveries", {"quantity": part}, by="anna")
    lapsed = await there.funding.post(f"/pledges/{there.pledges[1]}/lapse", by="anna")
    assert lapsed.status_code == 200, lapsed.text
    chance = random.Random(1)
    await there.pass_on(chance)
    await there.compare()
    means = (await there.initiatives.page(initiative))["means"]
    assert (means["pledgedCents"], means["matchedCents"], means["goalReached"]) == (2_000, 1_000, True)
    assert means["promised"] == [{"resource": WORK, "quantity": 50, "delivered": 50}]
    assert means["topUpUntil"] is not None
    await there.promise(initiative, hours={"skill": "timmerwerk", "minutes": 70})
    await there.pass_on(chance)
    await there.compare()
    page = await there.initiatives.page(initiative)
    assert page["means"]["topUpUntil"] is None
    assert {line["type"].split(".")[-2] for line in page["latest"]} >= {
        "needs-set",
        "pledge-made",
        "pledge-matched",
        "means-goal-reached",
        "pledge-committed",
        "pledge-delivered",
        "pledge-lapsed",
        "top-up-opened",
        "top-up-filled",
    }


async def test_what_goes_back_as_a_whole_leaves_the_page(there: Neighbours) -> None:
    """A promise falls out of an all-or-nothing initiative and nobody fills it: the rest is refunded."""
    initiative = await there.propose()
    there.round = await there.funding.round(4_000, closes_h=24 * 365)
    needs = [{"resource": "EUR/2", "minimum": 3_000}, {"resource": WORK, "minimum": 120}]
    await there.funding.put(f"/initiatives/{initiative}/needs", {"needs": needs, "topUpDays": 3})
    await there.promise(initiative, amountCents=2_000, roundId=there.round)
    await there.promise(initiative, hours={"skill": "timmerwerk", "minutes": 70})
    await there.promise(initiative, hours={"skill": "timmerwerk", "minutes": 50})
    await there.funding.post(f"/pledges/{there.pledges[2]}/lapse", by="anna")
    there.funding.now += timedelta(days=4)
    await fire_due(there.funding.runtime.database, HANDLERS, there.funding.now)
    await there.pass_on(random.Random(1))
    await there.compare()
    page = await there.initiatives.page(initiative)
    assert {line["type"].split(".")[-2] for line in page["latest"]} >= {"pledge-refunded", "means-goal-missed"}
    means = page["means"]
    assert (means["pledgedCents"], means["matchedCents"], means["promised"], means["goalMissed"]) == (0, 0, [], True)
