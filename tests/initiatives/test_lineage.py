"""What came of contributions: no thread is lost, whatever the graph looks like."""

import os
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.initiatives.conftest import NOON, Initiatives, heard, some_id
from tests.support import login

from dorpsplein.contracts.funding.pledges import PledgeCommitted, PledgeMatched
from dorpsplein.contracts.initiatives.links import ContributionLinked
from initiatives.api.views import lineage as views
from initiatives.commands.lineage import Link, link, unlink
from initiatives.domain.lineage import LinkKind, ThingKind
from initiatives.storage import lineage as storage

LINKS = 10_000
STARTS = 2
KINDS: tuple[ThingKind, ...] = ("contribution", "scene", "story", "initiative", "dream", "pledge")
WAYS: tuple[LinkKind, ...] = ("placed", "used-in", "joined", "told-in", "led-to", "paid-for")


class Drawn(NamedTuple):
    """A link of a random graph; moments are minutes after noon."""

    id: UUID
    link: Link
    at: int
    ended_at: int | None


def graph(seed: int, things: int, ended: float) -> tuple[list[tuple[ThingKind, UUID]], list[Drawn]]:
    """Things and the links between any two of them; some of the links were undone, sooner or later."""
    dice = random.Random(seed)
    nodes: list[tuple[ThingKind, UUID]] = [(dice.choice(KINDS), UUID(int=dice.getrandbits(128))) for _ in range(things)]
    nodes[:STARTS] = [("contribution", thing_id) for _, thing_id in nodes[:STARTS]]
    drawn: dict[UUID, Drawn] = {}
    while len(drawn) < LINKS:
        made = Link(*dice.choice(nodes), *dice.choice(nodes), dice.choice(WAYS))
        at = dice.randrange(1_000)
        link_id = made.id
        drawn[link_id] = Drawn(link_id, made, at, at + dice.randrange(1_000) if dice.random() < ended else None)
    return nodes, list(drawn.values())


def walked(links: Iterable[Drawn], start: UUID, since: int) -> set[UUID]:
    """All that came of a contribution, as a child would follow the threads: the ids of the links."""
    leaving: defaultdict[tuple[str, UUID], list[Drawn]] = defaultdict(list)
    for one in links:
        if one.link.kind in {"led-to", "paid-for", "told-in"} and one.at < since:
            continue
        leaving[one.link.from_kind, one.link.from_id].append(one)
    seen: set[UUID] = set()
    waiting = deque(leaving["contribution", start])
    while waiting:
        one = waiting.popleft()
        if one.id in seen:
            continue
        seen.add(one.id)
        for following in leaving[one.link.to_kind, one.link.to_id]:
            if one.ended_at is None or following.at <= one.ended_at:
                waiting.append(following)
    return seen


def moment(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def load(initiatives: Initiatives, links: Iterable[Drawn], starts: Iterable[UUID], since: int) -> None:
    async with initiatives.runtime.database.transaction() as tx:
        await tx.execute("delete from links")
        await tx.execute("delete from offered")
        await tx.connection.copy_records_to_table(
            "links",
            columns=["id", "version", "from_kind", "from_id", "to_kind", "to_id", "kind", "at", "ended_at"],
            records=[
                (
                    one.id,
                    1,
                    one.link.from_kind,
                    one.link.from_id,
                    one.link.to_kind,
                    one.link.to_id,
                    one.link.kind,
                    moment(one.at),
                    None if one.ended_at is None else moment(one.ended_at),
                )
                for one in links
            ],
        )
        await tx.execute(
            "insert into offered (id, version, kind, origin, words, status, offered_at, changed_at)"
            " select id, 1, 'text', 'resident', 'Een bank', 'placed', $2, $2 from unnest($1::uuid[]) as id",
            list(starts),
            moment(since),
        )
        await tx.execute("analyze links")


@settings(
    max_examples=int(os.environ.get("DORPSPLEIN_EXAMPLES", "2")),
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 2**32), things=st.integers(200, 20_000), ended=st.floats(0, 0.2), since=st.integers(0, 1_000)
)
@example(seed=1, things=4_000, ended=0.1, since=300)
async def test_in_a_random_graph_of_ten_thousand_links_nothing_that_came_of_it_is_missing_and_nothing_else_is_there(
    initiatives: Initiatives, seed: int, things: int, ended: float, since: int
) -> None:
    nodes, links = graph(seed, things, ended)
    starts = [thing_id for _, thing_id in nodes[:STARTS]]
    await load(initiatives, links, starts, since)
    for start in starts:
        began = time.monotonic()
        async with initiatives.runtime.database.connection() as connection:
            found = await storage.of_contribution(connection, start)
        took_s = time.monotonic() - began
        assert found is not None
        assert not found.more
        ids = [UUID(hop["id"]) for hop in found.hops]
        assert len(ids) == len(set(ids))
        assert set(ids) == walked(links, start, since)
        assert took_s < 3


async def offer(initiatives: Initiatives, initiative: str, by: str = "anna") -> UUID:
    answer = await initiatives.post(f"/initiatives/{initiative}/contributions", {"words": "Een bank"}, by=by)
    return UUID(answer.json()["id"])


