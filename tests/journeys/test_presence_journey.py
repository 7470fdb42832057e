"""A municipality without a town hall, over HTTP: from a talk in a canteen to a promise the council kept."""

import json
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from tests.journeys.community import Community
from tests.journeys.conftest import open_square
from tests.journeys.waiting import eventually

HERE = ZoneInfo("Europe/Amsterdam")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
CANTEEN = {
    "name": "Sportkantine De Goal",
    "address": "Sportlaan 1, Molendorp",
    "kind": "sports-canteen",
    "point": {"latitude": 52.1501, "longitude": 5.3901},
    "neighbourhood": "molenwijk",
    "openingHours": {"tu": ["09:00-22:00"]},
    "accessibility": {"stepFree": True},
}
NEAR = "52.15,5.39"
SEATS = 3
STORY = [
    "place-added",
    "presence-series-announced",
    "presence-announced",
    "encounter-noted",
    "initiative-proposed",
    "contribution-offered",
    "contribution-linked",
    "session-announced",
    "session-opened",
    "session-filled",
    "waiting-list-moved",
    "session-started",
    "session-harvested",
    "session-thanked",
    "council-member-invited",
    "council-member-joined",
    "visit-invited",
    "visit-accepted",
    "frontrunner-visited",
    "council-promise-made",
    "council-promise-reminded",
    "council-promise-due",
    "council-promise-kept",
    "visit-reported",
]
"""What `events tail` told of, in the order in which each was told first."""


@pytest.fixture
def community(tmp_path: Path) -> Iterator[Community]:
    """A square of its own: its clock is moved."""
    with open_square(tmp_path / "square") as square:
        told = Community(square)
        for who in ("anna", "bea", "carla", "dirk", "eva", "bram", "erik"):
            told.name(who)
        yield told
        told.close()


