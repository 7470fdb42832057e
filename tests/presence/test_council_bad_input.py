"""Whatever is sent to the council: an answer or a problem document, never a fault of ours."""

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.presence.conftest import Presence
from tests.presence.council import Council, plan
from tests.presence.test_bad_input import ANYTHING
from tests.support import login, running

from presence.app import SERVICE

ID = str(uuid4())
GOOD: dict[str, dict[str, Any]] = {
    "/council-members": {
        "personId": ID,
        "kind": "inspirator",
        "themes": ["sport"],
        "termFrom": "2026-05-01T12:00:00Z",
        "termUntil": "2027-05-01T12:00:00Z",
    },
    "/council-members/{member}/ending": {"reason": "moved-away"},
    "/visits": {"initiativeId": "{pond}", "invitation": "Kom!", "placeId": None},
    "/visits/{visit}/acceptance": plan(1, "{member}", placeId=None),
    "/visits/{visit}/declining": {"reason": "no-time", "answer": "Nee."},
    "/visits/{visit}/cancellation": {"reason": "other"},
    "/visits/{visit}/visited": {"memberIds": ["{member}"]},
    "/visits/{visit}/report": {"report": "Mooi."},
    "/visits/{visit}/promises": {"text": "Een bankje.", "dueOn": "2026-06-01"},
    "/council-promises/{promise}/keeping": {"words": "Het staat er."},
    "/council-promises/{promise}/letting-go": {"reason": "not-possible", "why": "Nee."},
}
EDGES = st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2026-05-01T12:00:00Z",
        "0001-01-01",
        "9999-12-31",
        "\ud800",
        [],
        [ID] * 51,
    ]
)
QUESTIONS = [
    "/council-members?status=here",
    "/council-members?kind=mayor",
    "/council-members?cursor=x",
    "/council-members/not-an-id",
    "/visits?initiative=x",
    "/visits?status=open",
    "/visits?limit=101",
    "/visits/%00",
    "/council-promises?visit=x",
    "/council-promises?status=broken",
    "/council/worth-a-visit?limit=0",
]


async def test_a_question_about_the_council_that_makes_no_sense_is_refused(presence: Presence) -> None:
    for path in QUESTIONS:
        answer = await presence.client.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json"), path
    for path in (f"/council-members/{ID}", f"/visits/{ID}", f"/council-promises/{ID}"):
        assert (await presence.client.get(path)).status_code == 404


@st.composite
def near_misses(draw: st.DrawFn) -> tuple[str, Any]:
    """A good request with something about it changed."""
    path = draw(st.sampled_from(sorted(GOOD)))
    body = {**GOOD[path]}
    for name in draw(st.lists(st.sampled_from([*body, "other"]), min_size=1, max_size=2)):
        body[name] = draw(EDGES | ANYTHING)
    return path, body


def test_nothing_that_can_be_sent_breaks_the_council(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    with asyncio.Runner() as runner:
        there = running(SERVICE, urls)
        service = runner.run(there.__aenter__())
        presence = Presence(service.runtime, service.client)
        service.runtime.outbox = replace(service.runtime.outbox, clock=lambda: presence.now)

        async def begin() -> dict[str, str]:
            """A member who carries a pond too, a visit that was made there, and a promise."""
            council = Council(presence)
            council.pond = await council.initiative("ina", "kees")
            member = await council.member("kees")
            visit = await council.visited(member)
            made = await council.done(f"/visits/{visit}/promises", GOOD["/visits/{visit}/promises"], by="kees")
            return {"pond": str(council.pond), "member": member, "visit": visit, "promise": made["id"]}

        ids = runner.run(begin())

        def filled(text: str) -> str:
            for name, known in ids.items():
                text = text.replace(f"{{{name}}}", known)
            return text

        @settings(max_examples=300, deadline=None)
        @given(near_misses())
        def never_500(request: tuple[str, Any]) -> None:
            path, body = request
            headers = login("kees") | {"Content-Type": "application/json"}
            sent = service.client.post(filled(path), content=filled(json.dumps(body)), headers=headers)
            answer = runner.run(sent)
            assert answer.status_code < 500, answer.text

        try:
            never_500()
        finally:
            runner.run(there.__aexit__(None, None, None))
