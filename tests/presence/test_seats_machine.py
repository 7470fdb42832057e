"""Seats against a model that knows only who sits, who stands in line, and how many chairs there are.

Each step goes through the commands into a real database, several people at once in one group; the model says
beforehand what must come of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.conftest import MakeDatabase

import presence
from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Rejected
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.outbox import Outbox
from presence.commands import seats, session_timers, sessions
from presence.commands.seats import Answered
from presence.domain.seats import Holder, hash_of
from presence.domain.sessions import Session
from presence.settings import PresenceSettings

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
OPENS, STARTS, ENDS = 5, 150, 330
HOST = UUID(int=1)
PEOPLE, UNNAMED = 7, 8
"""The first have a name; the last of them show a code, which is another for every seat."""
STATUSES = {"taken", "waiting", "checked-in", "given-up"}
WHO = st.integers(0, PEOPLE - 1) | st.integers(0, PEOPLE + UNNAMED - 1)
STEPS = st.lists(
    st.tuples(WHO, st.sampled_from(["take", "take", "take", "give up", "give up", "check in"])), min_size=1, max_size=6
)


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def holder(who: int) -> Holder:
    return Holder(UUID(int=100 + who)) if who < PEOPLE else Holder(code_hash=hash_of(f"code {who}"))


class Chairs:
    """The model: who sits (and is there), who stands in line, who lost their chair by not coming."""

    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.minute = 0
        self.open = False
        self.sits: dict[int, bool] = {}
        self.line: list[int] = []
        self.lost: set[int] = set()
        self.full = False
        self.told: Counter[str] = Counter()

    def take(self, who: int) -> str:
        if who in self.sits or who in self.line:
            return self.at(who)
        if self.minute >= STARTS:
            return "session-started"
        if self.minute < OPENS and not self.open:
            return "not-open-yet"
        free = len(self.sits) < self.chairs
        if who >= PEOPLE and not free:
            return "session-full"
        if who >= PEOPLE and sum(sitter >= PEOPLE for sitter in self.sits) * 2 >= self.chairs:
            return "anonymous-seats-taken"
        self.open = True
        self.lost.discard(who)
        if free:
            self.sits[who] = False
        else:
            self.line.append(who)
        self.shuffle()
        return self.at(who)

    def give_up(self, who: int) -> str:
        if self.minute >= ENDS:
            return "session-over"
        if self.at(who) in {"checked-in", "no-show"}:
            return "illegal-seat-give-up"
        if who in self.line:
            self.line.remove(who)
        else:
            del self.sits[who]
        self.shuffle()
        return "given-up"

    def check_in(self, who: int) -> str:
        if self.minute >= ENDS:
            return "session-over"
        if self.minute < STARTS - 30:
            return "too-early"
        if who not in self.sits:
            if who >= PEOPLE and who not in self.lost:
                return "seat-code-unknown"
            if who in self.line or len(self.sits) >= self.chairs:
                return "session-full"
            self.lost.discard(who)
        self.sits[who] = True
        self.shuffle()
        return "checked-in"

    def shuffle(self) -> None:
        """The line moves as far as there are chairs."""
        moves = self.line[: self.chairs - len(self.sits)]
        self.line = self.line[len(moves) :]
        self.sits |= dict.fromkeys(moves, False)
        self.told += Counter(moved=1 if moves else 0, notices=sum(who < PEOPLE for who in moves))
        full = len(self.sits) == self.chairs
        if self.open and full != self.full:
            self.told["filled" if full else "reopened"] += 1
            self.full = full

    def at(self, who: int) -> str:
        if who in self.sits:
            return "checked-in" if self.sits[who] else "taken"
        return "waiting" if who in self.line else "no-show" if who in self.lost else ""


class Seats(RuleBasedStateMachine):
    run: Callable[[Coroutine[Any, Any, None]], None]
    database: Database
    settings: PresenceSettings

    def outcome(self, command: Callable[[Transaction], Awaitable[Any]]) -> Any:
        """What a command answers, or the code of its refusal."""
        outcome: list[Any] = []

        async def run() -> None:
            try:
                async with self.database.transaction() as tx:
                    outcome.append(await command(tx))
            except Rejected as refusal:
                outcome.append(refusal.code)

        type(self).run(run())
        return outcome[-1]

    @initialize(chairs=st.integers(1, 4))
    def announce(self, chairs: int) -> None:
        self.model = Chairs(chairs)
        self.ids: dict[int, UUID] = {}
        self.session = Session(
            uuid4(), HOST, "creative-lab", "?", at(STARTS), at(ENDS), capacity=chairs, opens_at=at(OPENS)
        )
        asked = sessions.announce_session

        async def fresh(tx: Transaction) -> Session:
            await tx.execute("with s as (delete from seats), t as (delete from timers) delete from outbox")
            return await asked(tx, self.session, self.settings, now=at(0))

        assert isinstance(self.outcome(fresh), Session)

    @rule(minutes=st.integers(1, 25))
    def time_passes(self, minutes: int) -> None:
        self.model.minute += minutes

    @rule(steps=STEPS)
    def people_come_and_go(self, steps: list[tuple[int, str]]) -> None:
        """Several at once; nobody can give up a seat before they were answered that it is theirs."""
        now = at(self.model.minute)
        asked, expected, finally_at = [], [], []
        new: set[UUID] = set()
        for who, step in steps:
            if step == "take" and who >= PEOPLE and who in self.ids:
                continue
            if step == "give up":
                if self.model.at(who) == "" or self.ids[who] in new:
                    continue
                asked.append(seats.give_up(self.ids[who], holder(who), now))
                expected.append(self.model.give_up(who))
            else:
                fresh, before = uuid4(), self.model.at(who)
                ask = seats.take if step == "take" else seats.check_in
                asked.append(ask(self.session.id, fresh, holder(who), now))
                expected.append(self.model.take(who) if step == "take" else self.model.check_in(who))
                came_back = before == "no-show" and step == "take" and self.model.at(who) != "no-show"
                if came_back or (before == "" and self.model.at(who)):
                    self.ids[who] = fresh
                    new.add(fresh)
            finally_at.append((who, self.ids.get(who)))
        if not asked:
            return
        answers = self.outcome(lambda tx: seats.change_seats(tx, asked))
        for answer, code, (who, seat_id) in zip(answers, expected, finally_at, strict=True):
            if code not in STATUSES:
                assert isinstance(answer, Rejected), (code, answer)
                assert answer.code == code
                continue
            assert isinstance(answer, Answered), (code, answer)
            if answer.seat.id == seat_id == self.ids.get(who):
                there = self.model.at(who)
                assert answer.seat.status == (there or "given-up"), (code, who)
                assert answer.position == (self.model.line.index(who) + 1 if there == "waiting" else None)

    @rule(people=st.permutations(range(PEOPLE)))
    def everybody_comes_at_once(self, people: list[int]) -> None:
        self.people_come_and_go([(who, "take") for who in people])

    @rule(most=st.integers(2, 4))
    def those_who_sit_leave_together(self, most: int) -> None:
        self.people_come_and_go([(who, "give up") for who in [*self.model.sits][:most]])

    @rule(chairs=st.integers(1, 6))
    def there_are_more_or_fewer_chairs(self, chairs: int) -> None:
        answer = self.outcome(
            lambda tx: seats.resize(tx, self.session.id, chairs, HOST, self.settings, now=at(self.model.minute))
        )
        if chairs < len(self.model.sits):
            assert answer == "capacity-below-taken"
        else:
            assert isinstance(answer, Session)
            self.model.chairs = chairs
            self.model.shuffle()

    @rule(kind=st.sampled_from(["opens", "no-shows"]))
    def a_timer_fires(self, kind: str) -> None:
        now, model = at(self.model.minute), self.model
        if kind == "opens":
            self.outcome(lambda tx: session_timers.open_due(tx, [self.session.id], now))
            model.open = model.open or model.minute >= OPENS
        elif model.minute >= STARTS:
            self.outcome(lambda tx: session_timers.lose_no_shows(tx, [self.session.id], now))
            gone = {who for who, there in model.sits.items() if not there}
            model.lost |= gone
            model.sits = {who: True for who in model.sits if who not in gone}
        model.shuffle()

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        rows = self.outcome(
            lambda tx: tx.fetch(
                "select person_id, code_hash, status from seats where session_id = $1 and status <> 'given-up'"
                " order by number",
                self.session.id,
            )
        )
        names = {(holder(who).person_id, holder(who).code_hash): who for who in range(PEOPLE + UNNAMED)}
        stored = [(names[row["person_id"], row["code_hash"]], row["status"]) for row in rows]
        sitting = {who: status == "checked-in" for who, status in stored if status in {"taken", "checked-in"}}
        assert sitting == self.model.sits
        assert len(sitting) <= self.model.chairs
        assert [who for who, status in stored if status == "waiting"] == self.model.line
        session = self.outcome(lambda tx: tx.fetchrow("select * from sessions where id = $1", self.session.id))
        assert (session["taken"], session["waiting"]) == (len(self.model.sits), len(self.model.line))
        assert session["status"] == ("full" if self.model.full else "open" if self.model.open else "announced")
        told = self.outcome(lambda tx: tx.fetch("select topic, key, headers, body from outbox order by id"))
        self.what_was_told_agrees(told, session)

    def what_was_told_agrees(self, rows: list[asyncpg.Record], session: asyncpg.Record) -> None:
        kinds = Counter(row["headers"].partition("ce_type")[2].split('"')[2].rsplit(".", 2)[1] for row in rows)
        told = self.model.told
        assert kinds["session-filled"] == told["filled"]
        assert kinds["session-reopened"] == told["reopened"]
        assert kinds["waiting-list-moved"] == told["moved"]
        assert sum(b'"seat-moved-up"' in row["body"] for row in rows) == told["notices"]
        states = [row["body"].decode() for row in rows if row["topic"] == "presence.session.state"]
        taken = len(self.model.sits)
        assert f'"taken":{taken if taken >= 5 else "null"}' in states[-1]
        assert f'"status":"{session["status"]}"' in states[-1]
        assert f'"capacity":{self.model.chairs}' in states[-1]


def test_there_is_never_one_too_many_whoever_comes_and_goes(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    outbox = Outbox(source="urn:test:presence", schemas_url="http://schemas.test")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(presence)))
        database = runner.run(Database(urls.application, outbox, size=1).__aenter__())
        Seats.run, Seats.database = runner.run, database
        Seats.settings = PresenceSettings(environment="local")
        try:
            run_state_machine_as_test(
                Seats,
                settings=settings(max_examples=40, stateful_step_count=25, deadline=None, phases=[Phase.generate]),
            )
        finally:
            runner.run(database.__aexit__(None, None, None))
