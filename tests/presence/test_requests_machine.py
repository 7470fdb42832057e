"""Requests for a session against a model of plain sets and days: who asked, who asks along, who was told.

Each step goes through the commands into a real database, and time through the durable timers; the model says
beforehand what must come of it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from presence.commands import requests as commands
from presence.domain.requests import Ask
from presence.settings import PresenceSettings
from presence.timers import HANDLERS

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 10
PEOPLE = 7
PERSON = st.integers(0, PEOPLE - 1)
WHICH = st.integers(0, 4)
SESSIONS = {"own": False, "another's": True, "over": False}
"""The sessions there are, and whether somebody else hosts it."""


@dataclass
class Asked:
    """One request of the model; `day` is when it was asked."""

    id: UUID
    by: int
    day: int
    joined: set[int] = field(default_factory=set)
    status: str = "open"
    facts: int = 1
    erased: bool = False


class Requests(RuleBasedStateMachine):
    run: Callable[[Coroutine[Any, Any, None]], None]
    database: Database
    settings: PresenceSettings
    sessions: dict[str, UUID]
    host: UUID

    def __init__(self) -> None:
        super().__init__()
        self.day = 0
        self.asked: list[Asked] = []
        self.told: list[tuple[str, UUID, UUID]] = []
        self.people = [uuid4() for _ in range(PEOPLE)]
        type(self).run(self.empty())

    async def empty(self) -> None:
        async with self.database.transaction() as tx:
            for table in ("request_joinings", "session_requests", "outbox", "timers"):
                await tx.execute(f"delete from {table}")

    def outcome(self, command: Callable[[Transaction], Awaitable[Any]]) -> str | None:
        """Run a command; the code of its refusal, if it is refused."""
        outcome: list[str | None] = []

        async def run() -> None:
            try:
                async with self.database.transaction() as tx:
                    await command(tx)
                outcome.append(None)
            except Rejected as refusal:
                outcome.append(refusal.code)

        type(self).run(run())
        return outcome[-1]

    def at(self, day: int) -> datetime:
        return START + timedelta(days=day)

    def one(self, which: int) -> Asked:
        return self.asked[-1 - which % len(self.asked)]

    @rule(person=PERSON)
    def ask(self, person: int) -> None:
        request_id = uuid4()
        standing = [one for one in self.asked if one.by == person and one.status == "open"]
        wish = Ask(request_id, self.people[person], f"Who waters {request_id}?", "green")
        refusal = self.outcome(lambda tx: commands.ask(tx, wish, self.settings, now=self.at(self.day)))
        if len(standing) >= 10:
            assert refusal == "too-many-requests"
        else:
            assert refusal is None
            self.asked.append(Asked(request_id, person, self.day))

    @rule(person=PERSON)
    def ask_many(self, person: int) -> None:
        for _ in range(6):
            self.ask(person)

    @precondition(lambda self: self.asked)
    @rule(wishes=st.lists(st.tuples(WHICH, PERSON, st.sampled_from([True, True, False])), min_size=1, max_size=9))
    def wish_together(self, wishes: list[tuple[int, int, bool]]) -> None:
        group = [commands.Joining(self.one(which).id, self.people[person], joins) for which, person, joins in wishes]
        answers: list[Any] = []

        async def run() -> None:
            async with self.database.transaction() as tx:
                answers.extend(await commands.change_joinings(tx, group))

        type(self).run(run())
        for (which, person, joins), answer in zip(wishes, answers, strict=True):
            request = self.one(which)
            refusal = None
            if joins and request.status != "open":
                refusal = "request-not-open"
            elif joins and request.by == person:
                refusal = "you-asked-it"
            assert (answer.code if isinstance(answer, Rejected) else None) == refusal
            if refusal is None and joins:
                request.joined.add(person)
            elif refusal is None:
                request.joined.discard(person)

    @precondition(lambda self: self.asked)
    @rule(which=WHICH, session=st.sampled_from(["own", "own", "another's", "over", "none"]))
    def pick_up(self, which: int, session: str) -> None:
        request = self.one(which)
        session_id = self.sessions.get(session, UUID(int=0))
        refusal = self.outcome(lambda tx: commands.pick_up(tx, request.id, session_id, self.host))
        expected = {"another's": "not-your-session", "over": "session-over", "none": "session-unknown"}.get(session)
        if request.status != "open":
            assert refusal == "illegal-request-pick-up"
        else:
            assert refusal == expected
        if refusal is None:
            request.status, request.facts = "picked-up", 2
            people = {request.by, *request.joined}
            self.told += [("request-picked-up", request.id, self.people[person]) for person in people]

    @rule(asker=PERSON, joiners=st.lists(PERSON, min_size=1, max_size=4))
    def ask_join_and_pick_up(self, asker: int, joiners: list[int]) -> None:
        """What seldom comes about by chance."""
        self.ask(asker)
        self.wish_together([(0, person, True) for person in joiners])
        self.pick_up(0, "own")

    @precondition(lambda self: self.asked)
    @rule(which=WHICH, person=PERSON, other=st.sampled_from([False, False, True]))
    def withdraw(self, which: int, person: int, other: bool) -> None:
        request = self.one(which)
        by = person if other else request.by
        refusal = self.outcome(lambda tx: commands.withdraw(tx, request.id, self.people[by]))
        if by != request.by:
            assert refusal == "not-your-request"
        elif request.erased:
            assert refusal == "illegal-request-withdraw"
        else:
            assert refusal is None
            request.status, request.erased = "withdrawn", True
            request.facts += 1
            request.joined.clear()

    @rule(days=st.integers(1, DAYS + 2))
    def time_passes(self, days: int) -> None:
        self.day += days
        type(self).run(self.fire())
        for request in self.asked:
            if request.status == "open" and self.day >= request.day + DAYS:
                request.status, request.facts = "expired", 2
                self.told.append(("request-expired", request.id, self.people[request.by]))

    async def fire(self) -> None:
        await fire_due(self.database, HANDLERS, self.at(self.day))

    @invariant()
    def the_database_agrees(self) -> None:
        type(self).run(self.compare())

    async def compare(self) -> None:
        async with self.database.transaction() as tx:
            rows = await tx.fetch(
                "select id, status, question is null as erased,"
                " array(select person_id from request_joinings where request_id = r.id) as joined,"
                " exists(select from timers where ref = r.id) as waits from session_requests r"
            )
            outbox = await tx.fetch("select topic, key, headers::json ->> 'ce_sequence' as at, body from outbox")
        assert {row["id"]: (row["status"], row["erased"], set(row["joined"]), row["waits"]) for row in rows} == {
            one.id: (one.status, one.erased, {self.people[person] for person in one.joined}, one.status == "open")
            for one in self.asked
        }
        for topic in ("presence.request", "presence.request.state"):
            told = [(row["key"], int(row["at"])) for row in outbox if row["topic"] == topic]
            assert sorted(told) == sorted(
                (str(one.id), version) for one in self.asked for version in range(1, one.facts + 1)
            )
        tombstones = {row["key"] for row in outbox if row["body"] is None}
        assert tombstones == {str(one.id) for one in self.asked if one.erased}
        notices = [json.loads(row["body"]) for row in outbox if row["topic"] == "presence.notice"]
        said = [(one["what"], UUID(one["requestId"]), UUID(one["personId"])) for one in notices]
        assert sorted(said) == sorted(self.told)
        assert len({one["noticeId"] for one in notices}) == len(notices)


async def prepare(database: Database) -> tuple[UUID, dict[str, UUID]]:
    """A host, and sessions by what they are."""
    host, sessions = uuid4(), {name: uuid4() for name in SESSIONS}
    async with database.transaction() as tx:
        for name, of_another in SESSIONS.items():
            await tx.execute(
                "insert into sessions (id, host_id, working_form, question, starts_at, ends_at, initiative_ids, status)"
                " values ($1, $2, 'open-space', '?', $3::timestamptz, $3::timestamptz + interval '1 hour', '{}', $4)",
                sessions[name],
                uuid4() if of_another else host,
                START,
                "harvested" if name == "over" else "announced",
            )
    return host, sessions


def test_requests_go_their_way_whatever_is_asked(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    outbox = Outbox(source="urn:test:presence", schemas_url="http://schemas.test")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(presence)))
        database = runner.run(Database(urls.application, outbox, size=1).__aenter__())
        Requests.host, Requests.sessions = runner.run(prepare(database))
        Requests.run, Requests.database = runner.run, database
        Requests.settings = PresenceSettings.model_construct(request_days=DAYS, knobs_fund=None)
        try:
            run_state_machine_as_test(
                Requests,
                settings=settings(max_examples=50, stateful_step_count=25, deadline=None, phases=[Phase.generate]),
            )
        finally:
            runner.run(database.__aexit__(None, None, None))
