"""Sessions and their harvest over HTTP, on a real database."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.presence.conftest import NOON, Presence, window
from tests.support import login, person

from dorpsplein.contracts.presence.harvest import HarvestConsentWithdrawn, HarvestLineNoted, HarvestState
from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionHarvested,
    SessionOpened,
    SessionStarted,
    SessionState,
)
from dorpsplein.identity import Role

ANNA = str(person("anna"))
SECRET_WORDS = "Mijn buurvrouw Wilhelmina is eenzaam"


class Square:
    """Sessions as these tests speak of them."""

    def __init__(self, presence: Presence, pond: str) -> None:
        self.presence, self.pond = presence, pond

    async def session(self, start_h: float = 0, **other: Any) -> str:
        asked = window("", start_h, start_h + 2) | {
            "workingForm": "creative-lab",
            "question": "Wat missen we op het plein?",
            "initiativeIds": [self.pond],
        }
        del asked["placeId"]
        answer = await self.presence.post("/sessions", asked | other)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"/v1/sessions/{answer.json()['id']}"
        session_id: str = answer.json()["id"]
        return session_id

    async def live(self) -> str:
        session = await self.session()
        assert (await self.presence.post(f"/sessions/{session}/start")).status_code == 200
        return session

    def line(self, **other: Any) -> dict[str, Any]:
        return {"words": SECRET_WORDS, "initiativeId": self.pond, "consent": "anonymous"} | other


@pytest.fixture
async def square(presence: Presence) -> Square:
    pond = uuid4()
    await presence.rows("insert into initiatives (id, title, status, state_version) values ($1, 'Pond', '', 1)", pond)
    return Square(presence, str(pond))


async def test_a_session_is_announced_held_and_harvested(presence: Presence, square: Square) -> None:
    place = await presence.place()
    session = await square.session(placeId=place, title="Plein")
    shown = (await presence.get(f"/sessions/{session}")).json()
    assert (shown["question"], shown["title"]) == ("Wat missen we op het plein?", "Plein")
    assert shown["place"] == {"id": place, "name": "Sportkantine De Goal", "address": "Sportlaan 1, Dorp"}
    assert (shown["status"], shown["lines"], shown["version"]) == ("open", 0, 2)
    await presence.post(f"/sessions/{session}/start", key="once")
    await presence.post(f"/sessions/{session}/start", key="once")
    lines = [
        square.line(),
        square.line(words="Een bank", consent="named", contributorId=ANNA),
        square.line(words=None, consent="none"),
    ]
    answer = await presence.post(f"/sessions/{session}/harvest", {"lines": lines}, key="harvest")
    assert answer.status_code == 200, answer.text
    assert (
        await presence.post(f"/sessions/{session}/harvest", {"lines": lines}, key="harvest")
    ).json() == answer.json()
    assert "Wilhelmina" not in answer.text
    assert (answer.json()["status"], answer.json()["lines"], len(answer.json()["lineIds"])) == ("harvested", 3, 3)
    later = await presence.post(f"/sessions/{session}/harvest", {"lines": [square.line(words="En water")]})
    assert later.json()["lines"] == 4
    shared = await presence.pages(f"/sessions/{session}/harvest", limit=2)
    assert [line["words"] for line in shared] == [SECRET_WORDS, "Een bank", "En water"]
    assert [line["contributorId"] for line in shared] == [None, ANNA, None]
    told = [(event, version) for event, version, _ in (await presence.events())[2:]]
    assert told == [
        (SessionAnnounced, 1),
        (SessionOpened, 2),
        (SessionState, 2),
        (SessionStarted, 3),
        (SessionState, 3),
        (SessionHarvested, 4),
        (SessionState, 4),
        *[(HarvestLineNoted, 1), (HarvestState, 1)] * 2,
        (HarvestLineNoted, 1),
        (SessionHarvested, 5),
        (SessionState, 5),
        (HarvestLineNoted, 1),
        (HarvestState, 1),
    ]
    facts = [body.decode() for event, _, body in await presence.events() if body and "State" not in event.__name__]
    assert "Wilhelmina" not in str(facts)
    assert "missen" not in str(facts)


async def test_a_harvest_with_one_line_that_is_refused_changes_nothing(presence: Presence, square: Square) -> None:
    session = await square.live()
    before = await presence.events()
    lines = [square.line(), square.line(consent="none"), square.line(initiativeId=str(uuid4()))]
    answer = await presence.post(f"/sessions/{session}/harvest", {"lines": lines})
    assert (answer.status_code, answer.json()["code"]) == (422, "harvest-refused")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/lines/1", "words-without-consent"),
        ("/lines/2", "initiative-unknown"),
    ]
    assert "Wilhelmina" not in answer.text
    for faulty in ({"lines": list[Any]()}, {"lines": [square.line(chair="Bram")]}, {"lines": [square.line()] * 201}):
        assert (await presence.post(f"/sessions/{session}/harvest", faulty)).status_code == 400
    await presence.rows("update sessions set lines = 1000")
    full = await presence.post(f"/sessions/{session}/harvest", {"lines": [square.line()]})
    assert full.json()["code"] == "harvest-is-full"
    assert await presence.events() == before
    assert await presence.rows("select * from harvest_lines") == []


async def test_only_the_host_changes_a_session_and_only_along_its_life(presence: Presence, square: Square) -> None:
    session = await square.session()
    harvest, cancel = {"lines": [square.line()]}, {"reason": "too-few-people"}
    for step, body in (("start", None), ("harvest", harvest), ("cancellation", cancel)):
        answer = await presence.client.post(
            f"/sessions/{session}/{step}", json=body, headers=login("dirk", Role.ARRANGER)
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-session")
    answer = await presence.post(f"/sessions/{session}/harvest", harvest)
    assert (answer.status_code, answer.json()["code"]) == (422, "illegal-session-harvest")
    assert (await presence.post(f"/sessions/{session}/cancellation", {"reason": "Bram is ill"})).status_code == 400
    cancelled = await presence.post(f"/sessions/{session}/cancellation", cancel)
    assert (cancelled.json()["status"], cancelled.json()["cancelReason"]) == ("cancelled", "too-few-people")
    assert (await presence.post(f"/sessions/{session}/start")).json()["code"] == "illegal-session-start"
    assert [event for event, _, _ in await presence.events()][3:] == [SessionCancelled, SessionState]


async def test_withdrawn_consent_erases_the_words_and_name_of_a_line_everywhere(
    presence: Presence, square: Square
) -> None:
    session = await square.live()
    named = square.line(consent="named", contributorId=ANNA)
    answer = await presence.post(f"/sessions/{session}/harvest", {"lines": [named, square.line(words="Een bank")]})
    line, other = answer.json()["lineIds"]
    for stranger in ("dora", "chris"):
        refused = await presence.post(f"/harvest-lines/{line}/consent-withdrawal", by=stranger)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-your-line")
    await presence.rows("delete from outbox")
    for teller_or_host in ("anna", "bram"):
        gone = await presence.post(f"/harvest-lines/{line}/consent-withdrawal", by=teller_or_host)
        assert (gone.status_code, gone.json()["consent"], gone.json()["withdrawn"]) == (200, "none", True)
    assert [(event, version, body is None) for event, version, body in await presence.events()] == [
        (HarvestConsentWithdrawn, 2, False),
        (HarvestState, 2, True),
    ]
    assert (await presence.post(f"/harvest-lines/{other}/consent-withdrawal", by="otto")).json()["withdrawn"]
    assert (await presence.get(f"/sessions/{session}/harvest")).json()["items"] == []
    tables = ("harvest_lines", "sessions", "idempotency", "outbox")
    rows = [await presence.rows(f"select row_to_json(t)::text from {table} as t") for table in tables]
    assert "Wilhelmina" not in str(rows)
    assert ANNA not in str(rows)


async def test_sessions_are_found_by_initiative_and_moment_in_order_of_time(presence: Presence, square: Square) -> None:
    last, first = await square.session(9), await square.session(1)
    elsewhere = await square.session(5, initiativeIds=[])
    assert [item["id"] for item in await presence.pages("/sessions", limit=1)] == [first, elsewhere, last]
    mine = await presence.pages("/sessions", limit=1, initiative=square.pond)
    assert [item["id"] for item in mine] == [first, last]
    later = await presence.get("/sessions", **{"from": (NOON + timedelta(hours=5)).isoformat()})
    assert [item["id"] for item in later.json()["items"]] == [elsewhere, last]
    assert (await presence.get("/sessions", initiative=str(uuid4()))).json()["items"] == []
    assert UUID(first)
