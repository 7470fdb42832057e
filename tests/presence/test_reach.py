"""How far the invitation to a session came, as notifications counted it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.presence.conftest import NOON, Presence

from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.envelope import Recorded
from presence.projections.reach import session_reach


def counted(subject: UUID, people: int, version: int, kind: str = "session") -> Recorded[Any]:
    event = ReachMeasured(subject_id=subject, subject_kind=kind, people=people, mails=people + 1, deliveries=2)
    return Recorded(event, uuid4(), event.type, "urn:test", event.key, NOON, version, {})


async def hear(presence: Presence, *events: Recorded[Any]) -> None:
    async with presence.runtime.database.transaction() as tx:
        await session_reach(tx, events)


@pytest.fixture
async def session(presence: Presence) -> UUID:
    asked = {
        "workingForm": "creative-lab",
        "question": "Wat missen we op het plein?",
        "startsAt": (NOON + timedelta(days=1)).isoformat(),
        "endsAt": (NOON + timedelta(days=1, hours=2)).isoformat(),
    }
    answer = await presence.post("/sessions", asked)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def reach(presence: Presence, session: UUID) -> object:
    answer = await presence.get(f"/sessions/{session}")
    assert answer.status_code == 200, answer.text
    return answer.json()["reach"]


async def test_a_session_says_how_many_were_invited_from_five_people_on(presence: Presence, session: UUID) -> None:
    assert await reach(presence, session) is None
    await hear(presence, counted(session, 4, 1))
    assert await reach(presence, session) is None
    await hear(presence, counted(session, 5, 2))
    assert await reach(presence, session) == 5


async def test_the_newest_count_stands_in_whatever_order_they_come_and_that_of_a_story_is_none_of_ours(
    presence: Presence, session: UUID
) -> None:
    story = uuid4()
    await hear(presence, counted(session, 9, 3), counted(session, 7, 2), counted(story, 50, 1, "story"))
    await hear(presence, counted(session, 6, 1))
    await hear(presence, counted(story, 60, 2, "story"))
    assert await reach(presence, session) == 9
    assert await presence.rows("select session_id from session_reach") == [(session,)]
