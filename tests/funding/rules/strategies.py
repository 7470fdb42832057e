"""Rules with knobs, and rounds to run them on, as Hypothesis makes them: small numbers, so that limits are met."""

import os
from functools import partial
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from funding.domain import rules
from funding.domain.rules import Ballot, Candidate, Gift, Pool, RoundSnapshot, Rule

seeded = "DORPSPLEIN_FAULT" in os.environ
thorough = settings(
    max_examples=int(os.environ.get("DORPSPLEIN_EXAMPLES", "1000" if seeded else "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate) if seeded else tuple(Phase),
)
"""A hundred examples in the ordinary run; the slow one asks for 10,000. A seeded fault has to be found, not shrunk."""

STREAMING = ("ratio", "first_come", "threshold")
BATCH = ("pro_rata", "quadratic", "quadratic_pairwise")
COUNTING = ("equal_shares", "greedy", "greedy_no_skip", "greedy_threshold")

FREE = 2**53 - 1
part = st.integers(1, 7)
flag = st.integers(0, 1)
cap = st.integers(0, 12_000) | st.integers(0, 12_000) | st.just(FREE)
holds = st.integers(0, 40_000) | st.just(200_000)
percent = st.integers(1, 100)
ties = st.sampled_from(["fixed", "draw"])

KNOBS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "ratio": {
        "numerator": part, "denominator": part,
        "capPledgeCents": cap, "capDonorCents": cap, "capInitiativeCents": cap,
    },
    "threshold": {
        "startPercent": st.integers(0, 100), "sharePercent": percent,
        "capInitiativeCents": cap, "leastDonors": st.integers(1, 3),
    },
    "pro_rata": {"capDonorCents": cap, "capInitiativeCents": cap},
    "quadratic": {"expand": flag, "capInitiativeCents": cap},
    "quadratic_pairwise": {"coefficientCents": st.integers(1, 20_000), "expand": flag, "capInitiativeCents": cap},
    "equal_shares": {
        "utility": st.sampled_from(["cost", "cardinality"]),
        "completion": st.sampled_from(["none", "add1", "greedy", "add1-greedy"]),
        "incrementCents": st.integers(50, 3_000), "start": st.sampled_from(["exact", "whole"]),
        "stopWhenExhaustive": flag, "comparison": st.sampled_from(["none", "greedy"]), "ties": ties,
    },
    "greedy": {"ties": ties},
    "greedy_no_skip": {"ties": ties},
    "greedy_threshold": {"leastScore": st.integers(0, 6), "ties": ties},
}  # fmt: skip
KNOBS["first_come"] = {**KNOBS["ratio"], "partial": flag}


def rules_of(*names: str) -> st.SearchStrategy[Rule]:
    return st.one_of([st.fixed_dictionaries(KNOBS[name]).map(partial(rules.from_knobs, name)) for name in names])


IDS = ("p1", "p2", "p3", "p4", "p10")
THEMES = ("", "groen", "sport")
PLACES = ("", "noord")

free_pools = st.lists(holds, min_size=1, max_size=3).map(
    lambda amounts: tuple(Pool(f"line{9 - place}", cents) for place, cents in enumerate(amounts))
)


@st.composite
def bound_pools(draw: st.DrawFn) -> tuple[Pool, ...]:
    return tuple(
        Pool(
            f"line{9 - place}",
            draw(holds),
            draw(st.sets(st.sampled_from(THEMES[1:])).map(sorted).map(tuple)),
            draw(st.sampled_from([(), ("noord",)])),
            draw(st.none() | st.integers(0, 20_000)),
        )
        for place in range(draw(st.integers(1, 4)))
    )


@st.composite
def candidates(draw: st.DrawFn, costs: st.SearchStrategy[int]) -> tuple[Candidate, ...]:
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=5, unique=True))
    return tuple(
        Candidate(one, draw(costs), draw(st.sampled_from(THEMES)), draw(st.sampled_from(PLACES))) for one in ids
    )


pools_of_any_kind = free_pools | bound_pools()


@st.composite
def rounds(draw: st.DrawFn, pools: st.SearchStrategy[tuple[Pool, ...]] = pools_of_any_kind) -> RoundSnapshot:
    """A round with gifts."""
    there = draw(candidates(st.integers(0, 60_000)))
    donors = st.sampled_from(["anna", "bea", "cas", "dirk"])
    cents = st.integers(1, 30_000) | st.sampled_from([1, 2, 3, 100])
    gifts = draw(st.lists(st.tuples(donors, st.sampled_from([one.id for one in there]), cents), max_size=12))
    return RoundSnapshot(
        there, draw(pools), tuple(Gift(str(place), *gift) for place, gift in enumerate(gifts)), floors=()
    )


@st.composite
def elections(draw: st.DrawFn, pools: st.SearchStrategy[tuple[Pool, ...]] = pools_of_any_kind) -> RoundSnapshot:
    """A round with ballots. Costs repeat, so that ties are met."""
    there = draw(candidates(st.sampled_from([0, 3_000, 3_000, 6_000, 10_000, 12_500]) | st.integers(1, 20_000)))
    points = st.just(1) | st.integers(-1, 3)
    ballot = st.dictionaries(st.sampled_from([one.id for one in there]), points, max_size=5)
    ballots = draw(st.lists(st.tuples(ballot, st.integers(1, 3)), max_size=8))
    return RoundSnapshot(
        there, draw(pools), ballots=tuple(Ballot(tuple(sorted(by.items())), voters) for by, voters in ballots)
    )


def contested(seed: int) -> RoundSnapshot:
    """Three to ten voters who each support several of a few candidates, which cost one to a few voters' shares.

    Evenly random, where Hypothesis prefers small and equal numbers: so that voters run dry at different moments.
    """
    random = Random(seed)
    ids = IDS[: random.randint(2, 5)]
    voters = random.randint(3, 10)
    ballots = [Ballot(tuple((one, 1) for one in ids if random.random() < 0.6)) for _ in range(voters)]
    there = tuple(Candidate(one, random.randint(200, 4_000)) for one in ids)
    return RoundSnapshot(there, (Pool("pot", 1_000 * voters + random.randint(0, 300)),), ballots=tuple(ballots))


contested_elections = st.integers(0, 2**64).map(contested)
any_election = elections() | contested_elections | contested_elections
