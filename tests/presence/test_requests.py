"""Requests for a session over HTTP, on a real database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response
from tests.presence.conftest import NOON, Presence, window
from tests.support import login, person

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.contracts.presence.requests import (
    SessionRequested,
    SessionRequestExpired,
    SessionRequestPickedUp,
    SessionRequestState,
    SessionRequestWithdrawn,
)
from dorpsplein.identity import Role
from dorpsplein.timers import fire_due
from presence.commands.requests import REQUEST_EXPIRES, pick_up
from presence.timers import HANDLERS

QUESTION = "Mag de vijver van Wilhelmina open?"


class Asking:
    """Requests as these tests speak of them."""

    def __init__(self, presence: Presence) -> None:
        self.presence = presence

    async def ask(self, by: str = "anna", **other: Any) -> str:
        answer = await self.presence.post("/session-requests", {"question": QUESTION, "theme": "green"} | other, by=by)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"/v1/session-requests/{answer.json()['id']}"
        assert "Wilhelmina" not in answer.text
        request_id: str = answer.json()["id"]
        return request_id

    async def joining(self, request: str, by: str, method: str = "PUT") -> Response:
        return await self.presence.client.request(method, f"/session-requests/{request}/joining", headers=login(by))

    async def joined_by(self, request: str, *people: str) -> None:
        for answer in await asyncio.gather(*(self.joining(request, by) for by in people)):
            assert (answer.status_code, answer.json()) == (200, {"requestId": request, "joined": True})

    async def session(self, by: str = "bram") -> str:
        asked = window("", 24, 26) | {"workingForm": "creative-lab", "question": "How open can the pond be?"}
        del asked["placeId"]
        headers = login(by, Role.ARRANGER)
        answer = await self.presence.client.post("/sessions", json=asked, headers=headers)
        assert answer.status_code == 201, answer.text
        await self.presence.rows("delete from outbox returning 1")
        session_id: str = answer.json()["id"]
        return session_id

    async def seen(self, request: str) -> dict[str, Any]:
        return dict((await self.presence.get(f"/session-requests/{request}")).json())

    async def told(self) -> list[tuple[str, int, bool]]:
        return [(event.__name__, version, body is None) for event, version, body in await self.presence.events()]

    async def notices(self) -> list[NoticeGiven]:
        return [
            NoticeGiven.model_validate_json(body)
            for event, _, body in await self.presence.events()
            if event is NoticeGiven and body
        ]

    async def fire(self) -> None:
        await fire_due(self.presence.runtime.database, HANDLERS, self.presence.now)


@pytest.fixture
async def asking(presence: Presence) -> Asking:
    return Asking(presence)


async def test_a_request_is_asked_joined_and_picked_up_and_its_people_are_told(
    presence: Presence, asking: Asking
) -> None:
    request = await asking.ask(neighbourhood="de-kamp", point={"latitude": 52.370249, "longitude": 4.895168})
    body = {"question": "x", "theme": "green"}
    once = await presence.post("/session-requests", body, by="anna", key="k")
    assert (await presence.post("/session-requests", body, by="anna", key="k")).json() == once.json()
    assert [event for event, _, _ in await presence.events()] == [SessionRequested, SessionRequestState] * 2
    await asking.joined_by(request, "dirk", "fatma", "dirk")
    session = await asking.session()
    answer = await presence.post(f"/session-requests/{request}/pick-up", {"sessionId": session})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["sessionId"]) == ("picked-up", session)
    assert [event for event, _, _ in await presence.events()] == [
        SessionRequestPickedUp,
        SessionRequestState,
        *[NoticeGiven] * 3,
    ]
    notices = await asking.notices()
    assert {one.person_id for one in notices} == {person(name) for name in ("anna", "dirk", "fatma")}
    for one in notices:
        assert (one.what, str(one.session_id), str(one.request_id)) == ("request-picked-up", session, request)
        assert one.starts_at == NOON + timedelta(hours=24)
    seen = await asking.seen(request)
    assert (seen["question"], seen["joined"], seen["sessionId"], seen["version"]) == (QUESTION, None, session, 2)
    assert "askedBy" not in seen
    assert "point" not in seen
    other = await presence.post(f"/session-requests/{once.json()['id']}/pick-up", {"sessionId": session})
    assert other.json()["status"] == "picked-up"
    assert await presence.rows("select ref from timers where kind = $1", REQUEST_EXPIRES) == []


async def test_a_pick_up_is_the_hosts_and_of_a_session_that_is_to_be(presence: Presence, asking: Asking) -> None:
    request, session = await asking.ask(), await asking.session("dirk")
    for asked, status, code in (
        (session, 403, "not-your-session"),
        (str(uuid4()), 422, "session-unknown"),
    ):
        answer = await presence.post(f"/session-requests/{request}/pick-up", {"sessionId": asked})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    await presence.rows(
        "update sessions set status = 'cancelled', cancel_reason = 'other', host_id = $1 returning 1", person("bram")
    )
    answer = await presence.post(f"/session-requests/{request}/pick-up", {"sessionId": session})
    assert (answer.status_code, answer.json()["code"]) == (422, "session-over")
    assert (await asking.seen(request))["status"] == "open"
    assert await presence.events() == []
    unknown = await presence.post(f"/session-requests/{uuid4()}/pick-up", {"sessionId": session})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "session-request-unknown")


async def test_joining_again_changes_nothing_and_few_are_not_counted_aloud(presence: Presence, asking: Asking) -> None:
    request = await asking.ask()
    people = ["dirk", "fatma", "gijs", "henk"]
    await asking.joined_by(request, *people, *people)
    assert (await asking.seen(request))["joined"] is None
    await asking.joined_by(request, "ines")
    assert (await asking.seen(request))["joined"] == 5
    for _ in range(2):
        left = await asking.joining(request, "ines", "DELETE")
        assert left.json() == {"requestId": request, "joined": False}
    assert (await asking.seen(request))["joined"] is None
    own = await asking.joining(request, "anna")
    assert (own.status_code, own.json()["code"]) == (422, "you-asked-it")
    unknown = await asking.joining(str(uuid4()), "dirk")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "session-request-unknown")
    assert len(await presence.events()) == 2
    mine = await presence.pages("/session-requests/mine", by="dirk", limit=1)
    assert [(one["id"], one["askedByYou"]) for one in mine] == [(request, False)]
    assert [one["askedByYou"] for one in await presence.pages("/session-requests/mine", by="anna")] == [True]
    assert await presence.pages("/session-requests/mine", by="ines") == []


async def test_those_who_join_do_not_wait_for_each_other(presence: Presence, asking: Asking) -> None:
    request = await asking.ask()
    async with presence.runtime.database.transaction() as tx:
        await tx.execute("select from session_requests where id = $1 for key share", UUID(request))
        answer = await asyncio.wait_for(asking.joining(request, "dirk"), 5)
    assert answer.status_code == 200


async def test_who_joins_while_it_is_picked_up_is_told_or_refused(presence: Presence, asking: Asking) -> None:
    request, session = await asking.ask(), await asking.session()
    async with presence.runtime.database.transaction() as tx:
        await pick_up(tx, UUID(request), UUID(session), person("bram"))
        late = asyncio.create_task(asking.joining(request, "dirk"))
        waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        async with asyncio.timeout(30):
            while not await presence.rows(waiting):  # noqa: ASYNC110 - the server tells nobody that somebody waits
                await asyncio.sleep(0.01)
    answer = await late
    assert (answer.status_code, answer.json()["code"]) == (422, "request-not-open")
    assert [one.person_id for one in await asking.notices()] == [person("anna")]
    assert await presence.rows("select * from request_joinings") == []


@pytest.mark.parametrize("first", ["open", "picked-up", "expired"])
async def test_who_asked_takes_their_words_back_and_they_are_erased_everywhere(
    presence: Presence, asking: Asking, first: str
) -> None:
    point = {"latitude": 52.370249, "longitude": 4.895168}
    request, session = await asking.ask(point=point), await asking.session()
    await asking.joined_by(request, "dirk")
    if first == "picked-up":
        await presence.post(f"/session-requests/{request}/pick-up", {"sessionId": session})
    if first == "expired":
        presence.now += timedelta(days=90)
        await asking.fire()
    assert (await asking.seen(request))["status"] == first
    await presence.rows("delete from outbox returning 1")
    refused = await presence.post(f"/session-requests/{request}/withdrawal", by="dirk")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-your-request")
    gone = await presence.post(f"/session-requests/{request}/withdrawal", by="anna", key="once")
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    again = await presence.post(f"/session-requests/{request}/withdrawal", by="anna")
    assert again.json()["code"] == "illegal-request-withdraw"
    version = 2 if first == "open" else 3
    assert [(event, at, body is None) for event, at, body in await presence.events()] == [
        (SessionRequestWithdrawn, version, False),
        (SessionRequestState, version, True),
    ]
    assert (await asking.seen(request))["question"] is None
    assert await presence.rows("select * from request_joinings") == []
    tables = ("session_requests", "idempotency", "outbox")
    rows = str([await presence.rows(f"select row_to_json(t)::text from {table} as t") for table in tables])
    assert "Wilhelmina" not in rows
    assert "52.37" not in rows
    assert await presence.rows("select ref from timers where kind = $1", REQUEST_EXPIRES) == []


async def test_what_nobody_picks_up_expires_once_and_who_asked_is_told(presence: Presence, asking: Asking) -> None:
    requests = [await asking.ask(by) for by in ("anna", "dirk")]
    await asking.joined_by(requests[0], "fatma")
    presence.now += timedelta(days=1)
    later = await asking.ask("gijs")
    await presence.rows("delete from outbox returning 1")
    presence.now = NOON + timedelta(days=90) - timedelta(seconds=1)
    await asking.fire()
    assert await presence.events() == []
    presence.now += timedelta(seconds=1)
    for _ in range(2):
        await asking.fire()
    kinds = [event for event, _, _ in await presence.events()]
    assert kinds == [SessionRequestExpired, SessionRequestState, NoticeGiven] * 2
    notices = await asking.notices()
    assert {(str(one.request_id), one.person_id, one.what) for one in notices} == {
        (requests[0], person("anna"), "request-expired"),
        (requests[1], person("dirk"), "request-expired"),
    }
    assert [(await asking.seen(one))["status"] for one in (*requests, later)] == ["expired", "expired", "open"]
    closed = await asking.joining(requests[0], "henk")
    assert closed.json()["code"] == "request-not-open"
    assert (await asking.joining(requests[0], "fatma", "DELETE")).status_code == 200


async def test_how_long_it_stands_open_is_what_the_community_chose_when_it_was_asked(
    presence: Presence, asking: Asking
) -> None:
    fund = uuid4()
    presence.runtime.settings = presence.runtime.settings.model_copy(update={"knobs_fund": fund})
    before = await asking.ask()
    await presence.rows(
        "insert into knobs (fund_id, set_number, knob_values, effective_at)"
        " values ($1, 1, '{\"requestDays\": 7}', now()) returning 1",
        fund,
    )
    after = await asking.ask()
    days = [
        await presence.rows("select due_at from timers where kind = $1 and ref = $2", REQUEST_EXPIRES, UUID(one))
        for one in (before, after)
    ]
    assert days == [[(NOON + timedelta(days=90),)], [(NOON + timedelta(days=7),)]]


async def test_ten_stand_open_a_person_also_when_all_are_asked_at_once(presence: Presence, asking: Asking) -> None:
    body = {"question": "x", "theme": "green"}
    answers = await asyncio.gather(*(presence.post("/session-requests", body, by="anna") for _ in range(13)))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [422] * 3
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"too-many-requests"}
    one = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    await presence.post(f"/session-requests/{one}/withdrawal", by="anna")
    await asking.ask()


async def test_open_requests_are_found_by_theme_initiative_and_place_the_newest_first(
    presence: Presence, asking: Asking
) -> None:
    pond = uuid4()
    await presence.rows(
        "insert into initiatives (id, title, status, latitude, longitude, state_version)"
        " values ($1, 'Pond', '', 52.5, 5.5, 1) returning 1",
        pond,
    )
    ids: dict[str, str] = {}
    wished: dict[str, dict[str, Any]] = {
        "here": {"point": {"latitude": 52.37, "longitude": 4.895}},
        "care": {"theme": "care"},
        "pond": {"initiativeId": str(pond)},
        "gone": {},
    }
    for name, other in wished.items():
        presence.now += timedelta(minutes=1)
        ids[name] = await asking.ask(**other)
    await presence.post(f"/session-requests/{ids['gone']}/withdrawal", by="anna")
    unknown = {"question": "x", "theme": "green", "initiativeId": str(uuid4())}
    refused = await presence.post("/session-requests", unknown, by="anna")
    assert (refused.status_code, refused.json()["code"]) == (422, "initiative-unknown")

    async def found(**query: Any) -> list[str]:
        return [one["id"] for one in await presence.pages("/session-requests", limit=1, **query)]

    assert await found() == [ids["pond"], ids["care"], ids["here"]]
    assert await found(theme="care") == [ids["care"]]
    assert await found(initiative=str(pond)) == [ids["pond"]]
    assert await found(near="52.37,4.9", radius=1000) == [ids["here"]]
    assert await found(near="52.5,5.5", radius=1000) == [ids["pond"]]
    assert await found(near="51,4", radius=1000) == []


async def test_those_most_ask_along_with_come_first_and_few_rank_as_none(presence: Presence, asking: Asking) -> None:
    many = [f"person {number}" for number in range(6)]
    ids = []
    for joined in (6, 4, 5, 0):
        presence.now += timedelta(minutes=1)
        ids.append(await asking.ask())
        await asking.joined_by(ids[-1], *many[:joined])
    six, four, five, none = ids
    most = await presence.pages("/session-requests", limit=1, sort="most-joined")
    assert [(one["id"], one["joined"]) for one in most] == [(six, 6), (five, 5), (none, None), (four, None)]
    newest = await presence.pages("/session-requests", limit=1)
    assert [one["id"] for one in newest] == [none, five, four, six]
