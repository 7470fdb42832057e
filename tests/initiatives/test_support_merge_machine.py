"""Merges among people who also say yes and take it back, in transactions that overlap: no yes is lost or doubled.

The model is plain sets: who counts where, who moved, and whose yes to the other initiative is their own. Of two
transactions that overlap the outcome must be that of one after the other, in either order.
"""

import asyncio
import copy
import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import NOON, THRESHOLD, Initiatives
from tests.support import SECRET, person, running

from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.database import Transaction
from dorpsplein.errors import Rejected
from initiatives.app import SERVICE
from initiatives.commands import merges, moving, parting
from initiatives.commands.supports import change_supports, wish

PEOPLE = [UUID(int=number) for number in range(1, 4)]
EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "25"))
COUNTS: dict[type, int] = {SupportGiven: 1, SupportReturned: 1, SupportWithdrawn: -1, SupportMoved: -1}
Where = Literal["garden", "park"]


class Act(NamedTuple):
    """What somebody does: `yes` or `no` to the garden or the park; or of a merge `consent`, `back`, `undo`, `close`."""

    what: str
    who: UUID = PEOPLE[0]
    where: Where = "garden"


@dataclass
class Model:
    """Who counts at the garden; whose yes to the park is their own, or was carried there; who moved."""

    garden: set[UUID] = field(default_factory=set)
    own: set[UUID] = field(default_factory=set)
    carried: set[UUID] = field(default_factory=set)
    moved: set[UUID] = field(default_factory=set)
    ever: set[tuple[UUID, Where]] = field(default_factory=set)
    merge: Literal["unknown", "none", "open", "over"] = "unknown"
    garden_closed: bool = False

    @property
    def park(self) -> set[UUID]:
        return self.own | self.carried

    def do(self, act: Act) -> str:
        """Carry out an act; `ok`, or the code of its refusal."""
        if self.merge == "unknown" and act.what in {"consent", "back", "undo"}:
            return "merge-unknown"
        match act:
            case Act("yes", who, where):
                return self._yes(who, where)
            case Act("no", who, where):
                return self._no(who, where)
            case Act("consent", who):
                return self._consent(who)
            case Act("back", who):
                return self._back(who)
            case Act("close"):
                if self.merge == "open":
                    self.merge, self.garden_closed = "over", True
                return "ok"
        return self._undo()

    def _yes(self, who: UUID, where: Where) -> str:
        if where == "park":
            self.own.add(who)
        elif who not in self.garden:
            if self.merge in {"open", "over"}:
                return "initiative-joined"
            if self.garden_closed:
                return "support-closed"
            self.garden.add(who)
            self.moved.discard(who)
        self.ever.add((who, where))
        return "ok"

    def _no(self, who: UUID, where: Where) -> str:
        if (who, where) not in self.ever:
            return "support-unknown"
        if where == "park":
            self.own.discard(who)
            self.carried.discard(who)
        elif who in self.garden:
            if self.garden_closed:
                return "support-closed"
            self.garden.remove(who)
        return "ok"

    def _consent(self, who: UUID) -> str:
        if self.merge != "open":
            return "merge-not-open"
        if who in self.moved:
            return "ok"
        if who not in self.garden:
            return "support-unknown"
        if self.garden_closed:
            return "support-closed"
        self.garden.remove(who)
        self.moved.add(who)
        self.ever.add((who, "park"))
        (self.own if who in self.park else self.carried).add(who)
        return "ok"

    def _back(self, who: UUID) -> str:
        if self.merge != "open":
            return "merge-not-open"
        if (who, "garden") not in self.ever:
            return "support-unknown"
        if who in self.moved and who not in self.park:
            return "support-taken-back"
        if who in self.moved:
            if self.garden_closed:
                return "support-closed"
            self.moved.remove(who)
            self.garden.add(who)
            self.carried.discard(who)
        return "ok"

    def _undo(self) -> str:
        if self.merge == "none":
            return "illegal-merge-move"
        self.garden |= self.moved & self.park
        self.carried -= self.moved
        self.moved.clear()
        self.merge = "none"
        return "ok"


PERSONAL = st.builds(
    Act, st.sampled_from(["yes", "no", "consent", "back"]), st.sampled_from(PEOPLE), st.sampled_from(["garden", "park"])
)
ANY = PERSONAL | st.just(Act("undo"))