async def lineage(initiatives: Initiatives, contribution: UUID) -> dict[str, Any]:
    answer = await initiatives.get(f"/contributions/{contribution}/lineage")
    assert answer.status_code == 200, answer.text
    views.Lineage.model_validate(answer.json())
    shown: dict[str, Any] = answer.json()
    return shown


def ways(shown: dict[str, Any]) -> list[str]:
    return [hop["kind"] for hop in shown["hops"]]


async def connect(initiatives: Initiatives, *links: Link, undo: bool = False) -> None:
    async with initiatives.runtime.database.transaction() as tx:
        await (unlink if undo else link)(tx, links, now=initiatives.now)


def committed(initiative: UUID, pledge: UUID, **when: Any) -> Any:
    event = PledgeCommitted(pledge_id=pledge, initiative_id=initiative, amount_cents=100, match_cents=0)
    return heard(event, 2, **when)


async def test_the_thread_goes_on_from_the_initiative_to_the_scene_the_story_and_the_pledge(
    initiatives: Initiatives,
) -> None:
    initiative = UUID(await initiatives.propose())
    mine = await offer(initiatives, str(initiative))
    scene, dream, story, retelling = (uuid4() for _ in range(4))
    await connect(
        initiatives,
        Link("contribution", mine, "scene", scene, "used-in", initiative),
        Link("scene", scene, "dream", dream, "shown-in", initiative),
        Link("initiative", initiative, "story", story, "told-in", initiative),
        Link("story", story, "retelling", retelling, "retold-in", initiative),
        Link("retelling", retelling, "initiative", initiative, "told-in", initiative),
    )
    await initiatives.hear(committed(initiative, some_id(7)), committed(initiative, some_id(7)))
    shown = await lineage(initiatives, mine)
    assert sorted(ways(shown)) == ["paid-for", "placed", "retold-in", "shown-in", "told-in", "told-in", "used-in"]
    assert {thing["title"] for thing in shown["things"] if thing["kind"] == "initiative"} == {"Een buurttuin"}
    own = (await initiatives.client.get("/me/lineage", headers=login("anna"))).json()
    views.LineageList.model_validate(own)
    assert {hop["id"] for hop in own["items"][0]["hops"]} == {hop["id"] for hop in shown["hops"]}
    assert (await initiatives.get(f"/contributions/{uuid4()}/lineage")).status_code == 404


async def test_what_an_initiative_had_before_did_not_come_of_it(initiatives: Initiatives) -> None:
    initiative = UUID(await initiatives.propose())
    matched = PledgeMatched(
        pledge_id=some_id(6),
        initiative_id=initiative,
        round_id=some_id(9),
        amount_cents=1,
        matched_by={},
        rule_version="1",
        input_digest="",
        explanation=[],
    )
    await initiatives.hear(heard(matched, 2))
    initiatives.now = NOON + timedelta(days=1)
    mine = await offer(initiatives, str(initiative))
    await initiatives.hear(committed(initiative, some_id(7), at=NOON + timedelta(days=2)))
    assert ways(await lineage(initiatives, mine)) == ["placed", "paid-for"]


async def test_through_a_merge_that_was_undone_comes_what_came_until_then(initiatives: Initiatives) -> None:
    ours, theirs = UUID(await initiatives.propose()), UUID(await initiatives.propose())
    mine = await offer(initiatives, str(ours))
    joined = Link("initiative", ours, "initiative", theirs, "joined", ours)
    initiatives.now = NOON + timedelta(days=1)
    await connect(initiatives, joined)
    initiatives.now += timedelta(hours=1)
    await connect(initiatives, Link("initiative", theirs, "story", some_id(1), "told-in", theirs))
    initiatives.now = NOON + timedelta(days=2)
    await connect(initiatives, joined, undo=True)
    await connect(initiatives, joined, undo=True)
    initiatives.now = NOON + timedelta(days=3)
    await connect(initiatives, Link("initiative", theirs, "story", some_id(2), "told-in", theirs))
    await connect(initiatives, Link("story", some_id(1), "retelling", some_id(3), "retold-in", theirs))
    assert ways(await lineage(initiatives, mine)) == ["placed", "joined", "told-in", "retold-in"]
    await connect(initiatives, joined, joined)
    assert len(ways(await lineage(initiatives, mine))) == 5
    told = [e.sequence for e in await initiatives.told() if e.subject == str(joined.id)]
    assert told == [1, 2, 3]


async def test_a_link_is_told_once_however_often_it_is_made(initiatives: Initiatives) -> None:
    links = [Link("initiative", some_id(n), "milestone", some_id(n), "led-to", some_id(n)) for n in range(5)]
    await connect(initiatives, *links, *links)
    await connect(initiatives, *reversed(links))
    told = [e for e in await initiatives.told() if isinstance(e.event, ContributionLinked)]
    assert sorted(e.event.link_id for e in told) == sorted(one.id for one in links)  # type: ignore[attr-defined]
    assert {e.sequence for e in told} == {1}
