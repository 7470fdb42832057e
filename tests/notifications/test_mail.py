"""Mail about what someone follows, over real SMTP into the local inbox."""

import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP
from tests.conftest import MakeDatabase
from tests.notifications.conftest import DAM, QUICK, Square, erased, eventually, proposed, state, support, told
from tests.support import login, running

from dorpsplein.contracts.initiatives.initiatives import ThresholdReached
from notifications.app import SERVICE
from notifications.domain.lines.notices import TEXTS
from notifications.mail import compose, post
from notifications.storage.mails import Mail


def reached(garden: UUID) -> ThresholdReached:
    return ThresholdReached(initiative_id=garden, threshold=3)


async def reachable(square: Square, who: str) -> None:
    answer = await square.request("PUT", "/me/address", {"email": f"{who}@example.org"}, by=who)
    assert answer.status_code == 204, answer.text


async def inbox(square: Square) -> list[tuple[list[str], str, str]]:
    return await square.rows("select recipients, subject, body from local_mails order by id")


async def arrived(square: Square, number: int) -> bool:
    return len(await inbox(square)) >= number


async def quiet(square: Square) -> bool:
    ((waiting, behind),) = await square.rows(
        "select (select count(*) from mails where state = 'pending'), heads.feed - mail_cursor.position"
        " from heads, mail_cursor"
    )
    return bool(waiting == 0 and behind == 0)


