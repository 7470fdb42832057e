"""Whatever people report, decide and appeal in whatever order: what is hidden is what the public log says.

The model knows of each initiative whether it is shown, and of each decision only the moves that were let through.
"""

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import Initiatives
from tests.initiatives.moderating import about, act
from tests.support import running

from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.moderation import ContentHidden, ContentRestored
from dorpsplein.timers import fire_due
from initiatives.app import SERVICE
from initiatives.timers import HANDLERS

EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "6"))
AUTHOR = "anna"
DAYS_TO_APPEAL = 14
WHERE_IT_CAN, WHO_MAY = 2, "who may"
places = st.sampled_from([WHERE_IT_CAN, WHERE_IT_CAN, 0, 1])
moderators = st.sampled_from([WHO_MAY, WHO_MAY, "petra", "piet", "anna"])
ACTS = st.one_of(
    st.tuples(st.just("report"), st.integers(0, 1), st.sampled_from(["boris", "carla", "petra", "anna"])),
    st.tuples(st.just("decide"), places, moderators, st.booleans()),
    st.tuples(st.just("appeal"), places, st.sampled_from([AUTHOR, "boris"])),
    st.tuples(st.just("answer"), places, moderators, st.booleans()),
    st.tuples(st.just("days_go_by"), st.sampled_from([1, 13, 14])),
    st.tuples(st.just("timers_fire")),
)
"""What people may do next; mostly where it can be done, and by who may, so that much comes of it."""


HIDDEN = [("report", 0, "boris"), ("decide", 0, "petra", True)]
COURSES = [
    *HIDDEN, ("report", 0, "carla"), ("days_go_by", 13), ("appeal", 0, AUTHOR), ("timers_fire",),
    ("answer", 0, "petra", True), ("answer", 0, "piet", True), ("report", 0, "carla"), ("decide", 0, "piet", True),
    ("appeal", 0, AUTHOR), ("answer", 0, "petra", False), ("answer", 0, "paula", True), ("report", 1, "petra"),
    ("decide", 1, "petra", True), ("decide", 1, "piet", True), ("days_go_by", 14), ("appeal", 1, AUTHOR),
    ("timers_fire",), ("appeal", 1, AUTHOR),
]  # fmt: skip
"""Every way it can go, spoken out: what chance alone would come to now and then."""


@dataclass
class Hiding:
    """A decision that the model knows of."""

    by: str
    reporters: set[str]
    day: int
    status: str = "hidden"


