"""Support given and taken back in any order by anyone: the model is the set of those who said yes."""

import asyncio
from collections import Counter
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import NOON, THRESHOLD, Initiatives
from tests.support import SECRET, running

from dorpsplein.contracts.initiatives.initiatives import ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.errors import NotFound
from initiatives.app import SERVICE
from initiatives.commands.supports import Changed, change_supports, wish
from initiatives.storage.supports import roll_up

PEOPLE = [UUID(int=number) for number in range(1, 6)]
WISHES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), min_size=1, max_size=8)


class Supporting(RuleBasedStateMachine):
    """One initiative and five people. What they wish at once is carried out in one group, in order."""

    initiatives: Initiatives
    loop: asyncio.Runner

    @initialize()
    def propose(self) -> None:
        self.initiative = UUID(self.loop.run(self.initiatives.propose()))
        self.saying_yes: set[UUID] = set()
        self.changes: Counter[UUID] = Counter()
        self.ever_enough = False

    @rule(wishes=WISHES)
    def wish_at_once(self, wishes: list[tuple[UUID, bool]]) -> None:
        answers = self.loop.run(self._carry_out(wishes))
        for (who, gives), answer in zip(wishes, answers, strict=True):
            if not gives and not self.changes[who]:
                assert isinstance(answer, NotFound)
                continue
            changes = gives != (who in self.saying_yes)
            self.changes[who] += changes
            (self.saying_yes.add if gives else self.saying_yes.discard)(who)
            assert isinstance(answer, Changed)
            assert (answer.changed, answer.support.given) == (changes, gives)
            assert (answer.support.sequence, answer.supports) == (self.changes[who], len(self.saying_yes))

    async def _carry_out(self, wishes: list[tuple[UUID, bool]]) -> list[Changed | Exception]:
        async with self.initiatives.runtime.database.transaction() as tx:
            return await change_supports(
                tx, [wish(SECRET, self.initiative, who, gives=gives, now=NOON) for who, gives in wishes]
            )

    @rule(most=st.integers(0, 3))
    def roll_up(self, most: int) -> None:
        self.loop.run(self._roll_up(most))

    async def _roll_up(self, most: int) -> None:
        async with self.initiatives.runtime.database.transaction() as tx:
            await roll_up(tx, 0, most)

    @rule()
    def catch_up(self) -> None:
        self.loop.run(self.initiatives.catch_up())
        self.ever_enough |= len(self.saying_yes) >= THRESHOLD
        page = self.loop.run(self.initiatives.page(str(self.initiative)))
        assert page["supports"] == len(self.saying_yes)
        assert page["thresholdReached"] == self.ever_enough

    @invariant()
    def what_is_stored_and_told_is_what_was_wished(self) -> None:
        if not hasattr(self, "initiative"):
            return
        stored, told = self.loop.run(self._seen())
        assert stored == {who: (who in self.saying_yes, n) for who, n in self.changes.items() if n}
        assert told == {who: list(range(1, n + 1)) for who, n in self.changes.items() if n}

    async def _seen(self) -> tuple[dict[UUID, tuple[bool, int]], dict[UUID, list[int]]]:
        rows = await self.initiatives.rows(
            "select supporter_id, given, sequence from supports where initiative_id = $1", self.initiative
        )
        counted = await self.initiatives.rows(
            "select sum(delta) from support_tallies where initiative_id = $1", self.initiative
        )
        assert (counted[0][0] or 0) == len(self.saying_yes)
        told: dict[UUID, list[int]] = {}
        reached = 0
        for event in await self.initiatives.told():
            if event.event.initiative_id != self.initiative:  # type: ignore[attr-defined]
                continue
            reached += isinstance(event.event, ThresholdReached)
            if isinstance(event.event, SupportGiven | SupportWithdrawn):
                assert isinstance(event.event, SupportGiven) == (event.sequence % 2 == 1)
                told.setdefault(event.event.supporter_id, []).append(event.sequence)
        assert reached == self.ever_enough
        return {who: (given, sequence) for who, given, sequence in rows}, told


def test_support_is_the_set_of_those_who_said_yes_last(make_database: MakeDatabase) -> None:
    with asyncio.Runner() as loop:
        service = running(SERVICE, make_database("initiatives"), settings={"support_threshold": THRESHOLD})
        there = loop.run(service.__aenter__())
        try:
            Supporting.initiatives, Supporting.loop = Initiatives(there.runtime, there.client), loop
            run_state_machine_as_test(
                Supporting,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=12,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            loop.run(service.__aexit__(None, None, None))