async def test_a_follower_gets_one_mail_that_says_what_why_and_how_to_stop(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(state(garden, theme="groen", point=DAM))
    follow = await square.follow(kind="initiative", initiativeId=str(garden))
    await square.follow(kind="theme", theme="groen")
    await square.follow(kind="radius", latitude=DAM[0], longitude=DAM[1], radiusMetres=500)
    await square.follow("bram", kind="theme", theme="groen")
    await square.tell(reached(garden))
    async with square.at_work(post):
        await eventually(lambda: arrived(square, 1))
        await eventually(lambda: quiet(square))
    ((recipients, subject, body),) = await inbox(square)
    assert recipients == ["anna@example.org"]
    assert subject == "«Buurttuin» heeft 3 steunbetuigingen en kan verder"
    assert "omdat je dit volgt: het initiatief «Buurttuin»" in body
    stop = next(line.split(": ", 1)[1] for line in body.splitlines() if line.startswith("Niet meer volgen"))
    assert f"/api/notifications/v1/follows/{follow}/stop?key=" in stop
    stopped = await square.client.post(stop.split("/v1", 1)[1])
    assert stopped.status_code == 200
    assert follow not in str(await square.get("/me/follows", by="anna"))


@pytest.mark.parametrize("kind", ["theme", "radius"])
async def test_followers_of_a_theme_or_a_place_hear_of_a_new_initiative_whatever_arrives_first(
    square: Square, kind: str
) -> None:
    await reachable(square, "anna")
    subject: dict[str, Any] = {"kind": "theme", "theme": "groen"}
    if kind == "radius":
        subject = {"kind": "radius", "latitude": DAM[0], "longitude": DAM[1], "radiusMetres": 500}
    await square.follow(**subject)
    first, second, elsewhere = uuid4(), uuid4(), uuid4()
    async with square.at_work(post):
        await square.tell(state(first, "Eerst de naam", "groen", point=DAM), proposed(first))
        await square.tell(proposed(second))
        await square.tell(state(second, "Dan de naam", "groen", point=DAM))
        await square.tell(state(elsewhere, "Elders", "spel", point=(51.0, 4.0)), proposed(elsewhere, "spel"))
        await eventually(lambda: arrived(square, 2))
        await eventually(lambda: quiet(square))
    assert [subject for _, subject, _ in await inbox(square)] == [
        "Nieuw initiatief: «Eerst de naam»",
        "Nieuw initiatief: «Dan de naam»",
    ]


async def test_support_is_read_in_the_feed_and_not_mailed(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(state(garden))
    await square.follow(kind="initiative", initiativeId=str(garden))
    async with square.at_work(post):
        await square.tell(support(garden))
        await eventually(lambda: quiet(square))
    assert await inbox(square) == []


async def test_who_takes_their_address_back_gets_no_mail_that_still_waits(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(state(garden))
    await square.follow(kind="initiative", initiativeId=str(garden))
    await square.tell(reached(garden))
    again = {"first_retry_s": 0.05, "longest_retry_s": 0.05}
    async with square.at_work(post, smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none", **again):
        await eventually(lambda: failed_once(square))
    assert (await square.request("DELETE", "/me/address", by="anna")).status_code == 204
    assert (await square.request("GET", "/me/address", by="anna")).status_code == 404
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    assert await inbox(square) == []


async def failed_once(square: Square) -> bool:
    return bool(await square.rows("select 1 from mails where attempts > 0"))


class Moody:
    """A mail server that puts off once and refuses one recipient for good."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.kept: list[str] = []

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("bram"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        message_id = next(line for line in envelope.content.decode().splitlines() if line.startswith("Message-ID"))
        self.seen.append(message_id)
        if len(self.seen) == 1:
            return "451 try again"
        self.kept.append(message_id)
        return "250 OK"


async def test_a_mail_that_is_put_off_goes_again_under_the_same_id_and_one_that_is_refused_does_not(
    square: Square,
) -> None:
    moody, garden = Moody(), uuid4()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(moody, hostname="localhost", loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await square.tell(state(garden))
    for who in ("anna", "bram"):
        await reachable(square, who)
        await square.follow(who, kind="initiative", initiativeId=str(garden))
    await square.tell(reached(garden))
    async with square.at_work(post, smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none"):
        await eventually(lambda: quiet(square))
    server.close()
    assert moody.seen == [moody.kept[0]] * 2
    assert len(moody.kept) == 1
    assert sorted(await square.rows("select state, attempts from mails")) == [("parked", 1), ("sent", 2)]


async def test_the_inbox_page_shows_words_and_runs_nothing(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(state(garden, "<script>alert('x')</script>\u202e & co"))
    await square.follow(kind="initiative", initiativeId=str(garden))
    await square.tell(reached(garden))
    async with square.at_work(post):
        await eventually(lambda: arrived(square, 1))
    page = await square.client.get("/inbox")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page.text


@pytest.mark.parametrize(
    "words", ["is er een creatielab online voor «Vijver»: «Wat missen we?»", "«é» " * 60, "é" * 150]
)
def test_a_long_subject_keeps_every_space(words: str) -> None:
    line = f"Op 06-06-2026 van 14:00 tot 16:00 {words}".strip()
    mail = Mail(uuid4(), 0, 0, "anna@example.org", line, TEXTS["seat-taken"])
    sent = bytes(compose(mail, sender="Dorpsplein <a@example.org>", public_url="http://a"))
    assert message_from_bytes(sent, policy=default)["Subject"] == line
    assert max(map(len, sent.split(b"\r\n"))) <= 78
    assert sent.isascii()


async def test_an_erased_initiative_is_mailed_to_nobody(square: Square) -> None:
    garden = uuid4()
    await reachable(square, "anna")
    await square.tell(told(state(garden), 1))
    await square.follow(kind="initiative", initiativeId=str(garden))
    await square.tell(reached(garden))
    await square.tell(erased(garden, 2))
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    assert await inbox(square) == []


async def test_outside_the_local_environment_there_is_no_inbox_and_no_address_without_a_mail_server(
    make_database: MakeDatabase,
) -> None:
    production = {**QUICK, "environment": "production", "allow_private_callbacks": False}
    async with running(SERVICE, make_database("notifications"), settings=production) as there:
        assert (await there.client.get("/inbox")).status_code == 404
        answer = await there.client.put("/me/address", json={"email": "anna@example.org"}, headers=login("anna"))
        assert (answer.status_code, answer.json()["code"]) == (422, "mail-not-set-up")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@localhost",
        "anna@example.org\nBcc: all@example.org",
        "anna@example.org\r\n",
        "anna @example.org",
        "a@b@example.org",
        "<anna@example.org>",
        "anna@exämple.org",
        "a" * 250 + "@example.org",
        "anna\0@example.org",
        7,
        None,
    ],
)
async def test_an_address_that_is_none_is_refused_and_not_kept(square: Square, email: object) -> None:
    answer = await square.request("PUT", "/me/address", {"email": email}, by="anna")
    kept = await square.rows("select email from contacts")
    if email == "anna@example.org\r\n":
        assert (answer.status_code, kept) == (204, [("anna@example.org",)])
    else:
        assert (answer.status_code, kept) == (400, [])
