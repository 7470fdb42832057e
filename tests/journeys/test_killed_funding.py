"""Funding is killed again and again while thousands pledge at once: nothing is lost, nothing is there twice."""

import asyncio
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
from tests.journeys.conftest import OpenSquare
from tests.journeys.storm import Storm, Wish, kill_at, wishes
from tests.journeys.waiting import eventually

from dorpsplein.envelope import Event, Recorded, recorded
from dorpsplein_local.event_log import open_log, so_far
from dorpsplein_local.receipt_check import check
from dorpsplein_local.receipt_documents import Receipt, read
from dorpsplein_local.state import load

PLEDGES = 5_000
INITIATIVES = 40
SMALL = 8
"""So many of the initiatives need little, so that they reach their goal in the middle of it all."""
KILLS = 3
POT = {"gemeente": 400_000, "provincie": 200_000}
CAPS = {"capPledgeCents": 2_000, "capDonorCents": 20_000, "capInitiativeCents": 60_000}
ALL_TRANSFERS = """
    select t.group_id, t.kind, t.debit, t.credit, t.amount, coalesce(r.outcome, 'held') as outcome, t.pending
    from transfers t left join resolutions r on r.transfer_id = t.id where t.group_id = any($1::uuid[])
"""
SUMS = """
    select resource, sum(debits_pending - credits_pending)::bigint as pending,
        sum(debits_posted - credits_posted)::bigint as posted
    from balances group by resource
"""


@dataclass(frozen=True)
class Scene:
    """A round with its pot, and the initiatives to pledge to; the first is the one most want."""

    square: OpenSquare
    round_id: str
    lines: Mapping[str, int]
    initiatives: list[str]

    def funding(self, path: str) -> Any:
        """What funding answers to anyone."""
        with self.square.client() as anyone:
            answer = anyone.get(f"/funding/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def database(self) -> asyncpg.Connection:
        state = load(self.square.data)
        assert state is not None
        return await asyncpg.connect(state.databases["funding"]["application"])


@pytest.fixture
def scene(square: OpenSquare) -> Scene:
    items = [
        {
            "reference": str(number),
            "title": f"Bankje {number}",
            "summary": "Om even te zitten.",
            "theme": "ontmoeten",
            "meansNeededCents": 50_000 if 0 < number <= SMALL else 10**9,
        }
        for number in range(INITIATIVES)
    ]
    with square.client("saar") as saar:
        source = f"storm-{uuid4().hex[:8]}"
        made = saar.post("/initiatives/v1/initiatives/bulk", json={"source": source, "items": items}).json()["items"]
    with square.client("chris") as chris:
        fund = {"name": "Dorpsfonds", "rule": "ratio", "knobs": {"numerator": 1, "denominator": 1, **CAPS}}
        fund_id = chris.post("/funding/v1/funds", json=fund).json()["id"]
        closes = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        round_ = chris.post("/funding/v1/rounds", json={"fundId": fund_id, "closesAt": closes}).json()
        for code, cents in POT.items():
            line = {"cofinancier": code, "amountCents": cents}
            round_ = chris.post(f"/funding/v1/rounds/{round_['id']}/pot-lines", json=line).json()
        last = f"/funding/v1/initiatives/{made[-1]['id']}/means"
        eventually(lambda: chris.get(last).status_code, lambda status: status == 200)
    lines = {line["id"]: line["amountCents"] for line in round_["potLines"]}
    return Scene(square, round_["id"], lines, [item["id"] for item in made])


def kill_and_wait(square: OpenSquare) -> None:
    """Kill funding as a power cut would, and wait until it is another process."""
    killed = square.pid("funding")
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: square.pid("funding"), lambda pid: pid != killed, within_s=60)