@pytest.fixture
def tail(community: Community, tmp_path: Path) -> Iterator[Path]:
    """What `events tail --json` prints from the beginning of the story."""
    out = tmp_path / "events.jsonl"
    line = community.square.line("events", "tail", "--json")
    with (
        out.open("w") as file,
        subprocess.Popen(line, stdout=file, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        assert "Waiting" in process.stderr.readline()
        yield out
        process.terminate()


@pytest.mark.timeout(300)
def test_a_talk_in_the_canteen_becomes_an_initiative_that_the_council_visits(community: Community, tail: Path) -> None:
    an_officer_comes_every_week(community)
    a_resident_finds_who_is_near(community)
    talks_come_in_twice_and_shuffled(community)
    one_becomes_an_initiative(community)
    an_atelier_fills_and_its_waiting_list_moves(community)
    it_is_held_and_harvested(community)
    the_council_is_invited_and_comes(community)
    a_promise_rings_and_is_kept(community)
    everyone_concerned_heard_of_it(community)
    eventually(lambda: first_told(tail), lambda told: set(STORY) <= set(told))
    told = first_told(tail)
    assert [kind for kind in told if kind in STORY] == STORY


def first_told(tail: Path) -> list[str]:
    """The kinds of events, each where it was told first, by the time of recording."""
    events = [json.loads(line) for line in tail.read_text().splitlines(keepends=True) if line.endswith("\n")]
    events.sort(key=lambda event: (datetime.fromisoformat(event["time"]), event["id"]))
    return list(dict.fromkeys(event["type"].split(".")[-2] for event in events))


def now(it: Community) -> datetime:
    """What time it is on the square."""
    return datetime.fromisoformat(f"{it.square.command('clock')[:19]}+00:00")


def an_officer_comes_every_week(it: Community) -> None:
    """Bram is in the canteen every week from tomorrow, until further notice."""
    it.ids["canteen"] = it.post("bram", "/places", CANTEEN, service="presence")["id"]
    tomorrow = (datetime.now(HERE) + timedelta(days=1)).date()
    series = {
        "placeId": it.ids["canteen"],
        "themes": ["groen"],
        "rule": f"FREQ=WEEKLY;BYDAY={WEEKDAYS[tomorrow.weekday()]};COUNT=40",
        "startsOn": tomorrow.isoformat(),
        "startsAt": "14:00",
        "endsAt": "16:30",
    }
    announced = it.post("bram", "/presence-series", series, service="presence")
    assert announced["officerId"] == it.people["bram"]


def a_resident_finds_who_is_near(it: Community) -> None:
    """Once this week, near; and every week in the calendar, at two in the afternoon, whatever the season."""
    near = it.get(f"/presence-slots?near={NEAR}&radius=2000", "anna", service="presence")["items"]
    assert [one["place"]["id"] for one in near] == [it.ids["canteen"]]
    assert near[0]["distanceMeters"] < 100
    feed = it.client("anyone").get(f"/presence/v1/places/{it.ids['canteen']}/calendar")
    assert feed.headers["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(feed.text).events
    assert len(events) == 40
    assert {hour(event, HERE) for event in events} == {14}
    assert len({hour(event, UTC) for event in events}) == 2, "no change of the clock in 40 weeks"


def hour(event: Any, zone: tzinfo) -> int:
    """At what hour an event of a calendar begins somewhere."""
    begins: datetime = event.start
    return begins.astimezone(zone).hour


def talks_come_in_twice_and_shuffled(it: Community) -> None:
    """What Bram noted without signal arrives twice, in another order, from a phone whose clock is hours off."""
    talk = {"placeId": it.ids["canteen"], "theme": "groen", "consent": "anonymous"}
    noted = [talk | {"words": f"Wens {number}: meer groen bij de kantine."} for number in range(4)]
    noted.append(
        talk
        | {
            "consent": "named",
            "contributorId": it.people["anna"],
            "words": "Ik wil hier een buurttuin beginnen, met een pluktuin voor de school.",
            "becomes": "draft",
        }
    )
    phone = datetime.now(UTC) + timedelta(hours=3)
    commands = [
        {
            "id": str(uuid4()),
            "at": (phone - timedelta(minutes=60 - place)).isoformat(),
            "kind": "note-encounter",
            "encounter": encounter,
        }
        for place, encounter in enumerate(noted)
    ]
    for expected in ("done", "already-done"):
        random.shuffle(commands)
        sent = {"sentAt": phone.isoformat(), "commands": commands}
        results = it.post("bram", "/field-commands", sent, service="presence", status=200)["results"]
        assert [one["id"] for one in results] == [one["id"] for one in commands]
        assert {one["result"] for one in results} == {expected}
    assert len(it.get("/encounters/mine", "bram", service="presence")["items"]) == 5


def one_becomes_an_initiative(it: Community) -> None:
    """Anna finds a draft with her own words, gives it a title, and proposes it; what she said is its first thread."""
    drafts = eventually(lambda: it.get("/drafts", "anna")["items"], lambda items: len(items) == 1)
    [draft] = drafts
    content = draft["content"]
    assert "pluktuin" in content["summary"]
    assert content["theme"] == "groen"
    client = it.client("anna")
    kept = client.put(
        f"/initiatives/v1/drafts/{draft['id']}",
        json=content | {"title": "Een buurttuin bij de kantine"},
        headers={"If-Match": f'"{draft["version"]}"'},
    )
    assert kept.status_code == 200, kept.text
    garden = it.ids["garden"] = it.post("anna", f"/drafts/{draft['id']}/proposal")["id"]
    follow = {"kind": "initiative", "initiativeId": garden}
    eventually(
        lambda: it.client("bea").post("/notifications/v1/follows", json=follow).status_code,
        lambda status: status == 201,
    )
    [told] = eventually(lambda: it.page(garden)["contributions"], lambda shown: len(shown) == 1)
    assert told["origin"] == "encounter"
    it.ids["talk"] = told["id"]


def an_atelier_fills_and_its_waiting_list_moves(it: Community) -> None:
    """Three seats: Bea, Carla and somebody who gives no name; Dirk and Eva wait, until Bea gives hers up."""
    start = now(it) + timedelta(minutes=10)
    atelier = {
        "workingForm": "design-atelier",
        "question": "Wat groeit er straks naast de kantine, en wie zorgt ervoor?",
        "placeId": it.ids["canteen"],
        "startsAt": start.isoformat(),
        "endsAt": (start + timedelta(hours=2)).isoformat(),
        "initiativeIds": [it.ids["garden"]],
        "themes": ["groen"],
        "capacity": SEATS,
    }
    session = it.ids["session"] = it.post("bram", "/sessions", atelier, service="presence")["id"]
    seats = {
        who: it.post(who, f"/sessions/{session}/seats", service="presence")
        for who in ("bea", "carla", "anyone", "dirk", "eva")
    }
    assert {who: seat["status"] for who, seat in seats.items()} == {
        "bea": "taken",
        "carla": "taken",
        "anyone": "taken",
        "dirk": "waiting",
        "eva": "waiting",
    }
    it.ids["seat code"] = seats["anyone"]["code"]
    shown = it.get(f"/sessions/{session}", service="presence")
    assert (shown["status"], shown["capacity"], shown["taken"]) == ("full", SEATS, None)
    it.post("bea", f"/seats/{seats['bea']['id']}/giving-up", service="presence", status=200)
    moved_up = it.get(f"/sessions/{session}/seats/mine", "dirk", service="presence")
    assert moved_up["status"] == "taken"
    still = it.get(f"/sessions/{session}/seats/mine", "eva", service="presence")
    assert still["status"] == "waiting"


def it_is_held_and_harvested(it: Community) -> None:
    """They check in by the code on the table; what it yielded comes back as contributions, with its thread."""
    session, garden = it.ids["session"], it.ids["garden"]
    code = it.get(f"/sessions/{session}/code", "bram", service="presence")["code"]
    it.post("carla", f"/sessions/{session}/check-in", {"code": code}, service="presence", status=200)
    forged = it.client("dirk").post(f"/presence/v1/sessions/{session}/check-in", json={"code": code[:-3] + "abc"})
    assert (forged.status_code, forged.json()["code"]) == (422, "code-forged")
    it.post("dirk", f"/sessions/{session}/check-in", {"code": code}, service="presence", status=200)
    nobody = {"code": code, "seatCode": it.ids["seat code"]}
    it.post("anyone", f"/sessions/{session}/check-in", nobody, service="presence", status=200)
    it.post("bram", f"/sessions/{session}/start", service="presence", status=200)
    lines = [
        {"words": "Een pluktuin met lage bakken.", "consent": "named", "contributorId": it.people["carla"]},
        {"words": "Een regenton waar je zelf uit tapt.", "consent": "anonymous"},
        {"consent": "none"},
    ]
    harvest = {"lines": [line | {"initiativeId": garden, "id": str(uuid4())} for line in lines]}
    for _ in range(2):
        brought = it.post("bram", f"/sessions/{session}/harvest", harvest, service="presence", status=200)
    assert brought["lines"] == 3
    thanks = {"words": "Dank, het was een middag om te onthouden."}
    it.post("bram", f"/sessions/{session}/thanks", thanks, service="presence", status=200)
    shown = eventually(lambda: it.page(garden)["contributions"], lambda shown: len(shown) == 3)
    by_words = {one["words"]: one for one in shown}
    pick = by_words["Een pluktuin met lage bakken."]
    assert (pick["origin"], pick["sessionId"], pick["contributor"]["name"]) == ("session", session, "Carla")
    eventually(lambda: it.hops(pick["id"]), lambda kinds: {"session", "initiative"} <= kinds)
    eventually(lambda: it.hops(it.ids["talk"]), lambda kinds: "initiative" in kinds)


def the_council_is_invited_and_comes(it: Community) -> None:
    """Erik sits in the core group; Anna invites the council, Erik comes, sees, and promises something."""
    start = now(it)
    term = {"termFrom": (start - timedelta(days=1)).isoformat(), "termUntil": (start + timedelta(days=700)).isoformat()}
    invited = {"personId": it.people["erik"], "kind": "core", "themes": ["groen"], **term}
    member = it.post("otto", "/council-members", invited, service="presence")["id"]
    it.post("erik", f"/council-members/{member}/acceptance", service="presence", status=200)
    invitation = {"initiativeId": it.ids["garden"], "invitation": "Kom kijken wat de buurt hier maakt."}
    visit = it.ids["visit"] = it.post("anna", "/visits", invitation, service="presence")["id"]
    coming = {
        "startsAt": start.isoformat(),
        "endsAt": (start + timedelta(hours=1)).isoformat(),
        "placeId": it.ids["canteen"],
        "memberIds": [member],
    }
    refused = it.client("dora").post(f"/presence/v1/visits/{visit}/acceptance", json=coming)
    assert refused.status_code == 403, refused.text
    it.post("erik", f"/visits/{visit}/acceptance", coming, service="presence", status=200)
    it.post("erik", f"/visits/{visit}/visited", {"memberIds": [member]}, service="presence", status=200)
    due = (start.astimezone(HERE) + timedelta(days=10)).date().isoformat()
    promise = {"text": "De gemeente legt een kraan aan.", "dueOn": due}
    it.ids["promise"] = it.post("erik", f"/visits/{visit}/promises", promise, service="presence")["id"]


def a_promise_rings_and_is_kept(it: Community) -> None:
    """It is recalled a week before, rings when its day is over, and is visible until it was kept."""

    def status() -> Any:
        [shown] = it.get(f"/council-promises?visit={it.ids['visit']}", service="presence")["items"]
        return shown["status"]

    assert status() == "open"
    it.square.command("clock", "--forward", "5d")
    eventually(lambda: lines_of(it, "erik"), lambda kinds: "promise-nearly-due" in kinds)
    it.square.command("clock", "--forward", "6d12h")
    eventually(status, lambda shown: shown == "due")
    assert it.get("/council-promises?status=due", service="presence")["items"][0]["id"] == it.ids["promise"]
    it.post(
        "erik",
        f"/council-promises/{it.ids['promise']}/keeping",
        {"words": "De kraan is er."},
        service="presence",
        status=200,
    )
    assert status() == "kept"
    report = {"report": "We zagen een buurt die niet wacht. De kraan is er."}
    it.post("erik", f"/visits/{it.ids['visit']}/report", report, service="presence", status=200)
    page = it.get("/council", service="presence")
    assert it.ids["visit"] in json.dumps(page)
    assert it.ids["promise"] in json.dumps(page)


def lines_of(it: Community, who: str) -> set[str]:
    """What somebody is told alone, by its kind."""
    items = it.get("/me/lines?limit=100", who, service="notifications")["items"]
    return {one["what"] for one in items if one["kind"] == "notice"}


def everyone_concerned_heard_of_it(it: Community) -> None:
    """Dirk of his seat, Carla of the thanks, Anna of the visit, Erik of his promise; nobody of another's."""
    eventually(lambda: lines_of(it, "dirk"), lambda kinds: {"seat-waiting", "seat-moved-up"} <= kinds)
    eventually(lambda: lines_of(it, "carla"), lambda kinds: {"seat-taken", "session-thanked"} <= kinds)
    eventually(lambda: lines_of(it, "anna"), lambda kinds: {"visit-accepted", "promise-due", "visit-reported"} <= kinds)
    eventually(lambda: lines_of(it, "erik"), lambda kinds: {"council-invited", "visit-invited", "promise-due"} <= kinds)
    assert not {"promise-due", "visit-accepted"} & lines_of(it, "carla")
    followed = eventually(
        lambda: [
            one["type"].split(".")[-2] for one in it.get("/me/feed?limit=100", "bea", service="notifications")["items"]
        ],
        lambda kinds: {"session-announced", "frontrunner-visited", "council-promise-kept"} <= set(kinds),
    )
    assert "notice-given" not in followed
