"""How far stories and invitations came: mails that went out and deliveries that were confirmed, counted and told."""

from uuid import UUID, uuid4

from tests.notifications.conftest import Receiver, Square, eventually, state, support
from tests.notifications.test_mail import failed_once, quiet, reachable
from tests.notifications.test_sessions import announced, described

import notifications
from dorpsplein.contracts.initiatives.stories import StoryPublished, StoryRetold
from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.contracts.presence.sessions import SessionCancelled
from dorpsplein.envelope import Event
from dorpsplein.migrating import migrations_of
from notifications.commands.reach import measure_reach
from notifications.domain.reach import COUNTED, Reach, evolve, measure
from notifications.mail import post
from notifications.measuring import measure as measuring
from notifications.webhooks import deliver

STORY = uuid4()


def told(people: int, mails: int, deliveries: int, version: int = 1) -> Reach:
    return Reach(STORY, "story", people, mails, deliveries, version)


def test_only_what_has_grown_is_told_and_nothing_is_taken_back() -> None:
    assert measure(told(3, 4, 1), Reach(STORY, "story", 3, 4, 1)) is None
    assert measure(told(3, 4, 1), Reach(STORY, "story", 2, 3, 0)) is None
    more = measure(told(3, 4, 1), Reach(STORY, "story", 2, 5, 1))
    assert more == ReachMeasured(subject_id=STORY, subject_kind="story", people=3, mails=5, deliveries=1)
    assert evolve(told(3, 4, 1), more) == told(3, 5, 1, version=2)


def news(story: UUID, garden: UUID) -> list[Event]:
    return [
        StoryPublished(story_id=story, initiative_id=garden, teller_id=uuid4()),
        StoryRetold(story_id=story, initiative_id=garden, retelling_id=uuid4(), by_id=uuid4()),
    ]


async def count(square: Square) -> int:
    async with square.runtime.database.transaction() as tx:
        return await measure_reach(tx)


async def reached(square: Square) -> list[dict[str, object]]:
    return [
        {"sequence": fact["sequence"], **fact["data"]}
        for fact in await square.facts()
        if fact["type"] == "reach-measured"
    ]


async def confirmed(square: Square, number: int) -> bool:
    ((many,),) = await square.rows("select count(*) from deliveries where state = 'delivered'")
    return bool(many >= number)


async def test_a_story_is_counted_by_who_was_mailed_and_by_what_other_systems_confirmed(
    square: Square, receiver: Receiver
) -> None:
    garden, story, other = uuid4(), uuid4(), uuid4()
    await square.tell(state(garden))
    for who in ("anna", "boris"):
        await reachable(square, who)
        await square.follow(who, kind="initiative", initiativeId=str(garden))
    await square.follow("chris", kind="initiative", initiativeId=str(garden))
    receiver.secret = (await square.subscribe(receiver.url, [StoryPublished.type]))["secret"]
    published, retold = news(story, garden)
    await square.tell(published, support(garden))
    again = {"first_retry_s": 0.05, "longest_retry_s": 0.05}
    async with square.at_work(post, smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none", **again):
        await eventually(lambda: failed_once(square))
    assert await count(square) == 0
    async with square.at_work(post, smtp_host=""):
        await eventually(lambda: quiet(square))
    assert await count(square) == 1
    async with square.at_work(deliver):
        await eventually(lambda: confirmed(square, 1))
    await square.tell(retold, news(other, uuid4())[0])
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    assert await count(square) == 1
    assert await count(square) == 0
    subject = {"subjectId": str(story), "subjectKind": "story"}
    assert await reached(square) == [
        {"sequence": 1, **subject, "people": 2, "mails": 2, "deliveries": 0},
        {"sequence": 2, **subject, "people": 2, "mails": 4, "deliveries": 1},
    ]
    lines = [(item["line"], item["initiativeId"]) for item in await square.feed("?limit=3")]
    assert ("Een wethouder vertelt een verhaal over «Buurttuin» verder", str(garden)) in lines
    assert ("Er is een verhaal verteld over «Buurttuin»", str(garden)) in lines


async def test_an_invitation_is_counted_by_who_was_mailed_about_it_and_other_news_of_a_session_is_not(
    square: Square,
) -> None:
    garden, pond, session = uuid4(), uuid4(), uuid4()
    await square.tell(state(garden), state(pond), described(session, garden, pond))
    for who, of in (("anna", garden), ("anna", pond), ("boris", pond), ("chris", garden)):
        await square.follow(who, kind="initiative", initiativeId=str(of))
    for who in ("anna", "boris"):
        await reachable(square, who)
    await square.tell(announced(session, garden, pond))
    await square.tell(SessionCancelled(session_id=session, reason="other", initiative_ids=[garden, pond]))
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    assert len(await square.rows("select 1 from local_mails")) == 4
    assert (await count(square), await count(square)) == (1, 0)
    assert await reached(square) == [
        {
            "sequence": 1,
            "subjectId": str(session),
            "subjectKind": "session",
            "people": 2,
            "mails": 2,
            "deliveries": 0,
        }
    ]


async def test_the_worker_counts_by_itself_and_counts_of_two_at_once_are_told_once(square: Square) -> None:
    garden, story = uuid4(), uuid4()
    await square.tell(state(garden))
    await reachable(square, "anna")
    await square.follow("anna", kind="initiative", initiativeId=str(garden))
    await square.tell(news(story, garden)[0])
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    async with (
        square.runtime.database.transaction() as one,
        square.runtime.database.transaction() as two,
    ):
        assert (await measure_reach(one), await measure_reach(two)) == (1, 0)
    assert len(await reached(square)) == 1
    await square.tell(news(story, garden)[1])
    async with square.at_work(post):
        await eventually(lambda: quiet(square))
    async with square.at_work(measuring, measure_every_s=0.05):

        async def told_again() -> bool:
            return len(await reached(square)) == 2

        await eventually(told_again)


def test_the_index_of_the_migration_names_the_news_that_is_counted() -> None:
    (migration,) = (file for file in migrations_of(notifications) if file.name == "0004_notices.sql")
    assert all(f"'{kind.type}'" in migration.read_text() for kind in COUNTED)
