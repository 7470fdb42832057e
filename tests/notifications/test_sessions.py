"""Sessions in the feed, the streams and the mails: told once, to followers of any of their initiatives and places."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.notifications.conftest import DAM, Square, erased, eventually, state, told
from tests.notifications.test_mail import inbox, quiet, reachable
from tests.support import person

from dorpsplein.contracts.presence.places import PlaceState
from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionHarvested,
    SessionMoved,
    SessionOpened,
    SessionState,
)
from dorpsplein.contracts.presence.visits import VisitAccepted
from dorpsplein.envelope import Event, Recorded
from notifications.live import Live, anything, followed_by
from notifications.mail import post
from notifications.storage import feed

STARTS = datetime(2026, 6, 6, 12, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=2)
ELSEWHERE = (51.0, 4.0)


def announced(session: UUID, *initiatives: UUID, place: UUID | None = None, **other: Any) -> SessionAnnounced:
    return SessionAnnounced(
        session_id=session,
        place_id=place,
        working_form="creative-lab",
        starts_at=STARTS,
        ends_at=ENDS,
        initiative_ids=list(initiatives),
        host_id=uuid4(),
        **other,
    )


def described(session: UUID, *initiatives: UUID, question: str = "Wat missen we?", **other: Any) -> SessionState:
    return SessionState(
        session_id=session,
        question=question,
        working_form="creative-lab",
        status="announced",
        starts_at=STARTS,
        ends_at=ENDS,
        initiative_ids=list(initiatives),
        **other,
    )


def place(place_id: UUID, name: str = "De Goal", point: tuple[float, float] = DAM) -> PlaceState:
    return PlaceState(place_id=place_id, name=name, address="", kind="canteen", latitude=point[0], longitude=point[1])


def gone(session: UUID, sequence: int) -> Recorded[Event]:
    """The tombstone of a session's state."""
    bare: Any = SessionState.model_construct
    return told(bare(None, session_id=session), sequence, erases=True)


async def test_a_line_stands_once_and_is_read_by_each_initiative_in_it_and_by_who_follows_any(square: Square) -> None:
    garden, pond, other, canteen, session = (uuid4() for _ in range(5))
    await square.tell(state(garden, "Tuin", "groen"), state(pond, "Vijver", "water"), state(other, "Anders", "spel"))
    await square.tell(place(canteen), described(session, garden, pond))
    await square.tell(announced(session, garden, pond, place=canteen))
    says = (
        "Op 06-06-2026 van 14:00 tot 16:00 is er een creatielab in «De Goal» voor «Tuin» en «Vijver»: «Wat missen we?»"
    )
    (item,) = await square.feed()
    assert (item["line"], item["initiativeId"], item["title"]) == (says, str(garden), "Tuin")
    for query in (f"?initiative={garden}", f"?initiative={pond}", "?theme=groen", "?theme=water"):
        assert await square.feed(query) == [item], query
    assert await square.feed(f"?initiative={other}") == await square.feed("?theme=spel") == []
    for who, subject in (
        ("first", {"kind": "initiative", "initiativeId": str(garden)}),
        ("second", {"kind": "initiative", "initiativeId": str(pond)}),
        ("themed", {"kind": "theme", "theme": "water"}),
        ("near", {"kind": "radius", "latitude": DAM[0], "longitude": DAM[1], "radiusMetres": 500}),
        ("far", {"kind": "radius", "latitude": ELSEWHERE[0], "longitude": ELSEWHERE[1], "radiusMetres": 500}),
        ("else", {"kind": "initiative", "initiativeId": str(other)}),
    ):
        await square.follow(who, **subject)
        assert await square.feed(by=who) == ([] if who in {"far", "else"} else [item]), who
    await square.follow("first", kind="initiative", initiativeId=str(pond))
    assert await square.feed(by="first") == [item]


async def test_pages_of_a_subject_mix_lines_that_stand_about_it_and_lines_that_also_are(square: Square) -> None:
    garden, pond = uuid4(), uuid4()
    sessions = [uuid4() for _ in range(9)]
    await square.tell(state(garden), state(pond), *(described(one) for one in sessions))
    for number, session in enumerate(sessions):
        await square.tell(announced(session, *([garden, pond] if number % 2 else [pond, garden])))
    read, path = [], f"/feed?limit=2&initiative={garden}"
    while path:
        answer = await square.get(path)
        read += [item["position"] for item in answer["items"]]
        path = f"/feed?limit=2&initiative={garden}&cursor={answer['next']}" if answer["next"] else ""
    assert read == list(range(9, 0, -1))


async def test_streams_tell_it_to_who_follows_or_asks_for_any_of_its_initiatives(square: Square) -> None:
    garden, pond, session = uuid4(), uuid4(), uuid4()
    await square.tell(state(garden), state(pond, theme="water"), described(session), announced(session, garden, pond))
    await square.follow("anna", kind="initiative", initiativeId=str(pond))
    async with square.runtime.database.connection() as connection:
        (item,) = await feed.after(connection, 0, 10)
    live = Live(square.runtime.database)
    for choice, wanted in (
        (anything(pond, None), True),
        (anything(None, "water"), True),
        (anything(garden, "water"), False),
        (anything(uuid4(), None), False),
        (followed_by(live, person("anna")), True),
        (followed_by(live, person("bram")), False),
    ):
        async with choice as wants:
            assert await wants(item) is wanted