class Square:
    """What the service does, and beside it what the model says it should have done."""

    def __init__(self, runner: asyncio.Runner, initiatives: Initiatives) -> None:
        self.runner, self.initiatives = runner, initiatives
        self.initiatives.now += timedelta(days=2)
        self.day = 0
        self.subjects = [self.run(initiatives.propose(by=AUTHOR)) for _ in range(2)]
        self.reported: list[set[str]] = [set(), set()]
        self.open: list[dict[str, str]] = [{}, {}]
        self.hidings: list[list[Hiding]] = [[], []]

    def run(self, awaited: Any) -> Any:
        return self.runner.run(awaited)

    def post(self, path: str, body: dict[str, Any], by: str) -> Any:
        return self.run(act(self.initiatives, "POST", path, body, by=by))

    def standing(self, place: int) -> Hiding | None:
        """The decision by which it is hidden now."""
        last = self.hidings[place][-1:]
        return last[0] if last and last[0].status != "restored" else None

    def report(self, place: int, by: str) -> None:
        answer = self.post("/reports", about(self.subjects[place]), by)
        possible = by != AUTHOR and by not in self.reported[place] and not self.standing(place)
        assert (answer.status_code == 201) == possible, answer.text
        if possible:
            self.reported[place].add(by)
            self.open[place][by] = answer.json()["id"]

    def decide(self, place: int, by: str, hide: bool) -> None:
        place = self.pick(place, [bool(reports) for reports in self.open])
        if not self.open[place]:
            return
        reporter, report = next(iter(self.open[place].items()))
        involved = {AUTHOR, *(self.open[place] if hide else [reporter])}
        by = next(name for name in ("petra", "piet") if name not in involved) if by == WHO_MAY else by
        answer = self.post(f"/reports/{report}/decision", {"hide": hide, "rule": "spam", "reason": "Daarom."}, by)
        assert (answer.status_code == 200) == (by not in involved), answer.text
        if by not in involved and hide:
            self.hidings[place].append(Hiding(by, set(self.open[place]), self.day))
            self.open[place].clear()
        elif by not in involved:
            del self.open[place][reporter]

    def appeal(self, place: int, by: str) -> None:
        place = self.pick(place, [self.status(n) == "hidden" for n in range(2)])

        def may(one: Hiding) -> bool:
            return by == AUTHOR and one.status == "hidden" and self.day < one.day + DAYS_TO_APPEAL

        self._on_last(place, "appeal", {"words": "Nee."}, by, may, "appealed")

    def answer(self, place: int, by: str, restore: bool) -> None:
        place = self.pick(place, [self.status(n) == "appealed" for n in range(2)])
        if not self.hidings[place]:
            return
        last = self.hidings[place][-1]
        involved = {AUTHOR, last.by, *last.reporters}
        if by == WHO_MAY:
            by = next(name for name in ("petra", "piet", "paula") if name not in involved)
        body = {"restore": restore, "reason": "Daarom."}

        def may(one: Hiding) -> bool:
            return one.status == "appealed" and by not in involved

        self._on_last(place, "outcome", body, by, may, "restored" if restore else "upheld")

    def status(self, place: int) -> str | None:
        """How the last decision about it stands."""
        return self.hidings[place][-1].status if self.hidings[place] else None

    def pick(self, place: int, possible: list[bool]) -> int:
        """The place that is meant: where it can be done, if that was asked for."""
        return possible.index(True) if place == WHERE_IT_CAN and any(possible) else place % 2

    def _on_last(self, place: int, what: str, body: dict[str, Any], by: str, may: Any, leads_to: str) -> None:
        if not self.hidings[place]:
            return
        last = self.hidings[place][-1]
        items = self.run(self.initiatives.get("/moderation/log")).json()["items"]
        decision = next(item["id"] for item in items if item["subjectId"] == self.subjects[place])
        answer = self.post(f"/moderation/decisions/{decision}/{what}", body, by)
        assert (answer.status_code == 200) == may(last), answer.text
        if may(last):
            last.status = leads_to

    def days_go_by(self, days: int) -> None:
        self.day += days
        self.initiatives.now += timedelta(days=days)

    def timers_fire(self) -> None:
        self.run(fire_due(self.initiatives.runtime.database, HANDLERS, self.initiatives.now))
        for one in (one for hidings in self.hidings for one in hidings):
            if one.status == "hidden" and self.day >= one.day + DAYS_TO_APPEAL:
                one.status = "settled"

    def compare(self) -> None:
        """The log has every hiding and how it stands, and what is hidden is what the log says."""
        items = self.run(self.initiatives.get("/moderation/log", limit=100)).json()["items"]
        hidden = {str(subject) for _, subject in self.run(self.initiatives.rows("select * from hidden"))}
        for place, subject in enumerate(self.subjects):
            lines = [item["status"] for item in items if item["subjectId"] == subject]
            assert lines[::-1] == [one.status for one in self.hidings[place]]
            assert (subject in hidden) == (self.standing(place) is not None)

    def look(self) -> None:
        """The events say the same."""
        told = self.run(self.initiatives.told())
        for place, subject in enumerate(self.subjects):
            states = [event.erased for event in told if event.subject == subject and _is_state(event)]
            assert states[-1] == (self.standing(place) is not None)
            mine = [event.event for event in told if str(getattr(event.event, "subject_id", "")) == subject]
            restored = [one.status == "restored" for one in self.hidings[place]]
            assert sum(isinstance(event, ContentHidden) for event in mine) == len(restored)
            assert sum(isinstance(event, ContentRestored) for event in mine) == sum(restored)


def _is_state(event: Any) -> bool:
    return isinstance(event.event, InitiativeState)


def test_what_is_hidden_is_what_the_log_says_whatever_happens(make_database: MakeDatabase) -> None:
    with asyncio.Runner() as runner:
        context = running(SERVICE, make_database("initiatives"))
        there = runner.run(context.__aenter__())
        initiatives = Initiatives(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: initiatives.now)
        there.runtime.database._outbox = there.runtime.outbox

        seen: set[str] = set()

        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.explicit, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @example(COURSES)
        @given(st.lists(ACTS, min_size=25, max_size=25))
        def live(acts: list[tuple[Any, ...]]) -> None:
            square = Square(runner, initiatives)
            for what, *how in acts:
                getattr(square, what)(*how)
                square.compare()
                seen.update(one.status for hidings in square.hidings for one in hidings)
            square.look()

        try:
            live()
            assert seen == {"hidden", "appealed", "upheld", "settled", "restored"}, "not every status was come to"
        finally:
            runner.run(context.__aexit__(None, None, None))
