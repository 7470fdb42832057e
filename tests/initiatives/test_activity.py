"""What the service keeps of sessions, and of what initiatives are ordered by, in whatever order it comes in."""

import asyncio
import random
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.initiatives.conftest import NOON, heard, some_id

import initiatives
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.sessions import SessionState
from dorpsplein.database import Database
from dorpsplein.envelope import Recorded
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.outbox import Outbox
from initiatives.projections.activity import activity
from initiatives.projections.sessions import sessions
from initiatives.storage.sessions import ON_PAGE

GARDEN, SQUARE = some_id(1), some_id(2)


def state(initiative: UUID, version: int) -> InitiativeState:
    return InitiativeState(
        initiative_id=initiative,
        initiator_id=some_id(9),
        title="Tuin",
        summary="Groen",
        theme=f"theme-{version}",
        status="proposed",
        latitude=52.0 if version % 2 else None,
        longitude=5.0 if version % 2 else None,
    )


def session(number: int, version: int, *about: UUID) -> SessionState:
    starts_at = NOON + timedelta(days=number)
    return SessionState(
        session_id=some_id(number),
        question=f"question {version}",
        working_form="creative-lab",
        status="announced",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        initiative_ids=list(about),
        lines=version,
    )


def supports(number: int) -> list[Recorded[Any]]:
    """The course of one support: given, moved on, returned, taken back."""
    what = {"support_id": some_id(100 + number), "initiative_id": GARDEN, "supporter_id": some_id(200 + number)}
    moved = {**what, "into_id": SQUARE, "merge_id": some_id(3)}
    course = [SupportGiven(**what), SupportMoved(**moved), SupportReturned(**moved), SupportWithdrawn(**what)]
    return [
        heard(event, version, at=NOON + timedelta(minutes=10 * number + version))
        for version, event in enumerate(course[: 1 + number % 4], start=1)
    ]


FACTS = [heard(InitiativeEdited(initiative_id=GARDEN, changed=["theme"], theme="x"), 7, at=NOON + timedelta(days=1))]
STATES = [heard(state(GARDEN, version), version, at=NOON) for version in (1, 2, 3)]
SESSIONS: list[Recorded[Any]] = [
    *(heard(session(number, version, GARDEN), version) for number in (1, 2) for version in (1, 2)),
    heard(session(3, 1, SQUARE), 1),
    heard(session(4, 1, GARDEN), 1),
    heard(session(4, 2, GARDEN), 2, erases=True),
]
TOPICS = [FACTS, STATES, *(supports(number) for number in range(6))]
SHOWN = f"select {ON_PAGE}::text from (select $1::uuid as id) as i"


async def seen(database: Database, order: random.Random) -> tuple[Any, ...]:
    """Let events in, those of each topic in their order, in batches of any size; what is kept of them."""
    left, stream = [list(topic) for topic in TOPICS], []
    while any(left):
        stream.append(order.choice([topic for topic in left if topic]).pop(0))
    edges = [0, *sorted(order.choices(range(len(stream)), k=4)), len(stream)]
    async with database.transaction() as tx:
        await tx.execute("with a as (delete from activity) delete from sessions")
    for one, other in pairwise(edges):
        async with database.transaction() as tx:
            await activity(tx, stream[one:other])
    for event in order.sample(SESSIONS, len(SESSIONS)):
        async with database.transaction() as tx:
            await sessions(tx, [event])
    async with database.transaction() as tx:
        rows = await tx.fetch("select *, point is null as nowhere from activity order by id")
        shown = await tx.fetchval(SHOWN, GARDEN)
        return [dict(row) for row in rows], shown


def test_any_order_and_any_batches_lead_to_the_same(make_database: MakeDatabase) -> None:
    urls = make_database("initiatives")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(initiatives)))
        outbox = Outbox(source="urn:test:initiatives", schemas_url="http://schemas.test")
        database = runner.run(Database(urls.application, outbox, size=1).__aenter__())

        @settings(max_examples=15, deadline=None)
        @given(st.randoms(use_true_random=False))
        def the_same(order: random.Random) -> None:
            [row], shown = runner.run(seen(database, order))
            # Of six supports, with courses of 1, 2, 3, 4, 1 and 2 steps: given, moved, returned, gone, given, moved.
            assert (row["id"], row["supports"], row["at"]) == (GARDEN, 3, NOON + timedelta(days=1))
            assert (row["theme"], row["version"], row["nowhere"]) == ("theme-3", 3, False)
            assert "question 1" not in shown
            assert shown.index(str(some_id(2))) < shown.index(str(some_id(1)))
            assert str(some_id(3)) not in shown
            assert str(some_id(4)) not in shown

        the_same()
        runner.run(database.__aexit__(None, None, None))
