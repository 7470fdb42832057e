"""Whatever is sent: a problem document that says what is wrong, and nothing has changed."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.presence.conftest import CANTEEN, Presence, window
from tests.support import login, running

from dorpsplein.web import to_cursor
from presence.app import SERVICE

ID = str(uuid4())
TALK = {"id": ID, "theme": "care", "consent": "anonymous", "words": "words"}
NOTED = {"id": ID, "at": "2026-05-01T12:00:00Z", "kind": "note-encounter", "encounter": TALK}
GOOD: dict[str, dict[str, Any]] = {
    "/places": CANTEEN,
    f"/places/{ID}/facilities": {"code": "zaal", "kind": "room", "name": "De zaal"},
    "/presence-slots": window(ID, 1, 2) | {"themes": ["sport"]},
    "/encounters": TALK,
    "/field-commands": {"sentAt": "2026-05-01T12:00:00Z", "commands": [NOTED]},
    "/sessions": window(ID, 1, 2) | {"workingForm": "creative-lab", "question": "What do we miss?"},
    "/working-forms": {
        "code": "fire-circle",
        "name": "Vuurkring",
        "whatFor": "Listen",
        "minutes": 60,
        "leastPeople": 2,
        "mostPeople": 9,
    },
    "/session-requests": {"question": "What do we miss?", "theme": "care"},
}
ASKERS = {"/session-requests": "anna"}
"""Who may send what an arranger may not."""
FAULTS: list[tuple[str, str, list[Any], str]] = [
    *((path, "extra", [1], "/extra") for path in GOOD),
    ("/places", "name", ["", "  ", "x" * 201, "a\0b", "a\nb", "\ud800", 3, None, ["x"]], "/name"),
    ("/places", "address", ["\x7f"], "/address"),
    ("/places", "kind", ["town-hall", {}], "/kind"),
    ("/places", "point", [None, [52, 5], "52,5"], "/point"),
    ("/places", "point", [{"latitude": 52}], "/point/longitude"),
    ("/places", "point", [{"latitude": 52, "longitude": 5, "height": 1}], "/point/height"),
    (
        "/places",
        "point",
        [
            {"latitude": wrong, "longitude": 5}
            for wrong in [90.1, -91, "52", True, None, float("nan"), float("inf"), 10**400]
        ],
        "/point/latitude",
    ),
    ("/places", "neighbourhood", ["Oost", "", 3], "/neighbourhood"),
    ("/places", "openingHours", [[], "09:00-17:00", None], "/openingHours"),
    ("/places", "openingHours", [{"mo": "09:00-17:00"}, {"mo": ["09:00-17:00"] * 25}], "/openingHours/mo"),
    ("/places", "openingHours", [{"mo": [900]}, {"mo": ["0" * 21]}], "/openingHours/mo/0"),
    ("/places", "accessibility", [{"stepFree": "yes"}, {"stepFree": 1}], "/accessibility/stepFree"),
    ("/places", "host", ["", 3], "/host"),
    ("/places", "capacity", [0, -1, "5", 1.5, True, 10**10], "/capacity"),
    (f"/places/{ID}/facilities", "code", ["", "De Zaal", "a" * 61, None], "/code"),
    (f"/places/{ID}/facilities", "kind", ["hall", None], "/kind"),
    (f"/places/{ID}/facilities", "name", ["", None], "/name"),
    (f"/places/{ID}/facilities", "description", ["x" * 2_001], "/description"),
    ("/presence-slots", "placeId", ["x", 7, None, f"{ID}0"], "/placeId"),
    ("/presence-slots", "startsAt", [0, 1.5, True, None, "noon", 10**30], "/startsAt"),
    ("/presence-slots", "endsAt", ["2026-05-01", "2026-05-01T12:00:00", "2026-13-01T12:00:00Z"], "/endsAt"),
    ("/presence-slots", "themes", ["sport", None, ["a", "a"], [f"a{n}" for n in range(11)]], "/themes"),
    ("/presence-slots", "themes", [["Sport!"], ["a" * 61], [1]], "/themes/0"),
    ("/presence-slots", "officerId", [ID], "/officerId"),
    ("/encounters", "theme", ["", "Care", "a b", 1, None, "care\n"], "/theme"),
    ("/encounters", "consent", ["yes", True, None, ""], "/consent"),
    ("/encounters", "words", ["", "x" * 4001, "a\0b", 5, ["words"]], "/words"),
    ("/encounters", "id", ["1", 1], "/id"),
    ("/encounters", "notedBy", [ID], "/notedBy"),
    ("/sessions", "workingForm", ["Meeting!", 3, None], "/workingForm"),
    ("/sessions", "question", ["", "x" * 1_001, "a\0b", 3], "/question"),
    ("/sessions", "initiativeIds", [ID, [ID, ID], [ID] * 11], "/initiativeIds"),
    ("/sessions", "capacity", [0, -1, 10_001, 1.5, "3", True], "/capacity"),
    ("/sessions", "opensAt", [0, "noon", "2026-05-01T12:00:00"], "/opensAt"),
    ("/sessions", "themes", ["sport", ["a", "a"]], "/themes"),
    *(("/sessions", name, ["x"], f"/{name}") for name in ("agenda", "chair", "hostId")),
    ("/working-forms", "code", ["", "Fire circle", None, "a" * 61], "/code"),
    ("/working-forms", "whatFor", ["", "x" * 1_001, "a\0b", None], "/whatFor"),
    ("/working-forms", "minutes", [0, 4, 1_441, "60", 60.0, True, None, 10**30], "/minutes"),
    ("/working-forms", "mostPeople", [0, 1_001, "9", None], "/mostPeople"),
    ("/working-forms", "materials", [None, "clay", ["clay", "clay"], [f"m{n}" for n in range(21)]], "/materials"),
    ("/session-requests", "question", ["", "x" * 1_001, "a\0b", 3, None], "/question"),
    ("/session-requests", "theme", ["", "Care", None], "/theme"),
    ("/session-requests", "neighbourhood", ["De Kamp", 3], "/neighbourhood"),
    ("/session-requests", "point", ["52,5", [52, 5]], "/point"),
    ("/session-requests", "initiativeId", ["x", 1], "/initiativeId"),
    *(("/session-requests", name, ["x"], f"/{name}") for name in ("askedBy", "status", "sessionId")),
    ("/encounters", "mediaId", ["1", 1], "/mediaId"),
    ("/encounters", "becomes", ["initiative", None], "/becomes"),
    ("/field-commands", "commands", [[], None, {}, "commands", [NOTED] * 1_001], "/commands"),
    ("/field-commands", "sentAt", [None, 0, "noon", "0001-01-01T00:00:00+14:00"], "/sentAt"),
]


def is_a_problem(answer: Response, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["code"]
    assert document["title"]
    return document


async def nothing_changed(presence: Presence) -> None:
    counts = await presence.rows(
        "select (select count(*) from places), (select count(*) from presence_slots),"
        " (select count(*) from encounters), (select count(*) from outbox), (select count(*) from idempotency),"
        " (select count(*) from session_requests), (select count(*) from working_forms),"
        " (select count(*) from field_commands)"
    )
    assert counts == [(0, 0, 0, 0, 0, 0, 8, 0)]


async def post(presence: Presence, path: str, body: Any) -> Response:
    return await presence.post(path, body, by=ASKERS.get(path, "bram"), key="k")


async def test_every_fault_is_named_and_nothing_changes(presence: Presence) -> None:
    for path, field, values, pointer in FAULTS:
        for wrong in values:
            document = is_a_problem(await post(presence, path, GOOD[path] | {field: wrong}), 400)
            assert pointer in {error["pointer"] for error in document["errors"]}, (path, wrong, document)
    await nothing_changed(presence)


async def test_all_faults_are_listed_at_once(presence: Presence) -> None:
    document = is_a_problem(await presence.post("/places", {"name": "", "kind": "x", "more": 1}), 400)
    assert {error["pointer"] for error in document["errors"]} == {"/name", "/address", "/kind", "/point", "/more"}


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"name": ' + b"9" * 5_000 + b"}",
    b'{"\\ud800": 1}',
]


async def test_a_body_that_is_no_object_is_refused(presence: Presence) -> None:
    for content in UNREADABLE:
        for path in GOOD:
            headers = login(ASKERS.get(path, "bram")) | {"Content-Type": "application/json"}
            is_a_problem(await presence.client.post(path, content=content, headers=headers), 400)
    await nothing_changed(presence)


QUESTIONS = [
    "/places?near=here",
    "/places?near=91,5",
    "/places?near=nan,5",
    "/places?near=52,5&radius=0",
    "/places?near=52,5&radius=50001",
    "/places?near=52,5&radius=1e3",
    "/places?kind=town-hall",
    "/places?limit=0",
    "/places?limit=101",
    "/places?limit=" + "9" * 5_000,
    "/places?cursor=x",
    "/places?cursor=" + "W1tb" * 10_000,
    "/places/not-an-id",
    "/places?neighbourhood=Oost!",
    "/places/geojson?near=91,5",
    "/places/geojson?kind=town-hall",
    "/facilities?near=here",
    "/facilities?kind=hall",
    "/facilities?cursor=x",
    "/facilities/not-an-id/calendar",
    "/places/%00",
    "/places/%00/presence",
    "/here-now?near=52",
    "/here-now?near=52,5&radius=x",
    "/here-now?cursor=%F0",
    "/sessions?initiative=x",
    "/sessions?from=noon",
    "/sessions?cursor=x",
    "/sessions/not-an-id",
    "/working-forms?people=0",
    "/working-forms?people=x",
    "/working-forms?minutes=4",
    "/working-forms?cursor=x",
    "/working-forms/not-an-id",
    "/session-requests?near=here",
    "/session-requests?theme=Care",
    "/session-requests?initiative=x",
    "/session-requests?sort=oldest",
    "/session-requests?cursor=x",
    "/session-requests?cursor=" + to_cursor(uuid4()),
    "/session-requests/not-an-id",
    "/officers?cursor=x",
    "/officers/not-an-id",
]


async def test_a_question_that_makes_no_sense_is_refused(presence: Presence) -> None:
    for path in QUESTIONS:
        is_a_problem(await presence.client.get(path), 400)
    for path in (f"/places/{ID}", f"/presence-slots/{ID}", f"/sessions/{ID}", f"/sessions/{ID}/harvest", "/nowhere"):
        is_a_problem(await presence.client.get(path), 404)
    for path in (f"/working-forms/{ID}", f"/session-requests/{ID}", f"/officers/{ID}"):
        is_a_problem(await presence.client.get(path), 404)


async def test_a_cursor_of_another_list_leads_nowhere(presence: Presence) -> None:
    for path in ("/places", "/places?near=52,5", "/here-now", "/working-forms"):
        assert (await presence.client.get(path, params={"cursor": to_cursor(uuid4())})).json()["items"] == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.uuids().map(str),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def near_misses(draw: st.DrawFn) -> tuple[str, Any]:
    """A good request with something about it changed."""
    path = draw(st.sampled_from(sorted(GOOD)))
    body = {**GOOD[path]}
    for name in draw(st.lists(st.sampled_from([*body, "other"]), min_size=1, max_size=2)):
        body[name] = draw(ANYTHING)
    if path == "/field-commands" and draw(st.booleans()):
        talk = {**TALK, draw(st.sampled_from([*TALK, "other"])): draw(ANYTHING)}
        noted = {**NOTED, "encounter": talk, draw(st.sampled_from([*NOTED, "other"])): draw(ANYTHING)}
        body["commands"] = [noted, draw(ANYTHING)]
    return path, body


def test_nothing_that_can_be_sent_breaks_the_service(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    with asyncio.Runner() as runner:
        there = running(SERVICE, urls)
        client = runner.run(there.__aenter__()).client

        @settings(max_examples=300, deadline=None)
        @given(near_misses())
        def never_500(request: tuple[str, Any]) -> None:
            path, body = request
            headers = login(ASKERS.get(path, "bram")) | {"Content-Type": "application/json"}
            answer = runner.run(client.post(path, content=json.dumps(body), headers=headers))
            assert answer.status_code in {200, 201, 400, 404, 409, 422}, answer.text

        try:
            never_500()
        finally:
            runner.run(there.__aexit__(None, None, None))
