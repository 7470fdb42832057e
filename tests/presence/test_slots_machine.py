"""Presence slots against a model that knows only minutes on a clock: intervals per officer, nothing of ours.

Timers fire on the same clock: at times late, and then all that was due happens at once.
Each step goes through the commands into a real database; the model says beforehand what must come of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.conftest import MakeDatabase

import presence
from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Rejected
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.outbox import Outbox
from dorpsplein.timers import fire_due
from presence.commands import places, slots
from presence.domain import slots as domain
from presence.domain.places import Place
from presence.timers import HANDLERS

START = datetime(2026, 5, 1, tzinfo=UTC)
SOON = st.integers(-10, 90)
RARELY = st.sampled_from([False] * 5 + [True])
OFFICERS = 2


@dataclass
class Planned:
    """One slot of the model; times are minutes since the start."""

    id: UUID
    officer: int
    begins: int
    ends: int
    status: str = "planned"
    steps: int = 1

    @property
    def takes_time(self) -> bool:
        return self.status in {"planned", "arrived"}


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


class Slots(RuleBasedStateMachine):
    run: Callable[[Coroutine[Any, Any, None]], None]
    database: Database
    place: UUID

    def __init__(self) -> None:
        super().__init__()
        self.minute = 0
        self.slots: list[Planned] = []
        self.officers = [uuid4() for _ in range(OFFICERS)]
        type(self).run(self.empty())

    async def empty(self) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(
                "with slots as (delete from presence_slots), timers as (delete from timers) delete from outbox"
            )

    def outcome(self, command: Callable[[Transaction], Awaitable[domain.Slot]]) -> domain.Slot | str:
        """Run a command; the slot, or the code of the refusal."""
        outcome: list[domain.Slot | str] = []

        async def run() -> None:
            try:
                async with self.database.transaction() as tx:
                    outcome.append(await command(tx))
            except Rejected as refusal:
                outcome.append(refusal.code)

        type(self).run(run())
        return outcome[-1]

    @rule(minutes=st.integers(1, 45))
    def time_passes(self, minutes: int) -> None:
        self.minute += minutes

    @rule()
    def timers_fire(self) -> None:
        type(self).run(self.fire())
        for slot in self.slots:
            if slot.status == "planned" and self.minute >= slot.ends:
                slot.status, slot.steps = "missed", slot.steps + 1
            elif slot.status == "arrived" and self.minute >= slot.ends + 60:
                slot.status, slot.steps = "left", slot.steps + 1

    async def fire(self) -> None:
        await fire_due(self.database, HANDLERS, at(self.minute))

    @rule(officer=st.integers(0, OFFICERS - 1), offset=SOON, length=st.integers(-5, 60))
    def announce(self, officer: int, offset: int, length: int) -> None:
        begins = self.minute + offset
        ends = begins + length
        occupied = self.occupied(officer)
        command = domain.Announce(uuid4(), self.officers[officer], self.place, at(begins), at(ends))
        outcome = self.outcome(lambda tx: slots.announce_presence(tx, command, now=at(self.minute)))
        if length <= 0:
            assert outcome == "ends-before-start"
        elif offset < -5:
            assert outcome == "starts-in-the-past"
        elif occupied & set(range(begins, ends)):
            assert outcome == "slots-overlap"
        else:
            assert isinstance(outcome, domain.Slot), outcome
            self.slots.append(Planned(outcome.id, officer, begins, ends))

    def occupied(self, officer: int, but: Planned | None = None) -> set[int]:
        """The minutes in which an officer is announced somewhere."""
        return {
            minute
            for slot in self.slots
            if slot.officer == officer and slot.takes_time and slot is not but
            for minute in range(slot.begins, slot.ends)
        }

    @precondition(lambda self: self.slots)
    @rule(
        latest=st.integers(0, 3), offset=SOON, length=st.integers(-5, 60), other=st.sampled_from([False] * 5 + [True])
    )
    def move(self, latest: int, offset: int, length: int, other: bool) -> None:
        slot = self.slots[-1 - latest % len(self.slots)]
        begins = self.minute + offset
        ends = begins + length
        decide: slots.Decide = partial(domain.move, to=domain.Move(None, at(begins), at(ends)))
        outcome = self.changed(slot, decide, other)
        if other:
            assert outcome == "not-your-slot"
        elif slot.status != "planned":
            assert outcome == "slot-not-planned"
        elif self.minute >= slot.ends:
            assert outcome == "slot-is-over"
        elif (begins, ends) == (slot.begins, slot.ends):
            assert isinstance(outcome, domain.Slot), outcome
        elif length <= 0:
            assert outcome == "ends-before-start"
        elif offset < -5:
            assert outcome == "starts-in-the-past"
        elif self.occupied(slot.officer, but=slot) & set(range(begins, ends)):
            assert outcome == "slots-overlap"
        else:
            assert isinstance(outcome, domain.Slot), outcome
            slot.begins, slot.ends, slot.steps = begins, ends, slot.steps + 1

    @precondition(lambda self: self.slots)
    @rule(latest=st.integers(0, 3), into=st.integers(-40, 70), other=RARELY)
    def claim(self, latest: int, into: int, other: bool) -> None:
        """An arrival some minutes into a slot, told now."""
        slot = self.slots[-1 - latest % len(self.slots)]
        outcome = self.changed(slot, partial(domain.claim, claimed_at=at(slot.begins + into)), other)
        claimed = min(slot.begins + into, self.minute)
        over = slot.status == "missed" or self.minute >= slot.ends
        if other:
            assert outcome == "not-your-slot"
        elif slot.status not in {"planned", "missed"}:
            assert outcome == "slot-not-planned"
        elif claimed < slot.begins - 30:
            assert outcome == "too-early"
        elif claimed >= slot.ends:
            assert outcome == "slot-is-over"
        elif not over and self.is_elsewhere(slot):
            assert outcome == "still-elsewhere"
        else:
            assert isinstance(outcome, domain.Slot), outcome
            slot.status, slot.steps = ("left", slot.steps + 2) if over else ("arrived", slot.steps + 1)

    def changed(self, slot: Planned, decide: slots.Decide, other: bool) -> domain.Slot | str:
        by = self.officers[(slot.officer + other) % OFFICERS]
        return self.outcome(lambda tx: slots.change_slot(tx, slot.id, by, decide, now=at(self.minute)))

    def is_elsewhere(self, slot: Planned) -> bool:
        return any(other.officer == slot.officer and other.status == "arrived" for other in self.slots)

    @precondition(lambda self: self.slots)
    @rule(
        latest=st.integers(0, 3),
        step=st.sampled_from(["arrived", "arrived", "arrived", "left", "cancelled"]),
        other=RARELY,
    )
    def change(self, latest: int, step: str, other: bool) -> None:
        slot = self.slots[-1 - latest % len(self.slots)]
        steps: dict[str, slots.Decide]
        steps = {"arrived": domain.arrive, "left": domain.leave, "cancelled": domain.cancel}
        outcome = self.changed(slot, steps[step], other)
        expected = "not-your-slot" if other else self.refusal(slot, step)
        if expected:
            assert outcome == expected
        else:
            assert isinstance(outcome, domain.Slot), outcome
            slot.status, slot.steps = step, slot.steps + 1

    @precondition(lambda self: self.slots)
    @rule(length=st.integers(10, 60))
    def go_on_to_the_next_place(self, length: int) -> None:
        """Whether or not the officer has left the last one, or was ever there."""
        last = self.slots[-1]
        self.announce(last.officer, max(0, last.ends - self.minute), length)
        self.time_passes(max(1, last.ends - self.minute - 20))
        self.change(0, "arrived", other=False)

    def refusal(self, slot: Planned, step: str) -> str | None:
        """Why the step cannot be taken, if it cannot."""
        needed = "arrived" if step == "left" else "planned"
        if slot.status != needed:
            return f"slot-not-{needed}"
        if step == "left":
            return None
        if step == "arrived" and self.minute < slot.begins - 30:
            return "too-early"
        if self.minute >= slot.ends:
            return "slot-is-over"
        return "still-elsewhere" if step == "arrived" and self.is_elsewhere(slot) else None

    @invariant()
    def the_database_agrees(self) -> None:
        stored: dict[UUID, tuple[str, list[int]]] = {}
        rings: dict[UUID, datetime] = {}

        async def read() -> None:
            async with self.database.transaction() as tx:
                rows = await tx.fetch(
                    "select id, status, (select array_agg((headers::json ->> 'ce_sequence')::int order by outbox.id)"
                    " from outbox where key = presence_slots.id::text) as versions"
                    " from presence_slots where officer_id = any($1)",
                    self.officers,
                )
                stored.update({row["id"]: (row["status"], row["versions"]) for row in rows})
                rings.update({row["ref"]: row["due_at"] for row in await tx.fetch("select ref, due_at from timers")})

        type(self).run(read())
        assert stored == {slot.id: (slot.status, list(range(1, slot.steps + 1))) for slot in self.slots}
        late = {"planned": 0, "arrived": 60}
        assert rings == {slot.id: at(slot.ends + late[slot.status]) for slot in self.slots if slot.takes_time}


def test_an_officer_is_never_at_two_places_whatever_is_asked(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    outbox = Outbox(source="urn:test:presence", schemas_url="http://schemas.test")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(presence)))
        database = runner.run(Database(urls.application, outbox, size=1).__aenter__())
        place = Place(uuid4(), "De Goal", "Sportlaan 1", "sports-canteen", 52.0, 5.0)

        async def add() -> None:
            async with database.transaction() as tx:
                await places.add_place(tx, place)

        runner.run(add())
        Slots.run, Slots.database, Slots.place = runner.run, database, place.id
        try:
            run_state_machine_as_test(
                Slots,
                settings=settings(max_examples=60, stateful_step_count=30, deadline=None, phases=[Phase.generate]),
            )
        finally:
            runner.run(database.__aexit__(None, None, None))
