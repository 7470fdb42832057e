"""Merging by consent: initiators agree, every supporter decides for themselves, and everything can be undone."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from tests.initiatives.conftest import NOON, Initiatives
from tests.support import SECRET, login, person

from dorpsplein.contracts.initiatives.initiatives import InitiativeJoined, InitiativeParted, SupportClosed
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.initiatives.merges import MergeClosed, MergeUndoAsked, MergeUndone
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.timers import fire_due
from initiatives.commands import moving
from initiatives.domain.support_tree import tree_of
from initiatives.timers import HANDLERS

COUNTS: dict[type, int] = {SupportGiven: 1, SupportReturned: 1, SupportWithdrawn: -1, SupportMoved: -1}
IN_DAYS = timedelta(days=1)


class Merging:
    """Anna's garden would join Boris' park; the crowd supports the garden."""

    def __init__(self, initiatives: Initiatives) -> None:
        self.at = initiatives

    async def begin(self, crowd: list[str]) -> "Merging":
        self.garden, self.park = await self.at.propose(), await self.at.propose(by="boris", title="Het park")
        for who in crowd:
            assert (await self.at.support(self.garden, by=who)).status_code == 200
        self.id = (await self.propose()).json()["id"]
        return self

    async def propose(self, *, by: str = "anna") -> Response:
        return await self.at.post(f"/initiatives/{self.garden}/merges", {"intoId": self.park}, by=by)

    async def do(self, what: str, *, by: str) -> Response:
        return await self.at.post(f"/merges/{self.id}/{what}", by=by)

    async def consent(self, who: str) -> Response:
        return await self.at.client.put(f"/merges/{self.id}/consent", headers=login(who))

    async def back(self, who: str) -> Response:
        return await self.at.client.delete(f"/merges/{self.id}/consent", headers=login(who))

    async def days_later(self, days: int) -> None:
        self.at.now += days * IN_DAYS
        await fire_due(self.at.runtime.database, HANDLERS, self.at.now)

    async def counts(self) -> tuple[int, int]:
        """How many support the garden and the park: by count, by rows and by facts."""
        seen = []
        for one in (self.garden, self.park):
            about = UUID(one)
            rows = await self.at.rows("select count(*) from supports where given and initiative_id = $1", about)
            facts = [event.event for event in await self.at.told() if type(event.event) in COUNTS]
            told = sum(COUNTS[type(fact)] for fact in facts if getattr(fact, "initiative_id", None) == about)
            assert (await self.at.page(one))["supports"] == rows[0][0] == told
            seen.append(told)
        return seen[0], seen[1]

    async def kinds(self) -> list[type]:
        return [kind for kind, _ in await self.at.facts()]


async def test_supporters_of_what_joins_move_one_by_one_and_only_when_they_say_so(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1", "r-2", "r-3"])
    await initiatives.support(merging.park, by="r-3")
    agreed = (await merging.do("agreement", by="boris")).json()
    assert (agreed["status"], agreed["windowEndsAt"]) == ("agreed", "2026-05-15T12:00:00+00:00")
    page = await initiatives.page(merging.garden)
    assert page["status"] == "joined"
    assert await merging.counts() == (3, 1)
    first = (await merging.consent("r-1")).json()
    assert (first["moved"], first["here"]["given"], first["there"]["given"]) == (True, False, True)
    assert (first["here"]["supports"], first["there"]["supports"]) == (2, 2)
    assert (await merging.consent("r-1")).json() == first
    await merging.consent("r-3")
    assert await merging.counts() == (1, 2), "who supported both counts once after moving"
    assert ((await merging.back("r-1")).json()["moved"], await merging.counts()) == (False, (2, 1))
    late = await initiatives.support(merging.garden, by="r-9")
    assert (late.status_code, late.json()["code"]) == (422, "initiative-joined")
    await merging.days_later(14)
    closed = (await initiatives.get(f"/merges/{merging.id}")).json()
    assert (closed["status"], closed["moved"], closed["stayed"]) == ("closed", 1, 2)
    over = await merging.consent("r-2")
    assert (over.status_code, over.json()["code"]) == (422, "merge-not-open")
    kinds = await merging.kinds()
    assert [kinds.count(kind) for kind in (InitiativeJoined, MergeClosed, SupportClosed, ContributionLinked)] == [1] * 4
    stayed = await initiatives.rows(
        "select id, sequence from supports where given and initiative_id = $1", page_id(page)
    )
    root = next(event.event for event in await initiatives.told() if isinstance(event.event, SupportClosed)).root
    assert root == tree_of(stayed).root.hex()
    listed = (await initiatives.get(f"/initiatives/{merging.park}/merges")).json()["items"]
    assert listed == (await initiatives.get(f"/initiatives/{merging.garden}/merges")).json()["items"] == [closed]


def page_id(page: dict[str, Any]) -> UUID:
    return UUID(page["id"])


async def test_within_the_window_either_side_undoes_at_once_and_all_is_as_it_was(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1", "r-2", "r-3", "r-4"])
    await initiatives.support(merging.park, by="r-2")
    await merging.do("agreement", by="boris")
    for who in ("r-1", "r-2", "r-3"):
        await merging.consent(who)
    await initiatives.support(merging.park, by="r-3")
    undone = (await merging.do("undoing", by="boris")).json()
    assert undone["status"] == "undone"
    assert await merging.counts() == (4, 2), "r-2 and r-3 support the park themselves"
    assert (await initiatives.page(merging.garden))["status"] == "supported", "the threshold of 3 was reached"
    kinds = await merging.kinds()
    assert [kinds.count(kind) for kind in (MergeUndone, InitiativeParted, ContributionUnlinked)] == [1, 1, 1]
    await merging.days_later(20)
    assert (await initiatives.get(f"/merges/{merging.id}")).json() == undone, "no window ends of what was undone"
    again = await merging.do("undoing", by="anna")
    assert (again.status_code, again.json()["code"]) == (422, "illegal-merge-move")
    assert (await merging.propose()).status_code == 201


async def test_after_the_window_both_sides_must_ask_and_the_roots_are_published_again(
    initiatives: Initiatives,
) -> None:
    merging = await Merging(initiatives).begin(["r-1", "r-2"])
    await merging.do("agreement", by="boris")
    await merging.consent("r-1")
    await merging.days_later(14)
    first = (await merging.do("undoing", by="anna")).json()
    assert (first["status"], first["undoAskedBy"]) == ("closed", "joining")
    assert (await merging.do("undoing", by="anna")).json() == first
    assert (await merging.do("undoing", by="boris")).json()["status"] == "undone"
    assert await merging.counts() == (2, 0)
    kinds = await merging.kinds()
    assert [kinds.count(kind) for kind in (MergeUndoAsked, MergeUndone, SupportClosed)] == [1, 1, 2]
    roots = [event.event.root for event in await initiatives.told() if isinstance(event.event, SupportClosed)]
    proof = await initiatives.get(f"/supports/{await support_of(initiatives, merging.garden, 'r-1')}/proof")
    assert (proof.json()["root"], proof.json()["size"]) == (roots[1], 2)


async def support_of(initiatives: Initiatives, initiative: str, who: str) -> UUID:
    rows = await initiatives.rows(
        "select id from supports where initiative_id = $1 and supporter_id = $2", UUID(initiative), person(who)
    )
    found: UUID = rows[0][0]
    return found


async def test_an_anonymous_yes_moves_and_returns_without_a_name(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin([])
    yes = {"anonymous": True}
    await initiatives.client.put(f"/initiatives/{merging.garden}/support", json=yes, headers=login("r-1"))
    await initiatives.client.put(f"/initiatives/{merging.garden}/support", json=yes, headers=login("r-2"))
    await initiatives.support(merging.park, by="r-2")
    await merging.do("agreement", by="boris")
    initiatives.now += timedelta(minutes=17)
    assert (await merging.consent("r-1")).json()["there"]["anonymous"]
    named = await merging.consent("r-2")
    assert (named.status_code, named.json()["code"]) == (422, "support-was-public")
    await merging.back("r-1")
    facts = [event for event in await initiatives.told() if type(event.event) in COUNTS and event.event.anonymous]  # type: ignore[attr-defined]
    assert len(facts) == 6
    assert {event.time for event in facts} == {NOON}
    assert str(person("r-1")) not in str(facts)
    assert await merging.counts() == (2, 1)


async def test_a_merge_takes_the_agreement_of_both_sides(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1"])
    unknown = await initiatives.propose(by="carla")
    told = len(await initiatives.told())
    both = f"/initiatives/{merging.garden}/merges"
    refused = [
        (await merging.propose(), 409, "merge-open"),
        (await merging.propose(by="boris"), 403, "not-yours"),
        (await initiatives.post(both, {"intoId": merging.garden}), 422, "same-initiative"),
        (await initiatives.post(both, {"intoId": str(uuid4())}), 404, "initiative-unknown"),
        (await initiatives.post(both, {}), 400, "invalid-request"),
        (await merging.do("agreement", by="anna"), 403, "not-yours"),
        (await merging.do("refusal", by="anna"), 403, "not-yours"),
        (await merging.do("withdrawal", by="boris"), 403, "not-yours"),
        (await merging.do("undoing", by="carla"), 403, "not-yours"),
        (await merging.do("undoing", by="anna"), 422, "illegal-merge-move"),
        (await merging.consent("r-1"), 422, "merge-not-open"),
        (await initiatives.get(f"/merges/{uuid4()}"), 404, "merge-unknown"),
    ]
    for answer, status, code in refused:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(await initiatives.told()) == told
    assert (await merging.do("refusal", by="boris")).json()["status"] == "declined"
    over = await merging.do("agreement", by="boris")
    assert (over.status_code, over.json()["code"]) == (422, "illegal-merge-move")
    merging.id = (await merging.propose()).json()["id"]
    assert (await merging.do("withdrawal", by="anna")).json()["status"] == "withdrawn"
    merging.id = (await merging.propose()).json()["id"]
    await merging.do("agreement", by="boris")
    nothing = [await merging.consent("r-2"), await merging.back("r-2")]
    assert [(one.status_code, one.json()["code"]) for one in nothing] == [(404, "support-unknown")] * 2
    chain = await initiatives.post(f"/initiatives/{unknown}/merges", {"intoId": merging.garden}, by="carla")
    assert (chain.status_code, chain.json()["code"]) == (422, "initiative-joined")


async def test_who_took_their_yes_back_has_none_that_returns(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1", "r-2"])
    await merging.do("agreement", by="boris")
    await merging.consent("r-1")
    await initiatives.take_back(merging.park, by="r-1")
    back = await merging.back("r-1")
    assert (back.status_code, back.json()["code"]) == (422, "support-taken-back")
    await merging.do("undoing", by="anna")
    assert await merging.counts() == (1, 0)
    assert (await initiatives.support(merging.garden, by="r-1")).json()["supports"] == 2


async def test_a_yes_that_is_on_its_way_comes_back_as_if_it_had_arrived(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1"])
    await merging.do("agreement", by="boris")
    async with initiatives.runtime.database.transaction() as tx:
        await moving.consent(tx, UUID(merging.id), person("r-1"), secret=SECRET, now=NOON)
        back = asyncio.create_task(merging.back("r-1"))
        await asyncio.sleep(0.3)
        assert not back.done()
    assert (await back).json()["moved"] is False
    assert await merging.counts() == (1, 0)


async def test_a_merge_is_undone_with_all_that_is_on_its_way(initiatives: Initiatives) -> None:
    merging = await Merging(initiatives).begin(["r-1", "r-2"])
    await merging.do("agreement", by="boris")
    async with initiatives.runtime.database.transaction() as tx:
        await moving.consent(tx, UUID(merging.id), person("r-1"), secret=SECRET, now=NOON)
        undone = asyncio.create_task(merging.do("undoing", by="anna"))
        await asyncio.sleep(0.3)
        assert not undone.done()
    assert (await undone).json()["status"] == "undone"
    assert await merging.counts() == (2, 0)


async def test_in_a_crowd_that_moves_supports_and_undoes_at_once_nobody_is_lost_or_doubled(
    initiatives: Initiatives,
) -> None:
    """Each person's last word is known, so it is known who must stand where, whatever came in between."""
    dice = random.Random(5)
    crowd = [f"r-{number}" for number in range(30)]
    merging = await Merging(initiatives).begin(crowd)
    await merging.do("agreement", by="boris")

    async def restless(who: str, number: int) -> None:
        for _ in range(4):
            await dice.choice([merging.consent, merging.back])(who)
            await asyncio.sleep(dice.random() * 0.01)
        if number % 3 == 0:
            await initiatives.support(merging.park, by=who)
        if number % 2 == 0:
            await merging.consent(who)
        else:
            await merging.back(who)

    await asyncio.gather(*(restless(who, number) for number, who in enumerate(crowd)))
    own, moved = set(crowd[::3]), set(crowd[::2])
    assert await merging.counts() == (len(set(crowd) - moved), len(own | moved))
    *_, undone = await asyncio.gather(
        *(merging.consent(who) for who in crowd),
        *(initiatives.support(merging.park, by=f"new-{number}") for number in range(5)),
        merging.do("undoing", by="anna"),
    )
    assert undone.json()["status"] == "undone"
    assert await merging.counts() == (30, len(own) + 5)
