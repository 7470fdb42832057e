"""Visits of the council against a model that knows only hours on a clock, names and sets: nothing of ours.

Each step goes through the commands into a real database, and timers are fired by the same clock; the model says
beforehand what must come of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
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
from presence.commands import members, promises, visits
from presence.domain import members as members_domain
from presence.domain.members import Kind, Member
from presence.domain.promises import LetGoReason
from presence.domain.visits import CancelReason, DeclineReason, Plan, Visit
from presence.timers import HANDLERS

START = datetime(2026, 5, 1, tzinfo=UTC)
PEOPLE = ("ina", "ivo", "kees", "kim", "lena", "mo", "anna")
CARRIES = {"pond": {"ina", "ivo"}, "swing": {"ina"}, "bench": {"ivo"}}
FIRST = {
    "kees": ("core", 24 * 200),
    "kim": ("core", 24 * 12),
    "lena": ("inspirator", 24 * 200),
    "mo": ("inspirator", 24 * 8),
}
"""Who is in the council at the start, and until which hour."""
IDS = {name: uuid4() for name in (*PEOPLE, *CARRIES, "otto")}
WEEK = 7 * 24
Done = TypeVar("Done")

anyone = st.sampled_from(PEOPLE)
council = st.sampled_from(["kees", "kees", "kees", "kim", "lena", "mo", "anna", "ina"])
latest = st.integers(0, 2)


@dataclass
class Seat:
    """A membership in the model."""

    id: UUID
    who: str
    kind: str
    until: int
    ended: bool = False


@dataclass
class Trip:
    """A visit in the model; times are hours since the start."""

    id: UUID
    where: str
    by: str
    status: str = "invited"
    begins: int = 0
    ends: int = 0
    seats: set[UUID] = field(default_factory=set)
    steps: int = 1

    @property
    def takes_time(self) -> bool:
        return self.status in {"accepted", "visited", "reported"}


@dataclass
class Word:
    """A promise in the model, with what must have been told of it."""

    id: UUID
    seat: Seat
    made: int
    due: int
    status: str = "open"
    told: Counter[str] = field(default_factory=lambda: Counter({"council-promise-made": 1}))


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


class Visits(RuleBasedStateMachine):
    run: Callable[[Coroutine[Any, Any, None]], None]
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.hour = 0
        self.seats: list[Seat] = []
        self.trips: list[Trip] = []
        self.words: list[Word] = []
        type(self).run(self.empty())
        for who, (kind, until) in FIRST.items():
            self.joins(who, kind, until)

    async def empty(self) -> None:
        async with self.database.transaction() as tx:
            for table in (
                "council_promises",
                "visiting",
                "visits",
                "council_members",
                "initiatives",
                "timers",
                "outbox",
            ):
                await tx.execute(f"delete from {table}")
            for name, carriers in CARRIES.items():
                await tx.execute(
                    "insert into initiatives (id, title, status, initiators) values ($1, $2, 'under-way', $3)",
                    IDS[name],
                    name,
                    [IDS[one] for one in carriers],
                )

    def outcome(self, command: Callable[[Transaction], Awaitable[Done]]) -> Done | str:
        """Run a command; what came of it, or the code of the refusal."""
        outcome: list[Done | str] = []

        async def run() -> None:
            try:
                async with self.database.transaction() as tx:
                    outcome.append(await command(tx))
            except Rejected as refusal:
                outcome.append(refusal.code)

        type(self).run(run())
        return outcome[-1]

    def joins(self, who: str, kind: str, until: int) -> None:
        """Somebody is asked, by the operator or by kees, and says yes."""
        by, operator = (IDS["otto"], True) if kind == "core" else (IDS["kees"], False)
        asked = Member(uuid4(), IDS[who], Kind(kind), (), by, at(0), at(until))

        async def join(tx: Transaction) -> Member:
            await members.invite_member(tx, asked, operator=operator, now=at(self.hour))
            decide = lambda member: members_domain.accept(member, IDS[who], at(self.hour))  # noqa: E731
            return await members.change_member(tx, asked.id, decide)

        assert isinstance(self.outcome(join), Member)
        self.seats.append(Seat(asked.id, who, kind, until))

    def seat(self, who: str) -> Seat | None:
        """The seat somebody has now."""
        return next((seat for seat in self.seats if seat.who == who and self.serves(seat)), None)

    def serves(self, seat: Seat) -> bool:
        return not seat.ended and self.hour < seat.until

    def busy(self, trip: Trip, seats: set[UUID], begins: int, ends: int) -> bool:
        """Tell whether one of these is at another visit then."""
        return any(
            other.takes_time
            and other is not trip
            and other.seats & seats
            and other.begins < ends
            and begins < other.ends
            for other in self.trips
        )

    def expect(self, outcome: object, code: str | None) -> bool:
        """Tell whether it was done, having seen that it was refused as it should be where it was not."""
        if code:
            assert outcome == code
        else:
            assert not isinstance(outcome, str), outcome
        return code is None

    @rule(hours=st.sampled_from([1, 1, 2, 5, 24, 60, 130, 200]))
    def time_passes(self, hours: int) -> None:
        self.hour += hours
        fired = 0

        async def fire() -> None:
            nonlocal fired
            fired = await fire_due(self.database, HANDLERS, at(self.hour))
            assert await fire_due(self.database, HANDLERS, at(self.hour)) == 0

        type(self).run(fire())
        for word in self.words:
            recall = word.due - WEEK
            if word.status != "open":
                continue
            if self.hour >= word.due:
                word.status = "due"
                word.told["council-promise-due"] += 1
            elif word.made < recall <= self.hour:
                word.told["council-promise-reminded"] = 1

    @rule(who=st.sampled_from(["lena", "mo", "anna"]), days=st.integers(1, 30))
    def somebody_new_joins(self, who: str, days: int) -> None:
        if self.seat(who) is None and self.seat("kees") is not None:
            self.joins(who, "inspirator", self.hour + 24 * days)

    @rule(who=st.sampled_from(["kim", "lena", "mo"]))
    def somebody_leaves(self, who: str) -> None:
        seat = self.seat(who)
        if seat is not None:
            decide = lambda member: members_domain.resign(member, IDS[who])  # noqa: E731
            assert isinstance(self.outcome(lambda tx: members.change_member(tx, seat.id, decide)), Member)
            seat.ended = True

    @rule(who=st.sampled_from(["ina", "ina", "ivo", "kees"]), where=st.sampled_from(sorted(CARRIES)))
    def invite(self, who: str, where: str) -> None:
        asked = Visit(uuid4(), IDS[where], IDS[who], "Kom kijken!")
        code = None
        if who not in CARRIES[where]:
            code = "not-an-initiator"
        elif any(trip.where == where and trip.status in {"invited", "accepted"} for trip in self.trips):
            code = "visit-open"
        outcome = self.outcome(lambda tx: visits.invite_council(tx, asked, now=at(self.hour)))
        if self.expect(outcome, code):
            self.trips.append(Trip(asked.id, where, who))

    @precondition(lambda self: self.trips)
    @rule(
        number=latest,
        who=council,
        offset=st.sampled_from([-2, 0, 1, 1, 2, 3, 30]),
        length=st.sampled_from([-1, 1, 2, 3, 25]),
        others=st.sets(st.sampled_from(["kees", "kim", "lena", "mo"]), min_size=1),
    )
    def accept(self, number: int, who: str, offset: int, length: int, others: set[str]) -> None:
        trip = self.trips[-1 - number % len(self.trips)]
        begins = self.hour + offset
        ends = begins + length
        newest = {seat.who: seat for seat in self.seats}
        seats = {newest[other].id for other in others}
        code = None
        if self.seat(who) is None:
            code = "not-a-member"
        elif trip.status not in {"invited", "accepted"}:
            code = "illegal-visit-accept"
        elif (trip.begins, trip.ends) != (begins, ends) and length < 1:
            code = "ends-before-start"
        elif (trip.begins, trip.ends) != (begins, ends) and offset < 0:
            code = "starts-in-the-past"
        elif (trip.begins, trip.ends) != (begins, ends) and length > 24:
            code = "too-long"
        elif not all(self.serves(newest[other]) for other in others):
            code = "member-not-serving"
        elif self.busy(trip, seats, begins, ends):
            code = "member-elsewhere"
        plan = Plan(at(begins), at(ends), None, tuple(seats))
        outcome = self.outcome(lambda tx: visits.accept_visit(tx, trip.id, plan, person=IDS[who], now=at(self.hour)))
        if self.expect(outcome, code):
            trip.status, trip.begins, trip.ends, trip.seats = "accepted", begins, ends, seats
            trip.steps += 1

    @precondition(lambda self: self.trips)
    @rule(number=latest, who=council)
    def decline(self, number: int, who: str) -> None:
        trip = self.trips[-1 - number % len(self.trips)]
        code = None
        if self.seat(who) is None:
            code = "not-a-member"
        elif trip.status != "invited":
            code = "illegal-visit-decline"
        outcome = self.outcome(
            lambda tx: visits.decline_visit(
                tx, trip.id, DeclineReason.OTHER, "Nee.", person=IDS[who], now=at(self.hour)
            )
        )
        if self.expect(outcome, code):
            trip.status, trip.steps = "declined", trip.steps + 1

    @precondition(lambda self: self.trips)
    @rule(number=latest, who=anyone)
    def cancel(self, number: int, who: str) -> None:
        trip = self.trips[-1 - number % len(self.trips)]
        seat = self.seat(who)
        code = None
        if who not in CARRIES[trip.where] and (seat is None or seat.id not in trip.seats):
            code = "not-your-visit"
        elif trip.status not in {"invited", "accepted"}:
            code = "illegal-visit-cancel"
        outcome = self.outcome(
            lambda tx: visits.cancel_visit(tx, trip.id, CancelReason.OTHER, person=IDS[who], now=at(self.hour))
        )
        if self.expect(outcome, code):
            trip.status, trip.steps = "cancelled", trip.steps + 1

    @precondition(lambda self: self.trips)
    @rule(number=latest, who=council, others=st.sets(st.sampled_from(["kees", "lena", "mo"]), min_size=1))
    def visited(self, number: int, who: str, others: set[str]) -> None:
        trip, seat = self.trips[-1 - number % len(self.trips)], self.seat(who)
        newest = {one.who: one for one in self.seats}
        seats = {newest[other].id for other in others}
        code = None
        if seat is None:
            code = "not-a-member"
        elif seat.id not in trip.seats:
            code = "not-your-visit"
        elif trip.status != "accepted":
            code = "illegal-visit-visit"
        elif self.hour < trip.begins:
            code = "too-early"
        elif not all(self.serves(newest[other]) or newest[other].id in trip.seats for other in others):
            code = "member-not-serving"
        elif self.busy(trip, seats, trip.begins, trip.ends):
            code = "member-elsewhere"
        outcome = self.outcome(
            lambda tx: visits.say_visited(tx, trip.id, list(seats), person=IDS[who], now=at(self.hour))
        )
        if self.expect(outcome, code):
            trip.status, trip.seats, trip.steps = "visited", seats, trip.steps + 1

    @rule(where=st.sampled_from(sorted(CARRIES)), days=st.integers(0, 20))
    def a_whole_visit(self, where: str, days: int) -> None:
        """All that leads to a promise, where chance alone seldom comes."""
        self.invite(min(CARRIES[where]), where)
        self.accept(0, "kees", 1, 2, {"kees", "lena"})
        self.time_passes(1)
        self.visited(0, "kees", {"kees"})
        self.promise(0, "kees", days)

    @precondition(lambda self: self.trips)
    @rule(number=latest, who=council)
    def report(self, number: int, who: str) -> None:
        trip, seat = self.trips[-1 - number % len(self.trips)], self.seat(who)
        code = None
        if seat is None:
            code = "not-a-member"
        elif seat.id not in trip.seats:
            code = "not-your-visit"
        elif trip.status != "visited":
            code = "illegal-visit-report"
        outcome = self.outcome(lambda tx: visits.report_visit(tx, trip.id, "Mooi.", person=IDS[who], now=at(self.hour)))
        if self.expect(outcome, code):
            trip.status, trip.steps = "reported", trip.steps + 1

    @precondition(lambda self: self.trips)
    @rule(number=latest, who=council, days=st.integers(-1, 20))
    def promise(self, number: int, who: str, days: int) -> None:
        trip, seat = self.trips[-1 - number % len(self.trips)], self.seat(who)
        day = self.hour // 24 + days
        due = day * 24 + 22
        code = None
        if seat is None:
            code = "not-a-member"
        elif seat.id not in trip.seats:
            code = "not-your-visit"
        elif trip.status not in {"visited", "reported"}:
            code = "not-visited"
        elif due <= self.hour:
            code = "due-in-the-past"
        promise_id = uuid4()
        outcome = self.outcome(
            lambda tx: promises.make_promise(
                tx, trip.id, promise_id, "Een bankje.", at(day * 24).date(), person=IDS[who], now=at(self.hour)
            )
        )
        if self.expect(outcome, code):
            assert seat is not None
            self.words.append(Word(promise_id, seat, self.hour, due))

    @precondition(lambda self: self.words)
    @rule(number=latest, who=council, keeps=st.booleans())
    def settle(self, number: int, who: str, keeps: bool) -> None:
        word, seat = self.words[-1 - number % len(self.words)], self.seat(who)
        left = not self.serves(word.seat)
        code = None
        if seat is None:
            code = "not-a-member"
        elif who != word.seat.who and not (left and seat.kind == "core"):
            code = "not-your-promise"
        elif word.status not in {"open", "due"}:
            code = f"illegal-promise-{'keep' if keeps else 'let-go'}"
        now = at(self.hour)
        if keeps:
            outcome = self.outcome(lambda tx: promises.keep_promise(tx, word.id, None, person=IDS[who], now=now))
        else:
            outcome = self.outcome(
                lambda tx: promises.let_go(tx, word.id, LetGoReason.NOT_POSSIBLE, "Nee.", person=IDS[who], now=now)
            )
        if self.expect(outcome, code):
            word.status = "kept" if keeps else "let-go"
            word.told[f"council-promise-{word.status}"] += 1

    def read(self, statement: str) -> list[Any]:
        rows: list[Any] = []

        async def read() -> None:
            async with self.database.transaction() as tx:
                rows.extend(await tx.fetch(statement))

        type(self).run(read())
        return rows

    @invariant()
    def the_visits_are_those_of_the_model(self) -> None:
        rows = self.read(
            "select id, status, member_ids,"
            " (select array_agg(member_id) from visiting where visit_id = visits.id) as held,"
            " (select array_agg((headers::json ->> 'ce_sequence')::int order by outbox.id) from outbox"
            " where key = visits.id::text and topic = 'presence.visit') as versions from visits"
        )
        stored = {
            row["id"]: (row["status"], set(row["member_ids"]), set(row["held"] or ()), row["versions"]) for row in rows
        }
        assert stored == {
            trip.id: (trip.status, trip.seats, trip.seats if trip.takes_time else set(), list(range(1, trip.steps + 1)))
            for trip in self.trips
        }

    @invariant()
    def every_promise_rang_exactly_when_and_as_often_as_it_should(self) -> None:
        rows = self.read(
            "select id, status, (select array_agg(split_part(headers::json ->> 'ce_type', '.', 4)) from outbox"
            " where key = council_promises.id::text and topic = 'presence.promise') as told from council_promises"
        )
        assert {row["id"]: (row["status"], Counter(row["told"])) for row in rows} == {
            word.id: (word.status, word.told) for word in self.words
        }

    @invariant()
    def nobody_is_told_the_same_twice(self) -> None:
        [(doubled,)] = self.read(
            "select count(*) from (select key from outbox where topic = 'presence.notice'"
            " group by key having count(*) > 1) as doubled"
        )
        assert doubled == 0

    @invariant()
    def the_clock_waits_for_what_is_open_and_nothing_else(self) -> None:
        rows = self.read("select kind, ref from timers")
        expected = {("council-term", seat.id) for seat in self.seats if self.serves(seat)}
        for word in self.words:
            if word.status == "open":
                expected.add(("council-promise-due", word.id))
                if self.hour < word.due - WEEK:
                    expected.add(("council-promise-reminder", word.id))
        assert {tuple(row) for row in rows} == expected


def test_members_visit_and_promise_as_the_model_says_whatever_is_asked(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    outbox = Outbox(source="urn:test:presence", schemas_url="http://schemas.test")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(presence)))
        database = runner.run(Database(urls.application, outbox, size=1).__aenter__())
        Visits.run, Visits.database = runner.run, database
        try:
            run_state_machine_as_test(
                Visits,
                settings=settings(max_examples=35, stateful_step_count=40, deadline=None, phases=[Phase.generate]),
            )
        finally:
            runner.run(database.__aexit__(None, None, None))