class Merging(RuleBasedStateMachine):
    """A garden and a park of one initiator, who agrees with herself, and three people."""

    initiatives: Initiatives
    loop: asyncio.Runner

    @initialize(garden=st.sets(st.sampled_from(PEOPLE)), park=st.sets(st.sampled_from(PEOPLE)))
    def begin(self, garden: set[UUID], park: set[UUID]) -> None:
        self.initiatives.now = NOON
        self.garden = UUID(self.loop.run(self.initiatives.propose()))
        self.park = UUID(self.loop.run(self.initiatives.propose()))
        self.merge = uuid4()
        self.model = Model()
        for act in (*(Act("yes", who) for who in garden), *(Act("yes", who, "park") for who in park)):
            assert self.loop.run(self._outcome(act)) == self.model.do(act)
        self.agree()

    @rule()
    def agree(self) -> None:
        if self.model.merge in {"unknown", "none"}:
            self.merge = uuid4()
            self.loop.run(self._agree())
            self.model.merge = "open"

    async def _agree(self) -> None:
        anna, now = person("anna"), self.initiatives.now
        async with self.initiatives.runtime.database.transaction() as tx:
            await merges.propose(tx, self.garden, self.park, merge_id=self.merge, person=anna, now=now)
        async with self.initiatives.runtime.database.transaction() as tx:
            await merges.agree(tx, self.merge, person=anna, window_days=14, now=now)

    @rule(act=ANY)
    def one_acts(self, act: Act) -> None:
        before = self.model.garden | self.model.park
        assert self.loop.run(self._outcome(act)) == self.model.do(act)
        if act.what in {"consent", "back", "undo"}:
            assert self.model.garden | self.model.park == before, "a merge made or took a yes"

    @rule(soon=st.integers(0, 4))
    def the_window_ends(self, soon: int) -> None:
        if soon:
            return
        self.initiatives.now += timedelta(days=15)
        assert self.loop.run(self._outcome(Act("close"))) == self.model.do(Act("close"))

    @rule(first=ANY, second=ANY, of_one_person=st.booleans())
    def two_act_at_once(self, first: Act, second: Act, of_one_person: bool) -> None:
        if of_one_person:
            second = second._replace(who=first.who)
        outcomes = self.loop.run(self._overlapping(first, second))
        stored = self.loop.run(self._stored())
        for order in ((0, 1), (1, 0)):
            model, acts = copy.deepcopy(self.model), (first, second)
            seen = {place: model.do(acts[place]) for place in order}
            if (seen[0], seen[1]) == outcomes and (model.garden, model.park) == stored:
                self.model = model
                return
        raise AssertionError(f"{first} and {second} gave {outcomes}, {stored}: not as one after the other")

    async def _overlapping(self, first: Act, second: Act) -> tuple[str, str]:
        """The first has done its work and not committed yet when the second begins."""
        may_commit = asyncio.Event()
        ahead = asyncio.create_task(self._outcome(first, may_commit))
        await asyncio.sleep(0.01)
        behind = asyncio.create_task(self._outcome(second))
        await asyncio.sleep(0.01)
        may_commit.set()
        return await ahead, await behind

    async def _outcome(self, act: Act, may_commit: asyncio.Event | None = None) -> str:
        try:
            async with self.initiatives.runtime.database.transaction() as tx:
                await self._carry_out(tx, act)
                if may_commit is not None:
                    await may_commit.wait()
        except Rejected as refusal:
            return refusal.code
        return "ok"

    async def _carry_out(self, tx: Transaction, act: Act) -> None:
        now = self.initiatives.now
        match act.what:
            case "yes" | "no":
                about = self.garden if act.where == "garden" else self.park
                (answer,) = await change_supports(tx, [wish(SECRET, about, act.who, gives=act.what == "yes", now=now)])
                if isinstance(answer, Exception):
                    raise answer
            case "consent":
                await moving.consent(tx, self.merge, act.who, secret=SECRET, now=now)
            case "back":
                await moving.take_consent_back(tx, self.merge, act.who, secret=SECRET, now=now)
            case "close":
                await merges.close_windows(tx, [self.merge], now)
            case "undo":
                await parting.undo(tx, self.merge, person=person("anna"), now=now)

    async def _stored(self) -> tuple[set[UUID], set[UUID]]:
        rows = await self.initiatives.rows("select supporter_id, initiative_id from supports where given")
        garden, park = ({who for who, about in rows if about == one} for one in (self.garden, self.park))
        return garden, park

    @invariant()
    def counts_rows_and_facts_agree_with_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self.loop.run(self._stored()) == (self.model.garden, self.model.park)
        garden, park = len(self.model.garden), len(self.model.park)
        assert self.loop.run(self._counted()) == [garden, garden, park, park]

    async def _counted(self) -> list[int]:
        facts = [event.event for event in await self.initiatives.told() if type(event.event) in COUNTS]
        counted = []
        for about in (self.garden, self.park):
            rows = await self.initiatives.rows("select supports from support_counts where initiative_id = $1", about)
            told = sum(COUNTS[type(fact)] for fact in facts if getattr(fact, "initiative_id", None) == about)
            counted += [int(rows[0][0]), told]
        return counted

    def teardown(self) -> None:
        self.loop.run(self.initiatives.rows("delete from outbox returning 1"))


def test_a_merge_conserves_every_yes_under_every_interleaving(make_database: MakeDatabase) -> None:
    with asyncio.Runner() as loop:
        service = running(SERVICE, make_database("initiatives"), settings={"support_threshold": THRESHOLD})
        there = loop.run(service.__aenter__())
        try:
            Merging.initiatives, Merging.loop = Initiatives(there.runtime, there.client), loop
            run_state_machine_as_test(
                Merging,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            loop.run(service.__aexit__(None, None, None))
