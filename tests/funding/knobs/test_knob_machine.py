"""A stateful machine: turns, ballots, vetoes, withdrawals and hours that go by, against a model of the whole history.

It runs the service's own commands on a real database; timers fire only when somebody looks, so most of what happens
by itself happens late. A failure is shown as it was found: to shrink it takes minutes.
"""

import asyncio
import os
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding, at_once
from tests.funding.knobs.turns import KIND, QUORUM, Turn, Village, may_move
from tests.support import person, running

from dorpsplein.errors import Rejected
from dorpsplein.timers import fire_due
from funding import commands, storage
from funding.app import SERVICE
from funding.domain.knobs.ballots import CastBallot
from funding.domain.knobs.changes import DraftChange
from funding.timers import HANDLERS

EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "20"))
VOTERS = [f"voter-{n}" for n in range(8)]
START = {"capPledgeCents": 10_000, "capDonorCents": 20_000, "partial": 0}
places = st.integers(0, 2)
hours = st.sampled_from([1, 6, 23, 24, 25, 48, 72, 6 * 24, 7 * 24, 14 * 24])
ballots = st.lists(
    st.tuples(st.sampled_from([*VOTERS, "outsider"]), st.sampled_from(["yes", "yes", "yes", "no", "abstain"])),
    min_size=1,
    max_size=4,
)
turns = st.tuples(
    st.just("someone_turns_a_knob"),
    st.sampled_from(sorted(KIND)),
    st.sampled_from([49, 50, 80, 100, 120, 150, 200, 201]),
    st.sampled_from(VOTERS),
)
crowds = st.tuples(
    st.just("as_many_vote_as_it_takes"),
    st.sampled_from(["quorum", "quorum", "one less", "all"]),
    st.sampled_from([0, 0, 1, 2, 3]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([0, 24, 8 * 24, 10 * 24, 21 * 24]),
)
ACTS = st.one_of(
    *[turns] * 3,
    *[crowds] * 5,
    *[st.tuples(st.just("people_vote_at_once"), places, ballots)] * 3,
    st.tuples(st.just("hours_go_by"), hours),
    st.tuples(st.just("a_turn_is_withdrawn"), places),
    *[st.tuples(st.just("the_council_vetoes"), places, st.sampled_from([True, False, False]))] * 2,
    st.tuples(st.just("somebody_looks")),
)
"""What people may do next, each with how they do it."""


class Turning:
    """What the service does, and beside it what the model says it should have done."""

    def __init__(self, runner: asyncio.Runner, funding: Funding, knobs: list[str]) -> None:
        self.runner, self.funding = runner, funding
        self.village = Village(dict(START))
        self.hour = 0
        self.funding.now = NOON
        given = START | {"leastVoters": 3, "quorumPercentRule": 75}
        self.fund = UUID(self.run(self.funding.fund("first_come", **given)))
        for knob in knobs:
            self.someone_turns_a_knob(knob, 150, VOTERS[0])

    def run(self, act: Awaitable[Any]) -> Any:
        async def acting() -> Any:
            try:
                return await act
            except Rejected as no:
                return no.code

        return self.runner.run(acting())

    def command(self, act: Any) -> Any:
        async def acting() -> Any:
            async with self.funding.runtime.database.transaction() as tx:
                return await act(tx)

        return self.run(acting())

    def act(self, what: str, *how: Any) -> None:
        getattr(self, what)(*how)

    def someone_turns_a_knob(self, knob: str, percent: int, by: str) -> None:
        current = self.village.state(self.hour)[1][-1][knob]
        value = 1 - current if knob == "partial" else current * percent // 100
        change = uuid4()
        draft = DraftChange(change, self.fund, {knob: value}, {}, "Omdat.", person(by), self.funding.now)
        drafted = self.command(lambda tx: commands.knobs.changes.draft(tx, draft))
        if not may_move(knob, current, value):
            assert drafted in {"nothing-changes", "knob-step-too-large"}
            return
        database, now = self.funding.runtime.database, self.funding.now
        assert not isinstance(
            self.run(commands.knobs.simulations.simulate_change(database, change, person(by), now)), str
        )
        opened = self.command(lambda tx: commands.knobs.changes.open_(tx, change, person(by), now))
        if knob in self.village.busy(self.hour):
            assert opened == "knob-busy"
            return
        assert not isinstance(opened, str), opened
        self.village.turns[change] = Turn(knob, value, KIND[knob], self.hour)

    def people_vote_at_once(self, place: int, ballots: list[tuple[str, Any]]) -> None:
        """On any of the last changes, but mostly on one that is open."""
        open_ = self.with_status("open")
        self.vote(open_[-1] if open_ and place else self.pick(place)[0], ballots)

    def vote(self, name: UUID, ballots: list[tuple[str, Any]]) -> None:
        turn = self.village.turns[name]
        cast = [CastBallot(uuid4(), name, person(voter), choice, self.funding.now) for voter, choice in ballots]
        grouped = self.funding.runtime.database.grouped
        answers = self.run(at_once(*(caught(grouped(commands.knobs.ballots.cast, one)) for one in cast)))
        for (voter, choice), answer in zip(ballots, answers, strict=True):
            if turn.withdrawn is not None or self.hour >= turn.closes():
                assert answer == "voting-closed"
            elif voter not in VOTERS:
                assert answer == "not-on-the-roster"
            elif any(voter == before for _, before, _ in turn.ballots):
                assert answer == "already-voted"
            else:
                assert answer is None
                turn.ballots.append((self.hour, voter, choice))

    def as_many_vote_as_it_takes(self, share: str, against: int, late: int, then: int) -> None:
        """Right at the quorum and the majority, and around the last day, where a fault would show."""
        if not (open_ := self.with_status("open")):
            return
        name = open_[-1]
        turn = self.village.turns[name]
        around = turn.opened + 6 * 24 + late - 1
        if late and self.hour < around:
            self.hours_go_by(around - self.hour)
        enough = {"quorum": QUORUM[turn.kind], "one less": QUORUM[turn.kind] - 1, "all": len(VOTERS)}[share]
        waiting = [voter for voter in VOTERS if voter not in {before for _, before, _ in turn.ballots}]
        cast = [
            (voter, "no" if n < against else "yes") for n, voter in enumerate(waiting[: enough - len(turn.ballots)])
        ]
        if cast and enough > len(turn.ballots):
            self.vote(name, cast)
        self.hours_go_by(then)

    def hours_go_by(self, hours: int) -> None:
        self.hour += hours
        self.funding.now += timedelta(hours=hours)

    def a_turn_is_withdrawn(self, place: int) -> None:
        name, turn = self.pick(place)
        status = self.village.state(self.hour)[0][name]
        by = self.command(lambda tx: storage.knobs.changes.change(tx, name)).by
        answer = self.command(lambda tx: commands.knobs.changes.withdraw(tx, name, by, self.funding.now))
        if status == "open":
            turn.withdrawn = self.hour
        assert (answer == "voting-closed") == (status not in {"open", "withdrawn"})

    def the_council_vetoes(self, place: int, ground: bool) -> None:
        adopted = self.with_status("adopted")
        name = adopted[-1] if adopted and place else self.pick(place)[0]
        turn = self.village.turns[name]
        status = self.village.state(self.hour)[0][name]
        text = "Onwettig." if ground else None
        answer = self.command(lambda tx: commands.knobs.changes.veto(tx, name, text, person("erik"), self.funding.now))
        if status != "adopted":
            assert answer == "not-adopted"
        elif ground:
            turn.vetoed = self.hour
        elif turn.announced is not None:
            assert answer == "veto-without-ground"
        else:
            turn.announced = self.hour

    def somebody_looks(self) -> None:
        self.run(fire_due(self.funding.runtime.database, HANDLERS, self.funding.now))
        status, sets = self.village.state(self.hour)
        stored = self.command(lambda tx: storage.knobs.changes.changes(tx, list(self.village.turns)))
        assert {name: change.status for name, change in stored.items()} == status
        for name, turn in self.village.turns.items():
            tally = stored[name].tally
            if status[name] in {"open", "withdrawn"}:
                assert tally is None
            else:
                cast = [choice for _, _, choice in turn.ballots]
                assert (tally.yes, tally.no, tally.abstain) == tuple(map(cast.count, ("yes", "no", "abstain")))
        history = self.command(lambda tx: storage.knobs.sets.history(tx, self.fund, 2**60, 1_000))
        assert [{knob: one.values[knob] for knob in START} for one in reversed(history)] == sets
        assert [one.number for one in reversed(history)] == list(range(1, len(sets) + 1))

    def pick(self, place: int) -> tuple[UUID, Turn]:
        """One of the last turns there are."""
        turns = list(self.village.turns.items())[-3:]
        return turns[place % len(turns)]

    def with_status(self, wanted: str) -> list[UUID]:
        """The turns that stand so by the model, oldest first."""
        status, _ = self.village.state(self.hour)
        return [name for name in self.village.turns if status[name] == wanted]


async def caught(act: Awaitable[Any]) -> Any:
    """What comes of it; of a refusal its code."""
    try:
        return await act
    except Rejected as no:
        return no.code


def test_knobs_turn_as_the_model_says_whatever_people_do_and_however_late_timers_are(
    make_database: MakeDatabase,
) -> None:
    urls = make_database("funding")
    with asyncio.Runner() as runner:

        async def opened() -> Any:
            context = running(SERVICE, urls)
            return context, await context.__aenter__()

        context, there = runner.run(opened())
        funding = Funding(there.runtime, there.client)

        async def prepare() -> None:
            async with there.runtime.database.transaction() as tx:
                for voter in VOTERS:
                    await storage.knobs.electorate.enrol(tx, person(voter))

        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(
            st.lists(st.sampled_from(sorted(KIND)), min_size=1, max_size=2, unique=True),
            st.lists(ACTS, min_size=25, max_size=25),
        )
        def turn(knobs: list[str], acts: list[tuple[Any, ...]]) -> None:
            turning = Turning(runner, funding, knobs)
            for act in acts:
                turning.act(*act)
            turning.somebody_looks()

        runner.run(prepare())
        try:
            turn()
        finally:
            runner.run(context.__aexit__(None, None, None))
