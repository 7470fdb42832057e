"""What one person alone is told: mailed at once, once, to them and nobody else, and in their own list."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.notifications.conftest import Square, eventually, state, told
from tests.notifications.test_lineage import at, linked, offered
from tests.notifications.test_mail import failed_once, inbox, quiet, reachable
from tests.notifications.test_sessions import described, gone, place
from tests.support import person

from dorpsplein.contracts.initiatives.initiatives import ThresholdReached
from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.envelope import Recorded
from notifications.api.lines import LineList
from notifications.domain.lines.notices import TEXTS, Notice, line
from notifications.domain.subscriptions import TYPES
from notifications.events import PROJECTIONS
from notifications.mail import compose, post
from notifications.projections.notices import notices
from notifications.storage.mails import Mail, fan_out
from notifications.storage.notices import ABOUT
from presence.domain.notices import What

STARTS = datetime(2026, 6, 6, 12, tzinfo=UTC)
SAFETY = {What.LONE_VISIT_OVERDUE, What.LONE_VISIT_ENDED}


def notice(what: str = "seat-taken", to: str = "anna", **about: Any) -> NoticeGiven:
    return NoticeGiven(notice_id=uuid4(), person_id=person(to), what=what, **about)


def given(event: NoticeGiven, ago: timedelta = timedelta()) -> Recorded[Any]:
    return told(event, at=datetime.now(UTC) - ago)


async def lines(square: Square, by: str = "anna", query: str = "") -> list[dict[str, Any]]:
    answer = await square.get(f"/me/lines{query}", by=by)
    LineList.model_validate(answer)
    items: list[dict[str, Any]] = answer["items"]
    return items


async def mailed(square: Square) -> list[tuple[list[str], str, str]]:
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    return await inbox(square)


def test_everything_presence_tells_one_person_has_a_text() -> None:
    assert set(What) == TEXTS.keys()


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("known", [True, False])
def test_a_text_reads_whether_or_not_its_names_are_known(what: str, known: bool) -> None:
    said = line(Notice(what, "Wat missen we?", "Tuin", "De Goal", STARTS) if known else Notice(what))
    assert said == " ".join(said.split())
    assert said[0].isupper()
    assert not {"{", "}"} & set(said)
    assert "None" not in said
    assert len(said) < 200
    assert not said.endswith(".")


def test_a_line_says_names_and_moments_of_the_clock_here() -> None:
    full = Notice("seat-moved-up", session="Wat missen we?", place="De Goal", starts_at=STARTS)
    assert line(full) == (
        "Er kwam een plek vrij: je hebt nu een plek bij de bijeenkomst «Wat missen we?» op 06-06-2026 om 14:00"
        " in «De Goal»"
    )
    assert line(Notice("seat-moved-up")) == "Er kwam een plek vrij: je hebt nu een plek bij de bijeenkomst"


@pytest.mark.parametrize("what", What)
def test_a_mail_says_why_it_comes_and_what_ends_it_but_safety_is_not_to_be_ended(what: What) -> None:
    text = TEXTS[what]
    message = compose(
        Mail(uuid4(), 0, 0, "a@example.org", "-", text), sender="D <d@example.org>", public_url="http://a"
    )
    body = message.get_content()
    assert f"Je krijgt dit bericht omdat {text.because}." in body
    assert message["List-Unsubscribe"] is None
    assert (text.ends is None) == (what in SAFETY)
    assert text.ends is None or body.endswith(f"{text.ends}\n")


async def test_a_notice_is_mailed_once_to_its_person_who_follows_nothing_and_to_nobody_else(square: Square) -> None:
    session, canteen = uuid4(), uuid4()
    for who in ("anna", "boris"):
        await reachable(square, who)
    await square.tell(described(session), place(canteen))
    event = given(notice(session_id=session, place_id=canteen, starts_at=STARTS))
    await square.tell(event)
    await square.tell(event)
    await square.tell(told(event.event))
    ((recipients, subject, body),) = await mailed(square)
    assert recipients == ["anna@example.org"]
    assert subject == "Je hebt een plek bij de bijeenkomst «Wat missen we?» op 06-06-2026 om 14:00 in «De Goal»"
    assert (
        "omdat je je hebt aangemeld voor deze bijeenkomst.\nKun of wil je niet meer? Geef je plek terug"
        in body.replace("\r", "")
    )
    await square.tell(event, told(event.event))
    assert len(await mailed(square)) == 1
    (item,) = await lines(square)
    assert (item["kind"], item["what"], item["line"]) == ("notice", "seat-taken", subject)
    assert (item["sessionId"], item["placeId"], item["title"]) == (str(session), str(canteen), "Wat missen we?")
    assert await lines(square, "boris") == []


async def test_a_notice_stands_in_no_log_no_feed_and_goes_to_no_other_system(square: Square) -> None:
    everything = await square.subscribe("http://127.0.0.1:9/hook")
    await square.tell(notice(), notice("lone-visit-overdue"))
    assert len(await lines(square)) == 2
    assert await square.feed() == []
    assert await square.deliveries(everything["id"]) == []
    for table in ("log", "feed", "feed_waiting", "deliveries", "outbox"):
        assert await square.rows(f"select count(*) from {table} where {table}::text like '%notice%'") == [(0,)]
    assert NoticeGiven.type not in TYPES
    assert [name for name, one in PROJECTIONS.items() if NoticeGiven in one.of] == ["notices"]
    wanted = {"callbackUrl": "http://127.0.0.1:9/hook", "types": [NoticeGiven.type]}
    answer = await square.request("POST", "/subscriptions", wanted, by="saar")
    assert (answer.status_code, answer.json()["code"]) == (422, "type-unknown")


async def test_a_batch_that_is_killed_half_way_and_read_again_makes_one_line_and_one_mail(square: Square) -> None:
    await reachable(square, "anna")
    one, two = given(notice()), given(notice("seat-reminder"))
    consumer = next(consumer for consumer in square.runtime.consumers if consumer.name == "notices")
    with suppress(ZeroDivisionError):
        async with square.runtime.database.transaction() as tx:
            await notices(tx, [one, two])
            raise ZeroDivisionError
    assert await lines(square) == []
    await consumer.apply([one])
    await consumer.apply([one, two])
    assert sorted(item["what"] for item in await lines(square)) == ["seat-reminder", "seat-taken"]
    assert len(await mailed(square)) == 2


async def test_what_is_old_when_it_comes_is_not_mailed_and_what_is_older_than_90_days_is_nowhere(
    square: Square,
) -> None:
    await reachable(square, "anna")
    hours = {"seat-taken": 47, "seat-waiting": 49, "seat-lost": 24 * 89, "seat-reminder": 24 * 91}
    await square.tell(*(given(notice(what), timedelta(hours=ago)) for what, ago in hours.items()))
    assert [item["what"] for item in await lines(square)] == ["seat-taken", "seat-waiting", "seat-lost"]
    assert [subject for _, subject, _ in await mailed(square)] == ["Je hebt een plek bij de bijeenkomst"]
    await square.rows("update personal_notices set at = at - interval '2 days' returning 1")
    assert [item["what"] for item in await lines(square)] == ["seat-taken", "seat-waiting"]
    await square.tell(notice(to="boris"))
    assert await square.rows("select count(*) from personal_notices") == [(3,)]


async def test_a_code_without_a_text_is_passed_by_and_noted(square: Square, caplog: pytest.LogCaptureFixture) -> None:
    await reachable(square, "anna")
    with caplog.at_level(logging.WARNING):
        await square.tell(notice("moon-landing"), notice())
    assert "moon-landing" in caplog.text
    assert [item["what"] for item in await lines(square)] == ["seat-taken"]
    assert len(await mailed(square)) == 1


async def test_notices_and_what_came_of_contributions_are_one_list_newest_first_page_by_page(square: Square) -> None:
    garden, mine = uuid4(), uuid4()
    await square.tell(told(state(garden)), offered(mine, garden, minutes=-60))
    for minutes in range(6):
        if minutes % 2:
            await square.tell(told(notice("promise-due", initiative_id=garden), at=at(-minutes)))
        else:
            await square.tell(linked(("contribution", mine), ("scene", uuid4()), "used-in", garden, -minutes))
    whole = await lines(square)
    assert [item["kind"] for item in whole] == ["lineage", "notice"] * 3
    assert {item["line"] for item in whole} == {
        "Je inbreng is gebruikt in een scène van het droombeeld van «Buurttuin»",
        "De dag van een belofte aan «Buurttuin» is voorbij",
    }
    assert {(item["initiativeId"], item["title"]) for item in whole} == {(str(garden), "Buurttuin")}
    read, path = [], "/me/lines?limit=1"
    while path:
        answer = await square.get(path, by="anna")
        read += answer["items"]
        await square.tell(notice("seat-taken"))
        path = f"/me/lines?limit=1&cursor={answer['next']}" if answer["next"] else ""
    assert read == whole


async def test_notices_of_one_moment_are_each_read_once(square: Square) -> None:
    now = datetime.now(UTC)
    await square.tell(*(told(notice(what), at=now) for what in list(What)[:7]))
    read, path = [], "/me/lines?limit=2"
    while path:
        answer = await square.get(path, by="anna")
        read += [item["id"] for item in answer["items"]]
        path = f"/me/lines?limit=2&cursor={answer['next']}" if answer["next"] else ""
    assert len(read) == len(set(read)) == 7


async def test_a_session_that_is_erased_has_no_name_in_a_notice_either_and_its_people_are_still_mailed(
    square: Square,
) -> None:
    session = uuid4()
    await reachable(square, "anna")
    await square.tell(told(described(session, question="Een geheim"), 1))
    await square.tell(notice("session-cancelled", session_id=session))
    await square.tell(gone(session, 2))
    ((_, subject, body),) = await mailed(square)
    assert subject == "Dit gaat niet door: de bijeenkomst"
    assert "geheim" not in body + str(await lines(square))


async def test_who_gave_no_address_reads_it_and_who_took_it_back_gets_no_mail_that_waits(square: Square) -> None:
    await reachable(square, "boris")
    await square.tell(notice(), notice(to="boris"))
    async with square.at_work(post, smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none"):
        await eventually(lambda: failed_once(square))
    assert (await square.request("DELETE", "/me/address", by="boris")).status_code == 204
    await square.rows("update mails set next_at = now() returning 1")
    square.runtime.settings = square.runtime.settings.model_copy(update={"smtp_host": ""})
    assert await mailed(square) == []
    assert len(await lines(square)) == len(await lines(square, "boris")) == 1


async def test_a_notice_goes_before_the_mails_of_a_busy_initiative(square: Square) -> None:
    garden = uuid4()
    await square.tell(state(garden))
    for number in range(30):
        await reachable(square, f"volger-{number}")
        await square.follow(f"volger-{number}", kind="initiative", initiativeId=str(garden))
    await reachable(square, "anna")
    await square.tell(ThresholdReached(initiative_id=garden, threshold=3))
    async with square.runtime.database.transaction() as tx:
        assert await fan_out(tx) == 1
    await square.tell(notice("lone-visit-overdue"))
    arrived = await mailed(square)
    assert len(arrived) == 31
    assert arrived[0][0] == ["anna@example.org"]


def test_ids_of_notices_are_those_of_the_contract() -> None:
    ids = {name for name in NoticeGiven.model_fields if name.endswith("_id")} - {"notice_id", "person_id"}
    assert ids == set(ABOUT)