async def blow(scene: Scene, rng: random.Random, wanted: list[Wish]) -> Storm:
    """The storm, and in it the kills, at moments that nobody chose; another wave follows the last kill."""
    tokens = {wish.who: scene.square.token(wish.who) for wish in wanted}
    base = f"{scene.square.document['gateway']}/api/funding/"
    storm = Storm(base, scene.round_id, tokens)
    part = PLEDGES * 4 // 5 // KILLS
    moments = [number * part + rng.randrange(part // 8, part * 7 // 8) for number in range(KILLS)]
    await asyncio.gather(
        storm.blow(wanted), kill_at(moments, lambda: len(storm.answers), lambda: kill_and_wait(scene.square))
    )
    return storm


@pytest.mark.timeout(420)
async def test_nothing_is_lost_and_nothing_doubled_though_funding_is_killed_in_the_middle(scene: Scene) -> None:
    seed = random.randrange(10**9)
    rng = random.Random(seed)
    print(f"seed {seed}")
    asked = wishes(rng, PLEDGES, scene.initiatives, residents=400, quoted=600, hurried=100)
    refusable = [Wish(str(uuid4()), "resident-0", scene.initiatives[0], -wish.cents) for wish in asked[:50]]
    storm = await blow(scene, rng, asked + refusable)
    print(f"{len(storm.answers)} answered, {storm.again} asked again, {len(storm.refused)} refused")

    assert storm.again > 0, "nobody noticed the kills"
    assert {wish.id for wish, _, _ in storm.refused} == {wish.id for wish in refusable}, storm.refused[:3]
    assert {wish.id for wish in asked if not wish.hurried} <= storm.answers.keys()
    connection = await scene.database()
    try:
        kept = await pledges_are_those_asked_for(connection, scene, storm, asked)
        await money_is_exact(connection, scene, storm, kept)
        await everything_was_told(connection)
    finally:
        await connection.close()
    await told_once(scene, kept)
    await asyncio.to_thread(others_agree, scene)
    await receipts_hold(scene, storm)


async def pledges_are_those_asked_for(
    connection: asyncpg.Connection, scene: Scene, storm: Storm, asked: list[Wish]
) -> dict[UUID, Any]:
    """Every answered pledge is there as it was answered, and nothing that nobody asked for; answers them all."""
    rows = await connection.fetch("select * from pledges where initiative_id = any($1::uuid[])", scene.initiatives)
    kept = {row["id"]: row for row in rows}
    wanted = {UUID(wish.id): wish for wish in asked}
    assert {UUID(one) for one in storm.answers} <= kept.keys() <= wanted.keys()
    for one, row in kept.items():
        assert (str(row["initiative_id"]), row["quantity"]) == (wanted[one].initiative, wanted[one].cents)
        answer = storm.answers.get(str(one))
        if answer:
            assert answer["pledgerId"] == str(row["pledger_id"])
    return kept


async def money_is_exact(connection: asyncpg.Connection, scene: Scene, storm: Storm, kept: Mapping[UUID, Any]) -> None:
    """Every pledge has its transfers once; pots and caps are used to the cent and no further; the books balance."""
    reserved = await connection.fetch(
        "select id, initiative_id, match from quotes where round_id = $1 and status = 'reserved'", scene.round_id
    )
    groups = [*kept, *(quote["id"] for quote in reserved)]
    by_group: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.fetch(ALL_TRANSFERS, groups):
        by_group[row["group_id"]].append(row)
    from_line, to_initiative = drawn([row for rows in by_group.values() for row in rows])
    for one, row in kept.items():
        promises = [each["amount"] for each in by_group[one] if each["kind"] == "pledge"]
        assert promises == [row["quantity"]]
        answer = storm.answers.get(str(one))
        if answer:
            said = {line["potLineId"]: line["amountCents"] for line in answer["match"]["matchedBy"]}
            assert drawn(by_group[one])[0] == said
            assert answer["matchCents"] == sum(said.values()) <= min(row["quantity"], CAPS["capPledgeCents"])
    round_ = scene.funding(f"rounds/{scene.round_id}")
    assert {line["id"]: line["leftCents"] for line in round_["potLines"]} == dict.fromkeys(scene.lines, 0)
    assert from_line == scene.lines
    assert to_initiative[scene.initiatives[0]] == max(to_initiative.values()) == CAPS["capInitiativeCents"]
    donors = Counter[UUID]()
    for one, row in kept.items():
        donors[row["pledger_id"]] += sum(drawn(by_group[one])[0].values())
    assert max(donors.values()) <= CAPS["capDonorCents"]
    assert [(row["pending"], row["posted"]) for row in await connection.fetch(SUMS)] == [(0, 0)]
    with scene.square.client("otto") as otto:
        audit = otto.post("/funding/v1/ledger/audit").json()
    assert audit["balanced"], audit["faults"]


def drawn(transfers: Iterable[Any]) -> tuple[dict[str, int], Counter[str]]:
    """The cents that stand from each pot line, and to each initiative."""
    lines, initiatives = Counter[str](), Counter[str]()
    for row in transfers:
        if row["kind"] == "match" and row["outcome"] in ("held", "posted"):
            lines[row["debit"].rpartition(":")[2]] += row["amount"]
            initiatives[row["credit"].rpartition(":")[2]] += row["amount"]
    return dict(lines), initiatives


async def everything_was_told(connection: asyncpg.Connection) -> None:
    """The outbox is emptied."""
    async with asyncio.timeout(60):
        while await connection.fetchval("select count(*) from outbox"):  # noqa: ASYNC110 - a count is asked for
            await asyncio.sleep(0.2)


async def told_once(scene: Scene, kept: Mapping[UUID, Any]) -> None:
    """On Kafka each pledge has each of its versions once (by event id), in order, and there are no others."""
    numbers: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    made = Counter[UUID]()
    for event in await events_on(scene.square.document["kafka"], "funding.pledge"):
        if str(getattr(event.event, "initiative_id", "")) not in scene.initiatives:
            continue
        of = numbers[UUID(event.subject)]
        if event.id not in of:
            made[UUID(event.subject)] += event.type.endswith("pledge-made.v1")
            of[event.id] = event.sequence
    assert made == Counter(dict.fromkeys(kept, 1))
    assert {one: list(of.values()) for one, of in numbers.items()} == {
        one: list(range(1, row["version"] + 1)) for one, row in kept.items()
    }


async def events_on(bootstrap: str, topic: str) -> list[Recorded[Event]]:
    """All events of a topic so far, in the order of each partition."""
    async with open_log(bootstrap, [topic]) as reader:
        return [event async for record in so_far(reader) if (event := recorded(record.headers, record.value))]


def others_agree(scene: Scene) -> None:
    """Initiatives came to the same sums as funding, for every initiative."""
    sums = ("pledgedCents", "matchedCents")
    with scene.square.client() as anyone:
        for initiative in scene.initiatives:
            means = scene.funding(f"initiatives/{initiative}/means")
            page = f"/initiatives/v1/initiatives/{initiative}"

            def shown(page: str = page) -> list[int]:
                means = anyone.get(page).json()["means"]
                return [means[name] for name in sums]

            def has_all(seen: list[int], least: int = means["pledgedCents"]) -> bool:
                return seen[0] >= least

            assert eventually(shown, has_all) == [means[name] for name in sums]


async def receipts_hold(scene: Scene, storm: Storm) -> None:
    """Every answered pledge has a receipt that verifies, and says what was answered."""
    waiting = iter(storm.answers.items())
    base = f"{scene.square.document['gateway']}/api/funding/"
    async with aiohttp.ClientSession(base) as http, asyncio.TaskGroup() as group:
        for _ in range(16):
            group.create_task(_verify(http, waiting))


async def _verify(http: aiohttp.ClientSession, waiting: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for one, answer in waiting:
        async with asyncio.timeout(60):
            while True:
                async with http.get(f"v1/pledges/{one}/receipt") as got:
                    text = await got.read()
                    if got.status == 200:
                        break
                    assert got.status == 503, text
                await asyncio.sleep(0.2)
        receipt = read(text, Receipt, one)
        proven = check(receipt)
        assert str(receipt.pledge_id) == one
        amounts = Counter[str]()
        for transfer in proven.transfers:
            amounts[transfer.kind] += transfer.amount
        assert (amounts["pledge"], amounts["match"]) == (answer["amountCents"], answer["matchCents"])
