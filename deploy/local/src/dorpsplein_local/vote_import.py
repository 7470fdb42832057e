"""Carries a vote's plan out through the services' APIs, and compares what each service makes of it.

Every command it sends has one effect however often it is sent, so the same plan can be carried out again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from rich.markup import escape
from rich.progress import Progress

from dorpsplein_local.patience import PatientClient
from dorpsplein_local.vote_plan import Plan

INITIATIVES_A_REQUEST = 100
SUPPORTS_A_REQUEST = 2_000
IDS_A_REQUEST = 100
AT_ONCE = 3
ROUND_OPEN_FOR = timedelta(days=90)
EURO_FOR_EURO_UP_TO_CENTS = 5_000_00
CAPS = ("capPledgeCents", "capDonorCents", "capInitiativeCents")
LOOK_EVERY_S = 0.25
MOST_LOOKS_WITHOUT_CHANGE = 240

COUNTING = ("initiatives", "funding", "notifications")
"""The services that each keep a count of supports of their own."""


@dataclass
class Outcome:
    """What an import did and what each service has of it now; `items` is one row an initiative."""

    source: str
    round_id: str
    created: int
    given: int
    already: int
    withdrawn: int
    supports: dict[str, int]
    items: list[dict[str, Any]]
    equal: bool
    seconds: float


async def carry_out(
    wish: Plan,
    bases: dict[str, str],
    headers: dict[str, str],
    progress: Progress,
    *,
    patience_s: float = 120.0,
    looks: int = MOST_LOOKS_WITHOUT_CHANGE,
) -> Outcome:
    """Send a plan to the services at `bases` and compare what they make of it. Raises CannotRun."""
    began = time.monotonic()
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        waiting = progress.add_task("", total=None, visible=False)
        client = PatientClient(
            http, lambda why: progress.update(waiting, description=escape(why), visible=bool(why)), patience_s
        )
        ids, created = await _propose(client, bases["initiatives"], wish, progress)
        await _open_round(client, bases["funding"], wish)
        given, already = await _support(client, bases["initiatives"], wish, ids, progress)
        supports = wish.counts()
        expected = {initiative: supports[project] for project, initiative in ids.items()}
        counts = await _settled(client, bases, expected, progress, looks)
    return Outcome(
        source=wish.source,
        round_id=str(wish.id_of("round")),
        created=created,
        given=given,
        already=already,
        withdrawn=wish.withdrawn,
        supports={"file": len(wish.supports)} | {service: sum(counts[service].values()) for service in COUNTING},
        items=_items(wish, ids, expected, counts),
        equal=all(counts[service] == expected for service in COUNTING),
        seconds=round(time.monotonic() - began, 2),
    )


def _items(
    wish: Plan, ids: dict[str, str], expected: dict[str, int], counts: dict[str, dict[str, int]]
) -> list[dict[str, Any]]:
    titles = {ids[item["reference"]]: item["title"] for item in wish.initiatives}
    return [
        {
            "initiativeId": initiative,
            "title": titles[initiative],
            "file": supports,
            **{service: counts[service].get(initiative, 0) for service in COUNTING},
        }
        for initiative, supports in expected.items()
    ]


async def _propose(client: PatientClient, base: str, wish: Plan, progress: Progress) -> tuple[dict[str, str], int]:
    """Propose every initiative; returns their ids by project and how many were new."""
    bar = progress.add_task("initiatives", total=len(wish.initiatives))
    ids: dict[str, str] = {}
    created = 0
    for start in range(0, len(wish.initiatives), INITIATIVES_A_REQUEST):
        items = wish.initiatives[start : start + INITIATIVES_A_REQUEST]
        answer = await client.post(f"{base}/initiatives/bulk", {"source": wish.source, "items": items})
        ids |= {item["reference"]: item["id"] for item in answer["items"]}
        created += sum(item["created"] for item in answer["items"])
        progress.advance(bar, len(items))
    return ids, created


async def _open_round(client: PatientClient, base: str, wish: Plan) -> None:
    """Open a fund (euro for euro), its round and the pot line that holds the budget, unless they are there already."""
    fund, round_id, line = (str(wish.id_of(kind)) for kind in ("fund", "round", "pot-line"))
    knobs = {"numerator": 1, "denominator": 1} | dict.fromkeys(CAPS, EURO_FOR_EURO_UP_TO_CENTS)
    await client.post(f"{base}/funds", {"id": fund, "name": wish.name, "rule": "ratio", "knobs": knobs})
    there = await client.get(f"{base}/rounds/{round_id}")
    if there is None:
        closes_at = (datetime.now(UTC) + ROUND_OPEN_FOR).isoformat(timespec="seconds")
        there = await client.post(f"{base}/rounds", {"id": round_id, "fundId": fund, "closesAt": closes_at})
    if line not in [known["id"] for known in there["potLines"]]:
        pot = {"id": line, "cofinancier": "gemeente", "amountCents": wish.budget_cents}
        await client.post(f"{base}/rounds/{round_id}/pot-lines", pot)


async def _support(
    client: PatientClient, base: str, wish: Plan, ids: dict[str, str], progress: Progress
) -> tuple[int, int]:
    """Give every support, a few requests at a time; returns how many were given and how many were there."""
    bar = progress.add_task("supports", total=len(wish.supports))
    batches = wish.batches(SUPPORTS_A_REQUEST)
    totals = [0, 0]

    async def send() -> None:
        for batch in batches:
            items = [{"initiativeId": ids[project], "supporterReference": voter} for project, voter in batch]
            answer = await client.post(f"{base}/supports/bulk", {"source": wish.source, "items": items})
            totals[0] += answer["given"]
            totals[1] += answer["already"]
            progress.advance(bar, len(items))

    await _all_or_none([send] * AT_ONCE)
    return totals[0], totals[1]


async def _all_or_none(workers: list[Callable[[], Awaitable[None]]]) -> None:
    """Run workers together; the first one that cannot go on stops the others and is raised as it is."""
    tasks = [asyncio.ensure_future(worker()) for worker in workers]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _settled(
    client: PatientClient, bases: dict[str, str], expected: dict[str, int], progress: Progress, looks: int
) -> dict[str, dict[str, int]]:
    """Each service's counts once they are as expected, or once they were the same for so many looks."""
    total = sum(expected.values())
    bars = {service: progress.add_task(f"seen by {service}", total=total) for service in COUNTING}
    counts: dict[str, dict[str, int]] = {}
    without_change = 0
    while without_change < looks:
        found = {service: await _counted(client, bases[service], list(expected)) for service in COUNTING}
        for service, bar in bars.items():
            progress.update(bar, completed=sum(found[service].values()))
        without_change = without_change + 1 if found == counts else 0
        counts = found
        if all(found[service] == expected for service in COUNTING):
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return counts


async def _counted(client: PatientClient, base: str, initiatives: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for start in range(0, len(initiatives), IDS_A_REQUEST):
        ids = ",".join(initiatives[start : start + IDS_A_REQUEST])
        answer = await client.get(f"{base}/initiative-supports", ids=ids) or {"items": []}
        counts |= {item["initiativeId"]: item["supports"] for item in answer["items"]}
    return counts
