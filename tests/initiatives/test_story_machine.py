"""Consents and stories in any order: nothing can be read that somebody in it does not agree to at that moment.

The model knows three sets only: who said yes to which words being published, who to their being retold, and who was
asked. What must be public follows from them and from what its teller did; it uses nothing of the code under test. A
failure is shown as it was found: to shrink it takes minutes. DORPSPLEIN_EXAMPLES sets how many runs there are.
"""

import asyncio
import os
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import Initiatives
from tests.initiatives.test_stories import Telling
from tests.support import person, running

from initiatives.app import SERVICE

TELLER = "anna"
PEOPLE = ["boris", "carla"]
ALDERMAN = "dora"
EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "16"))
Answering = st.sampled_from(["giving", "declining", "withdrawal"])
Use = st.sampled_from(["story", "retelling"])


class Consenting(RuleBasedStateMachine):
    """One story, its teller, two others who may be in it, and an alderman."""

    telling: Telling
    loop: asyncio.Runner

    @initialize(
        people=st.sets(st.sampled_from(PEOPLE)), asks=st.booleans(), far=st.sampled_from(["retold", "public", "told"])
    )
    def tell(self, people: set[str], asks: bool, far: str) -> None:
        """A story that was told just now, or is public, or was retold already: else most runs end before that."""
        asks = asks or far == "retold"
        self.people = set(people)
        self.story = self.loop.run(self._told(sorted(people), asks))
        self.words = 1
        self.version = 0
        self.yes: dict[str, set[str]] = {"story": {TELLER}, "retelling": {TELLER} if asks else set()}
        self.asked: dict[str, set[str]] = {
            "story": {TELLER, *people},
            "retelling": {TELLER, *people} if asks else set(),
        }
        self.public = self.gone = False
        self.retelling: str | None = None
        if far != "told":
            self.agree(retelling=asks)
            self.publish()
        if far == "retold":
            self.retell()

    async def _told(self, people: list[str], asks: bool) -> str:
        return await self.telling.tell(await self.telling.there.propose(), *people, mayBeRetold=asks)

    @property
    def everyone(self) -> set[str]:
        return {TELLER, *self.people}

    @rule(retelling=st.booleans())
    def agree(self, retelling: bool) -> None:
        """Everyone says yes to all they are asked, or to the story alone."""
        for who in sorted(self.everyone):
            self.answer(who, "giving", "story")
            if retelling:
                self.answer(who, "giving", "retelling")

    @precondition(lambda self: self.public)
    @rule(data=st.data())
    def change_mind(self, data: st.DataObject) -> None:
        """Somebody in a public story no longer agrees; to what was retold of it, where that can be read."""
        use = "retelling" if self.retelling == "published" and data.draw(st.booleans()) else "story"
        self.answer(data.draw(st.sampled_from(sorted(self.everyone))), "withdrawal", use)

    @rule(who=st.sampled_from([TELLER, *PEOPLE]), how=Answering, use=Use)
    def answer(self, who: str, how: str, use: str) -> None:
        status = self.loop.run(self._answered(who, how, use))
        if status != 200:
            return
        (self.yes[use].add if how == "giving" else self.yes[use].discard)(who)
        self._follow()

    async def _answered(self, who: str, how: str, use: str) -> int:
        own = [one for one in await self.telling.asked(who) if one["subjectId"] == self.story and one["use"] == use]
        if not own:
            return 404
        body = {"subjectVersion": own[0]["subjectVersion"]} if how == "giving" else None
        answer = await self.telling.there.post(f"/consents/{own[0]['id']}/{how}", body, by=who)
        assert answer.status_code in {200, 422}, answer.text
        if how == "giving":
            still_asked = who in self.asked[use] and not self.gone
            assert (answer.status_code == 200) == still_asked, answer.text
        return answer.status_code

    @rule()
    def publish(self) -> None:
        answer = self.loop.run(self.telling.publish(self.story))
        can = not self.gone and not self.public and self.everyone <= self.yes["story"]
        assert (answer.status_code == 200) == can, answer.text
        self.public = self.public or can
        self._follow()

    @rule(words=st.booleans(), people=st.sets(st.sampled_from(PEOPLE)))
    def edit(self, words: bool, people: set[str]) -> None:
        answer = self.loop.run(self._edited(words, people))
        assert (answer.status_code == 200) == (not self.gone), answer.text
        if self.gone:
            return
        coming, out = people - self.people, self.people - people
        self.words += words
        if words or coming:
            self.public = False
            self.retelling = None
        if words:
            self.yes = {use: {TELLER} if self.asked[use] else set() for use in self.yes}
        for use in self.yes:
            self.yes[use] -= out
            if self.asked[use]:
                self.asked[use] = {TELLER, *people}
        self.people = set(people)
        self._follow()

    async def _edited(self, words: bool, people: set[str]) -> Any:
        own = await self.telling.own(self.story)
        version = own["original"]["version"] if own else 1
        changes: dict[str, Any] = {"people": [str(person(one)) for one in sorted(people)]}
        if words:
            changes["text"] = f"Woorden {self.words + 1}."
        return await self.telling.edit(self.story, version, **changes)

    @rule()
    def retell(self) -> None:
        answer = self.loop.run(self.telling.retell(self.story, by=ALDERMAN))
        can = self.public and self.retelling is None
        assert (answer.status_code == 201) == can, answer.text
        if can:
            self.asked["retelling"] = self.everyone
            self.retelling = "waiting"
            self._follow()

    @rule(chance=st.integers(0, 9))
    def withdraw(self, chance: int) -> None:
        if chance < 9:
            return
        answer = self.loop.run(self.telling.there.post(f"/stories/{self.story}/withdrawal", by=TELLER))
        assert (answer.status_code == 200) == (not self.gone)
        self.public, self.gone, self.retelling = False, True, None

    def _follow(self) -> None:
        """What a village would expect: no yes of everyone, nothing to read; and what was retold stays away."""
        if not self.everyone <= self.yes["story"]:
            self.public = False
        if not self.public:
            self.retelling = None
        elif self.everyone <= self.yes["retelling"]:
            self.retelling = self.retelling and "published"
        elif self.retelling == "published":
            self.retelling = None

    @invariant()
    def what_can_be_read_is_what_everyone_agrees_to(self) -> None:
        if not hasattr(self, "story"):
            return
        seen, story_state, retelling_states = self.loop.run(self._seen())
        assert (seen is not None) == self.public
        assert story_state is self.public
        retold = self.retelling == "published"
        assert (seen is not None and len(seen["retellings"]) == 1) == retold
        assert retelling_states == int(retold)
        if seen is not None:
            assert {one["id"] for one in seen["original"]["people"]} == {str(person(one)) for one in self.people}

    async def _seen(self) -> tuple[dict[str, Any] | None, bool, int]:
        """What can be read, whether the newest public state has words, and of how many retellings it has."""
        states = dict(
            await self.telling.there.rows(
                "select distinct on (key) key, body is not null from outbox where topic like 'initiatives.%.state'"
                " and key::uuid in (select $1::uuid union select id from retellings where story_id = $1)"
                " order by key, id desc",
                UUID(self.story),
            )
        )
        story_state = states.pop(self.story, False)
        return await self.telling.seen(self.story), story_state, sum(states.values())


def test_nothing_of_a_story_can_be_read_without_the_consent_of_everyone_in_it(make_database: MakeDatabase) -> None:
    with asyncio.Runner() as loop:
        service = running(SERVICE, make_database("initiatives"))
        there = loop.run(service.__aenter__())
        try:
            Consenting.telling, Consenting.loop = Telling(Initiatives(there.runtime, there.client)), loop
            run_state_machine_as_test(
                Consenting,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=12,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            loop.run(service.__aexit__(None, None, None))
