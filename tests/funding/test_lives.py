"""What the life of an initiative means for the means that are promised to it, on a real database."""

from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding
from tests.support import person

from dorpsplein.contracts.initiatives.initiatives import (
    CoInitiatorJoined,
    CoInitiatorLeft,
    HaltLifted,
    InitiativeCelebrated,
    InitiativeExpired,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
)
from dorpsplein.contracts.initiatives.merges import MergeClosed
from dorpsplein.envelope import Event

NEEDS = {"needs": [{"resource": "EUR/2", "minimum": 500_000}]}


def halted(initiative: UUID) -> Event:
    return InitiativeHalted(initiative_id=initiative, halt_id=uuid4(), ground="safety", appeal_until=NOON, since=NOON)


def joined(initiative: UUID) -> Event:
    return InitiativeJoined(initiative_id=initiative, into_id=uuid4(), merge_id=uuid4(), since=NOON)


@pytest.mark.parametrize("stops", ["halted", "joined"])
async def test_what_is_halted_or_joined_takes_no_pledge_until_it_goes_on(funding: Funding, stops: str) -> None:
    initiative = await funding.initiative(needed=100_000)
    about = UUID(initiative)
    first = await funding.pledge(initiative, 1_000)
    await funding.hear((halted(about) if stops == "halted" else joined(about), 2))
    refused = await funding.post("/pledges", {"initiativeId": initiative, "amountCents": 1_000}, by="boris")
    assert (refused.status_code, refused.json()["code"]) == (422, f"initiative-{stops}")
    assert (await funding.get(f"/pledges/{first['id']}")).json()["status"] == "held"
    goes_on = (
        HaltLifted(initiative_id=about, halt_id=uuid4(), reason="ground-gone", status="supported")
        if stops == "halted"
        else InitiativeParted(initiative_id=about, merge_id=uuid4(), status="supported")
    )
    await funding.hear((goes_on, 3))
    await funding.pledge(initiative, 1_000, by="boris")


async def test_what_is_promised_to_one_that_expired_or_joined_for_good_goes_back(funding: Funding) -> None:
    expired, gone = await funding.initiative(needed=100_000), await funding.initiative(needed=100_000)
    pledges = [await funding.pledge(one, 1_000) for one in (expired, gone)]
    await funding.hear((InitiativeExpired(initiative_id=UUID(expired), threshold=3, supports=1), 2))
    await funding.hear((joined(UUID(gone)), 2))
    closed = MergeClosed(merge_id=uuid4(), initiative_id=UUID(gone), into_id=uuid4(), moved=1, stayed=2)
    await funding.hear((closed, 3))
    fates = [(await funding.get(f"/pledges/{pledge['id']}")).json()["status"] for pledge in pledges]
    assert fates == ["withdrawn", "withdrawn"]


async def test_what_is_celebrated_takes_no_pledge_any_more(funding: Funding) -> None:
    initiative = await funding.initiative(needed=100_000)
    await funding.hear((InitiativeCelebrated(initiative_id=UUID(initiative)), 2))
    refused = await funding.post("/pledges", {"initiativeId": initiative, "amountCents": 1_000}, by="boris")
    assert refused.json()["code"] == "initiative-celebrated"


async def test_everybody_who_carries_it_says_what_it_needs_and_who_left_does_not(funding: Funding) -> None:
    initiative = await funding.initiative(needed=100_000)
    about, ina, boris = UUID(initiative), person("ina"), person("boris")
    path = f"/initiatives/{initiative}/needs"
    assert (await funding.put(path, NEEDS, by="boris")).json()["code"] == "not-your-initiative"
    await funding.hear((CoInitiatorJoined(initiative_id=about, person_id=boris, initiators=[ina, boris]), 2))
    assert (await funding.put(path, NEEDS, by="boris")).status_code == 200
    await funding.hear((CoInitiatorLeft(initiative_id=about, person_id=ina, initiators=[boris]), 3))
    assert (await funding.put(path, NEEDS, by="ina")).json()["code"] == "not-your-initiative"