async def test_a_line_waits_for_every_name_in_it_whatever_comes_first(square: Square) -> None:
    for order in permutations(range(4)):
        garden, pond, canteen, session = (uuid4() for _ in range(4))
        events: list[Event] = [state(pond, "Vijver"), place(canteen), described(session)]
        await square.tell(state(garden, "Tuin"))
        for step, number in enumerate(order):
            event = announced(session, garden, pond, place=canteen) if number == 3 else events[number]
            assert await square.feed(f"?initiative={garden}") == [], step
            await square.tell(event)
        (item,) = await square.feed(f"?initiative={garden}")
        assert all(name in item["line"] for name in ("«Tuin» en «Vijver»", "«De Goal»", "«Wat missen we?»"))
    assert await square.rows("select * from feed_waiting") == []
    assert await square.rows("select count(*) from feed_also") == [(24 * 2,)]


async def test_a_session_that_opens_as_it_is_announced_is_told_once_and_one_that_opens_later_again(
    square: Square,
) -> None:
    now = datetime.now(UTC)
    at_once, later = uuid4(), uuid4()
    await square.tell(described(at_once), described(later))
    for session, opens in ((at_once, now), (later, now + timedelta(days=3))):
        await square.tell(told(announced(session), 1, at=now))
        await square.tell(told(SessionOpened(session_id=session), 2, at=opens))
    lines = [item["line"].split(" online")[0] for item in await square.feed()]
    same = "Op 06-06-2026 van 14:00 tot 16:00 is er een creatielab"
    assert lines == ["Je kunt nu een plek nemen bij de bijeenkomst «Wat missen we?»", same, same]
    assert await square.rows("select count(*) from log where type like '%opened%'") == [(2,)]


async def test_a_session_that_is_erased_has_no_name_any_more(square: Square) -> None:
    garden, session = uuid4(), uuid4()
    await square.tell(state(garden, "Tuin"), told(described(session, question="Een geheim"), 1))
    await square.tell(SessionHarvested(session_id=session, initiative_ids=[garden], lines=3))
    (item,) = await square.feed()
    assert item["line"] == "De bijeenkomst «Een geheim» online voor «Tuin» bracht 3 keer iets op"
    await square.tell(gone(session, 2))
    (item,) = await square.feed()
    assert item["line"] == "De bijeenkomst online voor «Tuin» bracht 3 keer iets op"
    for table in ("subjects", "log", "feed", "feed_also"):
        assert "geheim" not in str(await square.rows(f"select t::text from {table} t"))


async def test_one_mail_a_person_goes_to_followers_of_each_initiative_and_names_the_one_they_follow(
    square: Square,
) -> None:
    garden, pond, canteen, session = (uuid4() for _ in range(4))
    await square.tell(state(garden, "Tuin"), state(pond, "Vijver"), place(canteen), described(session))
    near = {"kind": "radius", "latitude": DAM[0], "longitude": DAM[1], "radiusMetres": 500}
    for who, followed in (("anna", [garden, pond]), ("boris", [pond]), ("carla", []), ("dirk", [])):
        await reachable(square, who)
        for one in followed:
            await square.follow(who, kind="initiative", initiativeId=str(one))
    for who in ("anna", "carla"):
        await square.follow(who, **near)
    await square.tell(announced(session, garden, pond, place=canteen))
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    mails = {recipients[0].split("@")[0]: body for recipients, _, body in await inbox(square)}
    assert len(await inbox(square)) == 3
    assert mails.keys() == {"anna", "boris", "carla"}
    assert "omdat je dit volgt: het initiatief «" in mails["anna"]
    assert "omdat je dit volgt: het initiatief «Vijver»" in mails["boris"]
    assert "omdat je dit volgt: wat er binnen 500 meter van jouw punt gebeurt" in mails["carla"]


async def test_who_follows_an_initiative_that_is_not_erased_is_mailed_though_the_first_is(square: Square) -> None:
    garden, pond, session = uuid4(), uuid4(), uuid4()
    await square.tell(told(state(garden, "Tuin"), 1), state(pond, "Vijver"), described(session))
    for who, one in (("anna", garden), ("boris", pond)):
        await reachable(square, who)
        await square.follow(who, kind="initiative", initiativeId=str(one))
    await square.tell(announced(session, garden, pond))
    await square.tell(erased(garden, 2))
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    ((recipients, subject, _),) = await inbox(square)
    assert recipients == ["boris@example.org"]
    assert subject.endswith("creatielab online voor «Vijver»: «Wat missen we?»")


@pytest.mark.parametrize("point", [DAM, ELSEWHERE])
async def test_who_lives_near_the_old_or_the_new_place_hears_that_a_session_moved(
    square: Square, point: tuple[float, float]
) -> None:
    old, new, session = uuid4(), uuid4(), uuid4()
    await reachable(square, "anna")
    await square.follow(kind="radius", latitude=point[0], longitude=point[1], radiusMetres=500)
    await square.tell(place(old), place(new, "De Hoek", ELSEWHERE), described(session))
    await square.tell(SessionMoved(session_id=session, place_id=new, from_place_id=old, starts_at=STARTS, ends_at=ENDS))
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    ((_, subject, _),) = await inbox(square)
    assert subject == ("De bijeenkomst «Wat missen we?» is verplaatst: op 06-06-2026 van 14:00 tot 16:00 in «De Hoek»")


async def test_a_visit_is_mailed_to_who_follows_the_initiative(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(state(garden))
    await square.follow(kind="initiative", initiativeId=str(garden))
    await square.tell(
        VisitAccepted(visit_id=uuid4(), initiative_id=garden, member_ids=[uuid4()], starts_at=STARTS, ends_at=ENDS)
    )
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    ((_, subject, _),) = await inbox(square)
    assert subject == "De inspiratieraad komt op 06-06-2026 van 14:00 tot 16:00 op werkbezoek bij «Buurttuin»"
