"""Seats over HTTP, on a real database, with the timers that move them."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response
from tests.conftest import MakeDatabase
from tests.presence.conftest import NOON, Presence
from tests.support import login, person, running

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.contracts.presence.sessions import SessionState, SessionThanked
from dorpsplein.timers import fire_due
from presence.app import SERVICE
from presence.commands import seats
from presence.domain.codes import For, key_of, sign
from presence.domain.seats import Holder
from presence.settings import PresenceSettings
from presence.timers import HANDLERS

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
START = NOON + 3 * DAY
END = START + 2 * HOUR


class Door:
    """Seats as these tests speak of them."""

    def __init__(self, presence: Presence) -> None:
        self.presence = presence

    async def session(self, **other: Any) -> str:
        asked = {
            "workingForm": "creative-lab",
            "question": "Wat missen we op het plein?",
            "startsAt": START.isoformat(),
            "endsAt": END.isoformat(),
        }
        answer = await self.presence.post("/sessions", asked | other)
        assert answer.status_code == 201, answer.text
        session_id: str = answer.json()["id"]
        return session_id

    async def take(self, session: str, *who: str) -> list[dict[str, Any]]:
        answers = [await self.presence.post(f"/sessions/{session}/seats", by=one) for one in who]
        assert {answer.status_code for answer in answers} == {201}, answers[-1].text
        return [answer.json() for answer in answers]

    async def without_login(self, path: str, body: Any = None) -> Response:
        return await self.presence.client.post(path, json=body)

    async def code(self, session: str) -> str:
        answer = await self.presence.get(f"/sessions/{session}/code", by="bram")
        assert answer.status_code == 200, answer.text
        code: str = answer.json()["code"]
        return code

    async def check_in(self, session: str, *who: str) -> list[Response]:
        code = await self.code(session)
        return [await self.presence.post(f"/sessions/{session}/check-in", {"code": code}, by=one) for one in who]

    async def until(self, now: datetime) -> int:
        """Time passes until a moment, and what is due by then happens."""
        self.presence.now = now
        return await fire_due(self.presence.runtime.database, HANDLERS, now)

    async def shown(self, session: str) -> dict[str, Any]:
        view: dict[str, Any] = (await self.presence.get(f"/sessions/{session}")).json()
        return view

    async def notices(self) -> list[tuple[str, str]]:
        """Who was told what, in order, since this was asked last."""
        names = {person(name): name for name in ("anna", "bram", "chris", "dora", "erik", "fay", "gus", "hans")}
        given = [
            NoticeGiven.model_validate_json(body)
            for event, _, body in await self.presence.events()
            if event is NoticeGiven and body
        ]
        await self.presence.rows("delete from outbox where topic = 'presence.notice'")
        return [(names[one.person_id], one.what) for one in given]


@pytest.fixture
async def door(presence: Presence) -> Door:
    return Door(presence)


async def test_a_seat_is_taken_waited_for_given_up_and_passed_on(presence: Presence, door: Door) -> None:
    session = await door.session(capacity=2)
    anna, chris, dora, erik = await door.take(session, "anna", "chris", "dora", "erik")
    assert [(one["status"], one["position"]) for one in (anna, chris, dora, erik)] == [
        ("taken", None),
        ("taken", None),
        ("waiting", 1),
        ("waiting", 2),
    ]
    assert (await door.take(session, "erik"))[0] == erik
    assert ((await door.shown(session))["status"], (await door.shown(session))["isFull"]) == ("full", True)
    for by, status in (("dora", 403), ("anna", 200), ("anna", 200)):
        answer = await presence.post(f"/seats/{anna['id']}/giving-up", by=by)
        assert answer.status_code == status, answer.text
    mine = (await presence.get(f"/sessions/{session}/seats/mine", by="dora")).json()
    assert (mine["status"], mine["question"]) == ("taken", "Wat missen we op het plein?")
    assert (await presence.get(f"/sessions/{session}/seats/mine", by="erik")).json()["position"] == 1
    assert (await presence.get(f"/sessions/{session}/seats/mine", by="fay")).json()["code"] == "seat-unknown"
    assert await door.notices() == [
        ("anna", "seat-taken"),
        ("chris", "seat-taken"),
        ("dora", "seat-waiting"),
        ("erik", "seat-waiting"),
        ("dora", "seat-moved-up"),
    ]
    other = await door.session()
    await door.take(other, "dora")
    own = await presence.pages("/me/seats", by="dora", limit=1)
    assert [(one["sessionId"], one["sessionStatus"]) for one in own] == [(other, "open"), (session, "full")]
    assert await presence.pages("/me/seats", by="hans") == []


async def test_a_count_under_five_is_told_nowhere_and_nobody_by_name(presence: Presence, door: Door) -> None:
    session = await door.session()
    for number in range(1, 7):
        await door.take(session, f"resident-{number}")
        count = number if number >= 5 else None
        assert (await door.shown(session))["taken"] == count
        states = [body for event, _, body in await presence.events() if event is SessionState and body]
        assert SessionState.model_validate_json(states[-1]).taken == count
    assert len(states) == 3, "the view is told when it changes, and only then"
    public = [body for event, _, body in await presence.events() if event is not NoticeGiven and body]
    assert not any(str(person(f"resident-{number}")).encode() in b"".join(public) for number in range(7))


async def test_a_seat_without_a_name_is_held_by_a_code_that_only_its_holder_knows(
    presence: Presence, door: Door
) -> None:
    session = await door.session(capacity=2)
    taken = await door.without_login(f"/sessions/{session}/seats")
    assert (taken.status_code, taken.headers["Cache-Control"]) == (201, "no-store")
    seat, code = taken.json()["id"], taken.json()["code"]
    refused = await door.without_login(f"/sessions/{session}/seats")
    assert (refused.status_code, refused.json()["code"]) == (422, "anonymous-seats-taken")
    tables = ("seats", "outbox", "idempotency", "sessions")
    stored = str([await presence.rows(f"select row_to_json(t)::text from {table} as t") for table in tables])
    assert code not in stored
    assert code.replace("-", "") not in stored
    assert await door.notices() == []
    listed = await presence.pages(f"/sessions/{session}/seats", by="bram")
    assert listed == [{"id": seat, "personId": None, "status": "taken", "role": "participant"}]
    presence.now = START
    body = {"code": await door.code(session)}
    wrong = await door.without_login(f"/sessions/{session}/check-in", body | {"seatCode": "AAAA-AAAA"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "seat-code-unknown")
    assert (await door.without_login(f"/sessions/{session}/check-in", body)).status_code == 401
    typed = code.lower().replace("-", " ")
    there = await door.without_login(f"/sessions/{session}/check-in", body | {"seatCode": typed})
    assert (there.status_code, there.json()["status"]) == (200, "checked-in")

    other = await door.session(capacity=2, startsAt=(START + 2 * MINUTE).isoformat())
    taken = await door.without_login(f"/sessions/{other}/seats")
    path = f"/seats/{taken.json()['id']}/giving-up"
    for body, status in ({}, 401), ({"code": code}, 403), ({"code": taken.json()["code"]}, 200):
        answer = await door.without_login(path, body)
        assert answer.status_code == status, answer.text


async def test_seats_open_at_their_moment_by_themselves(presence: Presence, door: Door) -> None:
    session = await door.session(opensAt=(NOON + DAY).isoformat(), capacity=1)
    early = await presence.post(f"/sessions/{session}/seats", by="anna")
    assert (early.status_code, early.json()["code"]) == (422, "not-open-yet")
    assert (await door.shown(session))["status"] == "announced"
    await door.until(NOON + DAY)
    assert (await door.shown(session))["status"] == "open"
    await door.take(session, "anna")
    late = await door.session(startsAt=(NOON + 2 * DAY).isoformat(), endsAt=(NOON + 2.5 * DAY).isoformat())
    presence.now = NOON + 2 * DAY
    assert (await presence.post(f"/sessions/{late}/seats", by="anna")).json()["code"] == "session-started"


async def test_an_announced_session_from_before_seats_goes_on_as_it_was(presence: Presence, door: Door) -> None:
    one, other = await door.session(), await door.session()
    await presence.rows("update sessions set status = 'announced', version = 1")
    await presence.rows("delete from timers")
    presence.now = START
    assert (await presence.post(f"/sessions/{one}/start")).json()["status"] == "live"
    presence.now = NOON
    await door.take(other, "anna")
    assert (await door.shown(other))["status"] == "open"


async def test_who_is_not_there_in_time_loses_the_seat_to_who_waits(presence: Presence, door: Door) -> None:
    session = await door.session(capacity=2)
    _, chris, _, erik = await door.take(session, "anna", "chris", "dora", "erik")
    presence.now = START
    assert [answer.status_code for answer in await door.check_in(session, "anna")] == [200]
    await door.until(START + 14 * MINUTE)
    assert (await presence.get(f"/sessions/{session}/seats/mine", by="chris")).json()["status"] == "taken"
    await door.notices()
    await door.until(START + 15 * MINUTE)
    assert await door.notices() == [("chris", "seat-lost"), ("dora", "seat-moved-up")]
    late, moved_up, walk_in = await door.check_in(session, "chris", "dora", "fay")
    assert [answer.json().get("code") for answer in (late, walk_in)] == ["session-full", "session-full"]
    assert moved_up.json()["status"] == "checked-in"
    assert (await presence.post(f"/seats/{erik['id']}/check-in")).json()["code"] == "session-full"
    assert (await presence.post(f"/sessions/{session}/capacity", {"capacity": 5})).status_code == 200
    assert (await presence.post(f"/seats/{chris['id']}/check-in")).json()["status"] == "checked-in"
    [walk_in] = await door.check_in(session, "fay")
    assert walk_in.json()["status"] == "checked-in"


async def test_the_knob_says_how_long_a_seat_is_kept_and_where_there_is_room_for_all_none_is_lost(
    make_database: MakeDatabase,
) -> None:
    async with running(SERVICE, make_database("presence"), settings={"no_show_minutes": 40}) as there:
        presence = Presence(there.runtime, there.client)
        assert isinstance(there.runtime.settings, PresenceSettings)
        now = there.runtime.outbox.clock()
        asked = {"workingForm": "creative-lab", "question": "?", "startsAt": (now + DAY).isoformat()}
        for more in ({"capacity": 3}, {}):
            ends_at = (now + DAY + HOUR).isoformat()
            assert (await presence.post("/sessions", asked | {"endsAt": ends_at} | more)).status_code == 201
        due = await presence.rows("select due_at from timers where kind = 'seat-no-shows'")
        assert due == [(now + DAY + 40 * MINUTE,)]


async def test_only_the_code_of_this_session_that_still_counts_checks_in(presence: Presence, door: Door) -> None:
    session, other = await door.session(), await door.session()
    key = key_of(presence.runtime.settings.pseudonym_secret.get_secret_value())
    for stranger in ("anna", "otto"):
        assert (await presence.get(f"/sessions/{session}/code", by=stranger)).status_code == 403
    early = await door.check_in(session, "anna")
    assert early[0].json()["code"] == "too-early"
    presence.now = END - 5 * MINUTE
    answer = await presence.get(f"/sessions/{session}/code", by="bram")
    assert datetime.fromisoformat(answer.json()["until"]) == END
    good, elsewhere = await door.code(session), await door.code(other)
    expired = sign(key, For.SESSION, session, presence.now)  # type: ignore[arg-type]
    for code, refusal in ((elsewhere, "code-elsewhere"), (expired, "code-expired"), ("x.y.z", "code-forged")):
        answer = await presence.post(f"/sessions/{session}/check-in", {"code": code}, by="anna")
        assert (answer.status_code, answer.json()["code"]) == (422, refusal)
    there = await presence.post(f"/sessions/{session}/check-in", {"code": good}, by="anna")
    assert there.json()["status"] == "checked-in"
    presence.now = END
    assert (await presence.get(f"/sessions/{session}/code", by="bram")).json()["code"] == "session-over"


async def test_a_session_is_moved_with_its_seats_and_its_timers(presence: Presence, door: Door) -> None:
    place = await presence.place()
    session = await door.session(capacity=1, placeId=place)
    await door.take(session, "anna", "chris")
    await door.notices()
    later = {"startsAt": (START + DAY).isoformat(), "endsAt": (END + DAY).isoformat()}
    for body, by in ((later, "anna"), (later | {"placeId": session}, "bram")):
        answer = await presence.post(f"/sessions/{session}/move", body, by=by)
        assert answer.status_code in {403, 422}, answer.text
    assert (await presence.post(f"/sessions/{session}/move", later)).json()["placeId"] == place
    assert sorted(await door.notices()) == [("anna", "session-moved"), ("chris", "session-moved")]
    assert await door.until(START + DAY - 25 * HOUR) == 0
    assert await door.until(START + DAY - 24 * HOUR) == 1
    assert await door.notices() == [("anna", "seat-reminder")]
    online = await presence.post(f"/sessions/{session}/move", later | {"placeId": None})
    assert (online.json()["placeId"], online.json()["status"]) == (None, "full")
    await door.until(START + HOUR)
    assert (await presence.get(f"/sessions/{session}/seats/mine", by="anna")).json()["status"] == "taken"
    await presence.post(f"/sessions/{session}/cancellation", {"reason": "safety"})
    await door.until(END + 2 * DAY)
    told = await door.notices()
    assert ("anna", "session-cancelled") in told
    assert ("chris", "session-cancelled") in told
    assert ("anna", "seat-lost") not in told
    assert (await presence.post(f"/sessions/{session}/move", later)).json()["code"] == "illegal-session-move"


async def test_more_room_lets_the_waiting_move_up_and_never_less_than_is_taken(presence: Presence, door: Door) -> None:
    session = await door.session(capacity=1)
    await door.take(session, "anna", "chris", "dora")
    await door.notices()
    assert (await presence.post(f"/sessions/{session}/capacity", {"capacity": 2}, by="anna")).status_code == 403
    assert (await presence.post(f"/sessions/{session}/capacity", {"capacity": 2})).json()["status"] == "full"
    assert await door.notices() == [("chris", "seat-moved-up")]
    answer = await presence.post(f"/sessions/{session}/capacity", {"capacity": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "capacity-below-taken")
    assert (await presence.post(f"/sessions/{session}/capacity", {"capacity": None})).json()["status"] == "open"
    assert await door.notices() == [("dora", "seat-moved-up")]
    assert await presence.rows("select count(*) from timers where kind = 'seat-no-shows'") == [(0,)]
    for wrong in ({}, {"capacity": 0}, {"capacity": "3"}):
        assert (await presence.post(f"/sessions/{session}/capacity", wrong)).status_code == 400


async def test_who_was_there_is_thanked_and_a_scribe_brings_in_the_harvest(presence: Presence, door: Door) -> None:
    session = await door.session()
    [anna] = await door.take(session, "anna")
    await door.take(session, "chris")
    line = {"lines": [{"words": "Een bank", "consent": "anonymous"}]}
    presence.now = START
    await presence.post(f"/sessions/{session}/start")
    await door.check_in(session, "anna", "dora")
    assert (await presence.post(f"/sessions/{session}/harvest", line, by="anna")).status_code == 403
    body, headers = json.dumps({"role": "scribe"}), {"Content-Type": "application/json"}

    async def give_role(by: str) -> Response:
        return await presence.client.put(f"/seats/{anna['id']}/role", content=body, headers=headers | login(by))

    assert [(await give_role(by)).status_code for by in ("anna", "bram")] == [403, 200]
    assert (await presence.post(f"/sessions/{session}/harvest", line, by="anna")).json()["status"] == "harvested"
    await door.notices()
    for by, status in (("anna", 403), ("bram", 200), ("bram", 422)):
        answer = await presence.post(f"/sessions/{session}/thanks", {"words": "Dank voor de bank."}, by=by)
        assert answer.status_code == status, answer.text
    assert sorted(await door.notices()) == [("anna", "session-thanked"), ("dora", "session-thanked")]
    [thanked] = [body for event, _, body in await presence.events() if event is SessionThanked and body]
    assert SessionThanked.model_validate_json(thanked).attended is None
    assert ((await door.shown(session))["thanks"], b"bank" in thanked) == ("Dank voor de bank.", False)
    gone = await presence.post(f"/seats/{anna['id']}/giving-up", by="anna")
    assert gone.json()["code"] == "session-over"


async def test_a_line_sent_again_under_its_own_id_is_no_second_line(presence: Presence, door: Door) -> None:
    session, other = await door.session(), await door.session()
    presence.now = START
    for one in (session, other):
        await presence.post(f"/sessions/{one}/start")
    line = {"id": session, "words": "Een bank", "consent": "anonymous"}
    first = await presence.post(f"/sessions/{session}/harvest", {"lines": [line]})
    before = await presence.events()
    again = await presence.post(f"/sessions/{session}/harvest", {"lines": [line, line]})
    assert (again.json()["lines"], again.json()["lineIds"]) == (1, [session, session])
    assert again.json()["version"] == first.json()["version"]
    for path, sent in ((session, [line | {"words": "Een boom"}]), (other, [line])):
        more = {"words": "En water", "consent": "anonymous"}
        answer = await presence.post(f"/sessions/{path}/harvest", {"lines": [more, *sent]})
        assert (answer.status_code, answer.json()["code"], answer.json()["lineId"]) == (409, "line-id-taken", session)
    assert await presence.events() == before


async def test_a_month_after_a_session_nobody_knows_who_was_there(presence: Presence, door: Door) -> None:
    session = await door.session()
    await door.take(session, "anna")
    await door.without_login(f"/sessions/{session}/seats")
    await door.until(END + 29 * DAY)
    assert len(await presence.pages("/me/seats", by="anna")) == 1
    await door.until(END + 30 * DAY)
    assert await presence.rows("select person_id, code_hash from seats") == [(None, None)] * 2
    assert await presence.pages("/me/seats", by="anna") == []


async def test_those_who_ask_at_once_share_a_transaction_and_each_has_their_own_answer(
    presence: Presence, door: Door
) -> None:
    session = await door.session(capacity=10)
    asked = [presence.post(f"/sessions/{session}/seats", by=f"resident-{number}") for number in range(25)]
    nowhere = presence.post("/sessions/0190f1e2-0000-7000-8000-000000000000/seats", by="anna")
    *answers, lost = await asyncio.gather(*asked, nowhere)
    assert (lost.status_code, lost.json()["code"]) == (404, "session-unknown")
    statuses = [answer.json()["status"] for answer in answers]
    assert (statuses.count("taken"), statuses.count("waiting")) == (10, 15)
    [(groups,)] = await presence.rows("select count(distinct xmin::text) from seats")
    assert groups < 10


async def test_several_processes_that_give_seats_at_once_never_give_one_too_many(
    presence: Presence, door: Door
) -> None:
    session = UUID(await door.session(capacity=3))

    async def apart(number: int) -> str:
        asked = seats.take(session, uuid4(), Holder(person_id=UUID(int=number)), NOON)
        async with presence.runtime.database.transaction() as tx:
            [answer] = await seats.change_seats(tx, [asked])
        assert isinstance(answer, seats.Answered)
        return answer.seat.status

    statuses = await asyncio.gather(*(apart(number) for number in range(8)))
    assert sorted(statuses) == ["taken"] * 3 + ["waiting"] * 5
    assert await presence.rows("select array_agg(number order by number) from seats") == [([*range(1, 9)],)]


async def test_when_several_leave_at_once_as_many_move_up(presence: Presence, door: Door) -> None:
    session = await door.session(capacity=3)
    leaving = [(one["id"], who) for one, who in zip(await door.take(session, *"abc"), "abc", strict=True)]
    await door.take(session, *"defg")
    asked = [seats.give_up(UUID(seat), Holder(person_id=person(who)), NOON) for seat, who in leaving]
    async with presence.runtime.database.transaction() as tx:
        await seats.change_seats(tx, asked)
    rows = await presence.rows("select status from seats order by number")
    assert [status for (status,) in rows] == ["given-up"] * 3 + ["taken"] * 3 + ["waiting"]
