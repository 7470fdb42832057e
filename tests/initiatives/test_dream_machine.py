"""Consent in every order with filling, rendering and publishing: no film ever shows what nobody agrees to (any more).

The model knows people's answers, and what initiators published themselves; it decides what may be seen by that alone.
A failure is shown as it was found: to shrink it takes minutes. DORPSPLEIN_EXAMPLES sets how many runs there are.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

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
from tests.initiatives.conftest import NOON, THRESHOLD, Initiatives
from tests.initiatives.dreaming import in_co_creation
from tests.support import person, running

from dorpsplein.database import Transaction
from dorpsplein.errors import Rejected
from initiatives.app import SERVICE
from initiatives.commands import consenting, contributions, dreams, filming, renders, withdrawing
from initiatives.commands.contributions import Offer
from initiatives.commands.filming import Job
from initiatives.domain.consents import consent_id
from initiatives.domain.dreams.storyboard import Scene
from initiatives.domain.dreams.versions import Film
from initiatives.storage.dream_pages import ON_PAGE
from initiatives.storage.films import ids_of

EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "6"))
ANNA = person("anna")
PEOPLE = [person(name) for name in ("boris", "carla")]
USES = ("dream-vision", "credits")
NEXT = {"ask": ("give", "decline"), "give": ("withdraw",), "decline": ("give",), "withdraw": ("give",)}
"""What somebody may answer after what they answered before."""
KEEP_FILE = "insert into media (id, status, created_at) values ($1, 'ready', $2)"

T = TypeVar("T")


@dataclass
class Part:
    """A part as the model knows it: whose words, and what they answered for each use (none: not asked)."""

    contribution: UUID
    contributor: UUID
    words: str
    answers: dict[str, str]
    gone: bool = False

    @property
    def agreed(self) -> bool:
        return self.answers["dream-vision"] == "give" and not self.gone

    @property
    def named(self) -> bool:
        return self.agreed and self.answers.get("credits") == "give"


@dataclass
class Published:
    """What initiators published last, less what was taken back since: parts by whether they are named."""

    parts: dict[UUID, bool] = field(default_factory=dict)


class Dreaming(RuleBasedStateMachine):
    """One dream vision, two contributors, and a process that makes films, or dies."""

    there: Initiatives
    loop: asyncio.Runner

    @initialize()
    def begin(self) -> None:
        self.initiative = UUID(self.loop.run(in_co_creation(self.there)))
        self.dream, self.scene = uuid4(), uuid4()
        self.parts: dict[UUID, Part] = {}
        self.standing: list[UUID] = []
        self.versions: dict[int, dict[UUID, bool]] = {}
        self.published: Published | None = None
        self.job: Job | None = None
        self.done(lambda tx: dreams.open_storyboard(tx, self.initiative, dream_id=self.dream, person=ANNA, now=NOON))
        scene = Scene(self.scene, "De tuin", "Wat hoort hier?")
        self.done(lambda tx: dreams.add_scene(tx, self.dream, scene, person=ANNA, now=NOON))
        self.fill(PEOPLE[0], own=True, named=True)
        self.fill(PEOPLE[1], own=True, named=False)

    def done(self, command: Callable[[Transaction], Awaitable[T]]) -> T | None:
        """Carry a command out; None when it is refused."""

        async def run() -> T | None:
            try:
                async with self.there.runtime.database.transaction() as tx:
                    return await command(tx)
            except Rejected:
                return None

        return self.loop.run(run())

    @rule(who=st.sampled_from(PEOPLE), own=st.booleans(), named=st.booleans())
    def fill(self, who: UUID, own: bool, named: bool) -> None:
        contribution, part = uuid4(), uuid4()
        words = f"Inbreng {contribution}"
        self.done(
            lambda tx: contributions.offer(
                tx, self.initiative, Offer(words), contribution_id=contribution, person=who, now=NOON
            )
        )
        by = who if own else ANNA
        filled = self.done(
            lambda tx: dreams.fill(tx, self.scene, contribution, part_id=part, named=named, person=by, now=NOON)
        )
        assert (filled is None) == (len(self.standing) >= 6)
        if filled is None:
            return
        asked = USES if named or not own else USES[:1]
        self.parts[part] = Part(contribution, who, words, dict.fromkeys(asked, "give" if own else "ask"))
        self.standing.append(part)

    @rule(data=st.data())
    def change_an_answer(self, data: st.DataObject) -> None:
        """Somebody answers what they are asked, or comes back on what they said."""
        part_id = data.draw(st.sampled_from(list(self.parts)))
        part = self.parts[part_id]
        use = data.draw(st.sampled_from(list(part.answers)))
        answer = data.draw(st.sampled_from(NEXT[part.answers[use]]))
        asked = consent_id("scene-part", part_id, part.contributor, use)

        async def say(tx: Transaction) -> Any:
            if answer == "give":
                return await consenting.give_consent(tx, asked, person=part.contributor, subject_version=1, now=NOON)
            say_no = consenting.decline_consent if answer == "decline" else consenting.withdraw_consent
            return await say_no(tx, asked, person=part.contributor, now=NOON)

        said = self.done(say)
        assert said is not None or part_id not in self.standing
        if said is not None:
            part.answers[use] = answer
            self._taken_back()

    @precondition(lambda self: any(not part.gone for part in self.parts.values()))
    @rule(data=st.data())
    def take_contribution_back(self, data: st.DataObject) -> None:
        part_id = data.draw(st.sampled_from([one for one, part in self.parts.items() if not part.gone]))
        part = self.parts[part_id]
        back = self.done(lambda tx: withdrawing.withdraw(tx, part.contribution, person=part.contributor, now=NOON))
        assert back is not None
        part.gone = True
        self._taken_back()

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        part_id = data.draw(st.sampled_from(self.standing))
        assert self.done(lambda tx: dreams.clear(tx, part_id, person=ANNA, now=NOON)) is not None
        self.standing.remove(part_id)

    def _taken_back(self) -> None:
        if self.published is not None:
            self.published.parts = {
                part: named and self.parts[part].named
                for part, named in self.published.parts.items()
                if self.parts[part].agreed
            }

    @rule()
    def ask_render(self) -> None:
        made = self.done(lambda tx: renders.ask_render(tx, self.dream, render_id=uuid4(), person=ANNA, now=NOON))
        if made is not None:
            lit = {one: self.parts[one].named for one in self.standing if self.parts[one].agreed}
            assert lit, "a film of nothing"
            self.versions[made["dreamVersion"]] = lit

    @rule()
    def claim(self) -> None:
        """A process takes what waits first; it is the one that had it before, and is late."""
        self.job = self.done(lambda tx: filming.claim(tx, uuid4(), lease_s=-1.0, now=NOON)) or self.job

    @precondition(lambda self: self.job)
    @rule()
    def finish(self) -> None:
        assert self.job is not None
        self.done(lambda tx: self._bring(tx, self.job))  # type: ignore[arg-type]
        self.job = None

    async def _bring(self, tx: Transaction, job: Job) -> bool:
        """What a process does at the end of a render."""
        files = ids_of(job.version.render_id)
        for media_id in files.values():
            await tx.execute(KEEP_FILE + " on conflict do nothing", media_id, NOON)
        return await filming.finish(tx, job.claim, Film(12.0, "0" * 64, {}), files, now=NOON)

    @rule()
    def publish_the_newest(self) -> None:
        """Initiators make a version, a process its film, and they publish it, where all that may be."""
        self.ask_render()
        self.all_films_are_made()
        number = max(self.versions, default=1)
        if self.done(lambda tx: renders.publish(tx, self.dream, number, person=ANNA, now=NOON)) is not None:
            shown = {UUID(one["id"]): one["named"] for one in self._lit(number)}
            assert shown == {one: named for one, named in self.versions[number].items() if one in shown}
            assert all(self.parts[part].agreed for part in shown)
            self.published = Published(shown)

    @rule()
    def all_films_are_made(self) -> None:
        """Once nothing waits, what is published is what initiators published, less what was taken back."""
        while (job := self.done(lambda tx: filming.claim(tx, uuid4(), lease_s=60.0, now=NOON))) is not None:
            self.done(lambda tx, job=job: self._bring(tx, job))  # type: ignore[misc]
        self.job = None
        statuses = dict(self._rows("select number, status from dream_versions where dream_id = $1"))
        if self.published is None:
            assert "published" not in statuses.values()
        elif standing := [number for number, status in statuses.items() if status == "published"]:
            [number] = standing
            assert {UUID(one["id"]): one["named"] for one in self._lit(number)} == self.published.parts
        else:
            assert "failed" in statuses.values(), "a published film vanished and none took its place"

    @invariant()
    def nothing_is_shown_that_nobody_agrees_to(self) -> None:
        if not hasattr(self, "dream"):
            return
        seen = self._rows("select number, status from dream_versions where dream_id = $1 and files is not null")
        for number, status in seen:
            if status not in ("rendered", "published"):
                continue
            for part in self._lit(number):
                known = self.parts[UUID(part["id"])]
                assert known.agreed
                assert known.named or not part["named"]
        for (page,) in self.loop.run(
            self.there.rows(f"select {ON_PAGE}::text from initiatives i where i.id = $1", self.initiative)
        ):
            said = {part["words"] for scene in json.loads(page)["text"] for part in scene["parts"]}
            assert said <= {part.words for part in self.parts.values() if part.agreed}

    @invariant()
    def files_are_there_for_films_that_may_be_seen_and_for_no_others(self) -> None:
        if not hasattr(self, "dream"):
            return
        rows = self._rows(
            "select render_id, status in ('rendered', 'published') from dream_versions where dream_id = $1"
        )
        for render_id, to_see in rows:
            kept = self.loop.run(self.there.rows("select id from media where id = any($1::uuid[])", _ids(render_id)))
            assert len(kept) == (5 if to_see else 0)

    def _lit(self, number: int) -> list[dict[str, Any]]:
        [(parts,)] = self._rows("select parts from dream_versions where dream_id = $1 and number = $2", number)
        return [part for part in json.loads(parts) if part["light"] == "lit"]

    def _rows(self, statement: str, *arguments: Any) -> list[Any]:
        return self.loop.run(self.there.rows(statement, self.dream, *arguments))


def _ids(render_id: UUID) -> list[UUID]:
    return list(ids_of(render_id).values())


def test_no_film_ever_shows_what_nobody_agrees_to(make_database: MakeDatabase) -> None:
    with asyncio.Runner() as loop:
        service = running(SERVICE, make_database("initiatives"), settings={"support_threshold": THRESHOLD})
        there = loop.run(service.__aenter__())
        try:
            Dreaming.there, Dreaming.loop = Initiatives(there.runtime, there.client), loop
            run_state_machine_as_test(
                Dreaming,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=20,
                    deadline=None,
                    phases=[Phase.explicit, Phase.reuse, Phase.generate],
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
                ),
            )
        finally:
            loop.run(service.__aexit__(None, None, None))
