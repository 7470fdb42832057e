"""`allocate`: how long rules take on real elections, beside one pass over the same ballots that only adds up scores.

No servers: pure functions on a snapshot that was read before. The bare loop is what no counting rule can do without:
every ballot is looked at once. `of the ideal` says what a rule costs beyond that.
"""

import csv
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.report import BARE, OURS, Report

from funding.domain import pabulib, rules
from funding.domain.rules import Ballot, Candidate, Gift, Pool, RoundSnapshot, Rule

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SHARES = {
    "utility": "cost", "completion": "none", "incrementCents": 100, "start": "exact",
    "stopWhenExhaustive": 0, "comparison": "none", "ties": "fixed",
}  # fmt: skip
MOST_SECONDS = {"equal_shares, Amsterdam 309": 0.1, "add1, Amsterdam 267": 0.5, "quadratic_pairwise, a real round": 0.2}


async def bench(rounds: int, seconds: float) -> Report:
    """Time each rule `rounds` times, and growth with the number of different ballots."""
    report = Report(
        "Allocations", "Milliseconds for one allocation, one core; bare: adding up the scores of all ballots.", "p50_ms"
    )
    large, many_runs, gifts = election("309"), election("267"), real_round()
    plain, add_one = shares(), shares(completion="add1", start="whole")
    pairwise = rules.from_knobs(
        "quadratic_pairwise", {"coefficientCents": 10_000, "expand": 0, "capInitiativeCents": 2**53 - 1}
    )
    greedy = rules.from_knobs("greedy", {"ties": "fixed"})
    cases: list[tuple[str, Rule, RoundSnapshot]] = [
        ("equal_shares, Amsterdam 309", plain, large),
        ("add1, Amsterdam 267", add_one, many_runs),
        ("quadratic_pairwise, a real round", pairwise, gifts),
        ("greedy, Amsterdam 309", greedy, large),
        *((f"equal_shares, {part}/4 of 309", plain, some_of(large, part)) for part in (1, 2, 4)),
        *((f"equal_shares, {times} x 309", plain, many(large, times)) for times in (2, 4)),
    ]
    for _ in range(rounds):
        for name, rule, snapshot in cases:
            report.add(name, OURS, timed(partial(rules.allocate, rule, snapshot)))
            report.add(name, BARE, timed(partial(added_up, snapshot)))
    for row in report.rows():
        if most := MOST_SECONDS.get(row["what"]):
            took = row[OURS]["p50_ms"] / 1_000
            report.facts[row["what"]] = f"{took:.3f} s, {'within' if took <= most else 'ABOVE'} {most} s"
    return report


def timed(run: Callable[[], Any]) -> Mapping[str, float]:
    started = time.process_time()
    run()
    return {"p50_ms": (time.process_time() - started) * 1_000}


def added_up(snapshot: RoundSnapshot) -> dict[str, int]:
    sums = {candidate.id: 0 for candidate in snapshot.candidates}
    for ballot in snapshot.ballots:
        for candidate, points in ballot.points:
            sums[candidate] += points * ballot.voters
    for gift in snapshot.gifts:
        sums[gift.candidate] += gift.cents
    return sums


def shares(**changed: int | str) -> Rule:
    return rules.from_knobs("equal_shares", {**SHARES, **changed})


def election(number: str) -> RoundSnapshot:
    path = DATA / "pabulib" / f"Netherlands_Amsterdam_{number}.pb"
    return pabulib.snapshot(pabulib.parse(path.read_bytes(), path.name))


def real_round() -> RoundSnapshot:
    with (DATA / "gitcoin" / "gr3_contributions.csv").open() as file:
        rows = list(csv.DictReader(file))
    return RoundSnapshot(
        tuple(Candidate(grant, 0) for grant in sorted({row["grant"] for row in rows})),
        (Pool("pot", 100_000_00),),
        tuple(Gift(str(n), row["donor"], row["grant"], int(row["usd_cents"])) for n, row in enumerate(rows)),
    )


def some_of(snapshot: RoundSnapshot, quarters: int) -> RoundSnapshot:
    """The election with so many quarters of its ballots and of its budget."""
    ballots = tuple(ballot for place, ballot in enumerate(snapshot.ballots) if place % 4 < quarters)
    (pool,) = snapshot.pools
    return RoundSnapshot(snapshot.candidates, (Pool(pool.id, pool.cents * quarters // 4),), ballots=ballots)


def many(snapshot: RoundSnapshot, times: int) -> RoundSnapshot:
    """The election with so many times the ballots, all different, and the budget: each adds one project in turn."""
    ids = [candidate.id for candidate in snapshot.candidates]
    ballots = [
        Ballot(tuple({**dict(ballot.points), ids[(place + copy) % len(ids)]: 1}.items()) if copy else ballot.points)
        for copy in range(times)
        for place, ballot in enumerate(snapshot.ballots)
    ]
    (pool,) = snapshot.pools
    return RoundSnapshot(snapshot.candidates, (Pool(pool.id, pool.cents * times),), ballots=tuple(ballots))
