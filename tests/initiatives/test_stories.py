"""Stories over HTTP on a real database: consents, what is public when, retellings, what is worth retelling, reach."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.initiatives.conftest import NOON, Initiatives, heard
from tests.support import login, person

from dorpsplein.contracts.initiatives.consents import ConsentAsked, ConsentGiven
from dorpsplein.contracts.initiatives.initiatives import InitiativeCelebrated
from dorpsplein.contracts.initiatives.milestones import MilestoneReached
from dorpsplein.contracts.initiatives.stories import (
    RetellingState,
    StoryConsented,
    StoryPublished,
    StoryState,
    StoryTold,
)
from dorpsplein.contracts.notifications import ReachMeasured
from initiatives.api.views import consents as consent_views
from initiatives.api.views import stories as story_views
from initiatives.commands.stories import republish_stories
from initiatives.storage.stories.reading import ON_PAGE

TEXT = "Het begon met één schep in de grond."


class Telling:
    """People with stories, as a test speaks of them."""

    def __init__(self, initiatives: Initiatives) -> None:
        self.there = initiatives

    async def tell(self, initiative: str, *people: str, by: str = "anna", **other: Any) -> str:
        body = {"title": "De tuin", "text": TEXT, "people": [str(person(one)) for one in people], **other}
        answer = await self.there.post(f"/initiatives/{initiative}/stories", body, by=by)
        assert answer.status_code == 201, answer.text
        story: str = answer.json()["id"]
        return story

    async def public(self, initiative: str, *people: str, by: str = "anna", **other: Any) -> str:
        """A story that everyone in it agrees to, published."""
        story = await self.tell(initiative, *people, by=by, **other)
        for one in people:
            await self.answer(one, "giving")
        assert (await self.publish(story, by=by)).status_code == 200
        return story

    async def asked(self, who: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.there.client.get("/me/consents", params=query, headers=login(who))
        assert answer.status_code == 200, answer.text
        consent_views.ConsentList.model_validate(answer.json(), extra="forbid")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def answer(self, who: str, how: str, use: str | None = None) -> list[str]:
        """Give somebody's answer to all they are asked, or to one use of it; the statuses that gives."""
        statuses = []
        for one in await self.asked(who):
            if use is None or one["use"] == use:
                body = {"subjectVersion": one["subjectVersion"]} if how == "giving" else None
                answered = await self.there.post(f"/consents/{one['id']}/{how}", body, by=who)
                assert answered.status_code == 200, answered.text
                consent_views.Consent.model_validate(answered.json(), extra="forbid")
                statuses.append(answered.json()["status"])
        return statuses

    async def publish(self, story: str, by: str = "anna") -> Any:
        return await self.there.post(f"/stories/{story}/publication", by=by)

    async def retell(self, story: str, by: str = "dora", **other: Any) -> Any:
        return await self.there.post(f"/stories/{story}/retellings", {"text": "Wat een buurt!", **other}, by=by)

    async def edit(self, story: str, version: int, by: str = "anna", **changes: Any) -> Any:
        headers = login(by) | {"If-Match": f'"{version}"'}
        return await self.there.client.patch(f"/stories/{story}", json=changes, headers=headers)

    async def seen(self, story: str) -> dict[str, Any] | None:
        """What anyone reads of a story; None while it is not public."""
        answer = await self.there.get(f"/stories/{story}")
        if answer.status_code == 404:
            return None
        story_views.Story.model_validate(answer.json(), extra="forbid")
        document: dict[str, Any] = answer.json()
        return document

    async def own(self, story: str, by: str = "anna") -> dict[str, Any] | None:
        answer = await self.there.client.get(f"/me/stories/{story}", headers=login(by))
        if answer.status_code == 404:
            return None
        story_views.Preview.model_validate(answer.json(), extra="forbid")
        document: dict[str, Any] = answer.json()
        return document

    async def listed(self, **query: Any) -> list[str]:
        answer = await self.there.get("/stories", **query)
        assert answer.status_code == 200, answer.text
        story_views.StoryList.model_validate(answer.json(), extra="forbid")
        return [item["id"] for item in answer.json()["items"]]

    async def latest_state(self, kind: type, subject: str) -> bool | None:
        """Whether the newest public state of something has words; None where there never was one."""
        told = [e for e in await self.there.told() if e.type == kind.type and e.subject == subject]  # type: ignore[attr-defined]
        return None if not told else not told[-1].erased


@pytest.fixture
def telling(initiatives: Initiatives) -> Telling:
    return Telling(initiatives)


async def test_a_story_is_public_only_after_everyone_in_it_agreed_and_its_teller_published_it(
    telling: Telling,
) -> None:
    initiative = await telling.there.propose()
    story = await telling.tell(initiative, "boris", "carla")
    assert await telling.seen(story) is None
    assert (await telling.publish(story)).json()["code"] == "consent-missing"
    (asked,) = await telling.asked("boris")
    assert (asked["use"], asked["status"], asked["initiative"]["id"]) == ("story", "asked", initiative)
    preview = await telling.there.client.get(asked["preview"].removeprefix("/v1"), headers=login("boris"))
    assert preview.json()["original"]["text"] == TEXT
    assert [one["person"]["id"] for one in preview.json()["consents"]] == [str(person("boris"))]
    assert await telling.own(story, by="dirk") is None
    assert await telling.answer("boris", "giving") == ["given"]
    assert (await telling.publish(story)).json()["code"] == "consent-missing"
    assert await telling.answer("carla", "giving") == ["given"]
    assert await telling.seen(story) is None
    assert (await telling.publish(story, by="boris")).status_code == 403
    assert (await telling.publish(story)).json()["status"] == "published"
    seen = await telling.seen(story)
    assert seen is not None
    assert list(seen) == ["original", "retellings", "reach", "media"]
    assert {one["id"] for one in seen["original"]["people"]} == {str(person("boris")), str(person("carla"))}
    assert await telling.listed() == await telling.listed(initiative=initiative) == [story]
    assert await telling.listed(initiative=str(uuid4())) == []
    facts = [kind for kind, _ in await telling.there.facts()]
    assert facts.count(ConsentAsked) == facts.count(ConsentGiven) == 3
    assert [kind for kind in facts if kind in {StoryTold, StoryConsented, StoryPublished}] == [
        StoryTold,
        StoryConsented,
        StoryPublished,
    ]
    assert all(TEXT not in str(e.event) for e in await telling.there.told() if not isinstance(e.event, StoryState))


async def test_a_consent_that_is_withdrawn_takes_the_story_and_what_was_retold_of_it_from_view_at_once(
    telling: Telling,
) -> None:
    story = await telling.public(await telling.there.propose(), "boris", mayBeRetold=True)
    retelling = (await telling.retell(story)).json()
    assert (retelling["status"], await telling.listed(retold=True)) == ("published", [story])
    seen = await telling.seen(story)
    assert seen is not None
    assert [one["by"]["id"] for one in seen["retellings"]] == [str(person("dora"))]
    assert await telling.answer("boris", "withdrawal", use="story") == ["withdrawn"]
    assert await telling.seen(story) is None
    assert await telling.listed() == []
    assert await telling.latest_state(StoryState, story) is False
    assert await telling.latest_state(RetellingState, retelling["id"]) is False
    own = await telling.own(story)
    assert own is not None
    assert (own["original"]["status"], own["retellings"]) == ("told", [])
    assert await telling.answer("boris", "giving", use="story") == ["given"]
    assert await telling.seen(story) is None
    await telling.publish(story)
    again = await telling.seen(story)
    assert again is not None
    assert again["retellings"] == []
    assert await telling.latest_state(StoryState, story) is True


async def test_a_retelling_waits_for_consent_and_goes_without_the_story_when_that_is_withdrawn(
    telling: Telling,
) -> None:
    story = await telling.public(await telling.there.propose(), "boris")
    assert (await telling.retell(story, by="boris")).json()["code"] == "role-not-allowed"
    waiting = (await telling.retell(story)).json()
    assert waiting["status"] == "waiting"
    assert (await telling.retell(story)).json()["code"] == "retold-already"
    seen, shown_to_boris = await telling.seen(story), await telling.own(story, by="boris")
    assert seen is not None
    assert shown_to_boris is not None
    assert (len(seen["retellings"]), len(shown_to_boris["retellings"])) == (0, 1)
    assert await telling.listed(retold=False) == [story]
    for who in ("anna", "boris"):
        await telling.answer(who, "giving", use="retelling")
    assert await telling.listed(retold=True) == [story]
    await telling.answer("anna", "withdrawal", use="retelling")
    assert (await telling.listed(), await telling.listed(retold=True)) == ([story], [])
    assert await telling.latest_state(RetellingState, waiting["id"]) is False
    await telling.answer("anna", "giving", use="retelling")
    again = (await telling.retell(story)).json()
    path = f"/stories/{story}/retellings/{again['id']}"
    assert (await telling.there.client.delete(path, headers=login("dick") | {})).status_code == 403
    assert (await telling.there.client.delete(path, headers=login("dora"))).status_code == 204
    assert (await telling.there.client.delete(path, headers=login("dora"))).status_code == 404
    assert await telling.listed(retold=False) == [story]


async def test_an_answer_to_words_that_have_changed_since_is_refused(telling: Telling) -> None:
    story = await telling.tell(await telling.there.propose(), "boris")
    (asked,) = await telling.asked("boris")
    assert (await telling.edit(story, 1, text="Het ging heel anders.")).status_code == 200
    late = await telling.there.post(f"/consents/{asked['id']}/giving", by="boris")
    assert (late.status_code, late.json()["code"], late.json()["subjectVersion"]) == (412, "subject-changed", 2)
    assert (await telling.publish(story)).json()["code"] == "consent-missing"
    await telling.answer("boris", "giving")
    assert (await telling.publish(story)).status_code == 200


async def test_an_edit_asks_anew_and_who_is_taken_out_is_not_waited_for(telling: Telling) -> None:
    story = await telling.public(await telling.there.propose(), "boris", "carla")
    version = (await telling.seen(story) or {})["original"]["version"]
    assert (await telling.edit(story, 1, text="x")).status_code == 412
    assert (await telling.edit(story, version, by="boris", text="x")).json()["code"] == "not-yours"
    assert (await telling.edit(story, version)).json()["code"] == "nothing-to-change"
    changed = (await telling.edit(story, version, text="Anders.")).json()
    assert (changed["status"], changed["wordsVersion"]) == ("told", 2)
    assert await telling.seen(story) is None
    assert await telling.latest_state(StoryState, story) is False
    await telling.answer("boris", "giving")
    await telling.answer("carla", "declining")
    out = (await telling.edit(story, changed["version"] + 0, people=[str(person("boris"))])).json()
    assert (out["status"], [one["id"] for one in out["people"]]) == ("consented", [str(person("boris"))])
    assert [one["status"] for one in await telling.asked("carla")] == ["lapsed"]
    assert await telling.asked("carla", status="asked") == []


async def test_a_story_that_is_withdrawn_is_erased_and_asks_nobody_any_more(telling: Telling) -> None:
    story = await telling.public(await telling.there.propose(), "boris")
    assert (await telling.there.post(f"/stories/{story}/withdrawal", by="boris")).status_code == 403
    gone = (await telling.there.post(f"/stories/{story}/withdrawal")).json()
    assert (gone["status"], gone["title"], gone["text"]) == ("withdrawn", None, None)
    assert await telling.seen(story) is None
    assert await telling.own(story) is None
    assert await telling.latest_state(StoryState, story) is False
    (asked,) = await telling.asked("boris")
    refused = await telling.there.post(f"/consents/{asked['id']}/giving", by="boris")
    assert (refused.status_code, refused.json()["code"]) == (422, "illegal-consent-move")
    assert (await telling.publish(story)).json()["code"] == "illegal-story-move"
    mine = (await telling.there.client.get("/me/stories", headers=login("anna"))).json()
    story_views.OwnStories.model_validate(mine, extra="forbid")
    assert [(one["id"], one["status"]) for one in mine["items"]] == [(story, "withdrawn")]


async def test_nobody_answers_for_somebody_else_and_what_is_not_there_is_not_found(telling: Telling) -> None:
    initiative = await telling.there.propose()
    story = await telling.tell(initiative, "boris")
    told = len(await telling.there.told())
    (asked,) = await telling.asked("boris")
    for how in ("giving", "declining", "withdrawal"):
        for path in (f"/consents/{asked['id']}/{how}", f"/consents/{uuid4()}/{how}"):
            answer = await telling.there.post(path, by="carla")
            assert (answer.status_code, answer.json()["code"]) == (404, "consent-unknown")
    strange = {"title": "x", "text": "y"}
    for path, body, code in (
        (f"/initiatives/{uuid4()}/stories", strange, "initiative-unknown"),
        (f"/initiatives/{initiative}/stories", strange | {"contributionIds": [str(uuid4())]}, "contribution-unknown"),
        (f"/initiatives/{initiative}/stories", strange | {"mediaIds": [str(uuid4())]}, "media-unknown"),
        (f"/stories/{uuid4()}/publication", None, "story-unknown"),
    ):
        answer = await telling.there.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    for body in (strange | {"people": [str(uuid4()) for _ in range(21)]}, strange | {"status": "published"}, {}):
        assert (await telling.there.post(f"/initiatives/{initiative}/stories", body)).status_code == 400
    early = await telling.retell(story)
    assert (early.status_code, early.json()["code"]) == (422, "illegal-story-move")
    assert len(await telling.there.told()) == told


async def test_the_same_telling_under_the_same_key_is_one_story(telling: Telling) -> None:
    initiative = await telling.there.propose()
    body = {"title": "De tuin", "text": TEXT}
    first = await telling.there.post(f"/initiatives/{initiative}/stories", body, key="k")
    again = await telling.there.post(f"/initiatives/{initiative}/stories", body, key="k")
    assert again.json() == first.json()
    assert [kind for kind, _ in await telling.there.facts()].count(StoryTold) == 1
    assert first.json()["status"] == "consented"


async def test_what_is_hidden_is_not_read_and_its_public_state_is_erased_until_it_is_shown_again(
    telling: Telling,
) -> None:
    initiative = await telling.there.propose()
    story = await telling.public(initiative, mayBeRetold=True)
    retelling = (await telling.retell(story)).json()["id"]

    async def hide(kind: str, subject: str, *, hidden: bool) -> None:
        async with telling.there.runtime.database.transaction() as tx:
            statement = "insert into hidden values ($1, $2)" if hidden else "delete from hidden"
            await tx.execute(statement, *((kind, UUID(subject)) if hidden else ()))
            await republish_stories(tx, [UUID(story)], NOON)

    await hide("retelling", retelling, hidden=True)
    seen = await telling.seen(story)
    assert seen is not None
    assert (seen["retellings"], await telling.listed(retold=True)) == ([], [])
    await hide("retelling", retelling, hidden=False)
    await hide("story", story, hidden=True)
    assert (await telling.seen(story), await telling.listed()) == (None, [])
    assert await telling.latest_state(StoryState, story) is False
    assert await telling.latest_state(RetellingState, retelling) is False
    assert (await telling.retell(story, by="dora")).json()["code"] == "story-unknown"
    await hide("story", story, hidden=False)
    assert await telling.latest_state(StoryState, story) is True
    await hide("initiative", initiative, hidden=True)
    assert (await telling.seen(story), await telling.listed()) == (None, [])


async def test_lists_go_on_where_they_ended_and_the_page_shows_the_newest(telling: Telling) -> None:
    initiative = await telling.there.propose()
    stories = []
    for hour in range(3):
        telling.there.now = NOON + timedelta(hours=hour)
        stories.append(await telling.public(initiative, "boris"))
    pages = [page async for page in telling.there.pages("/stories", limit=2)]
    assert [[one["id"] for one in page] for page in pages] == [stories[:0:-1], stories[:1]]
    ((shown,),) = await telling.there.rows(f"select {ON_PAGE}::text from initiatives i")
    assert [
        one["id"]
        for one in story_views.StoryList.model_validate_json(f'{{"items":{shown},"next":null}}').model_dump(
            mode="json"
        )["items"]
    ] == stories[::-1]
    first = await telling.there.client.get("/me/consents", params={"limit": 2}, headers=login("boris"))
    rest = await telling.asked("boris", cursor=first.json()["next"], limit=2)
    assert [one["subjectId"] for one in [*first.json()["items"], *rest]] == stories[::-1]
    assert (await telling.there.client.get("/me/stories", params={"limit": 2}, headers=login("anna"))).json()["next"]


async def test_what_is_worth_retelling_this_week_says_why(telling: Telling) -> None:
    first, second = await telling.there.propose(), await telling.there.propose(title="Een muur vol verf")
    story = await telling.public(first, "boris", mayBeRetold=True)
    await telling.there.hear(
        heard(MilestoneReached(milestone_id=uuid4(), initiative_id=UUID(first)), at=NOON - timedelta(days=2)),
        heard(InitiativeCelebrated(initiative_id=UUID(second)), at=NOON - timedelta(days=6)),
    )

    async def worth() -> list[tuple[str, str, int, list[str]]]:
        answer = await telling.there.get("/stories/worth-retelling")
        assert answer.status_code == 200, answer.text
        items = story_views.WorthRetelling.model_validate(answer.json(), extra="forbid").items
        assert all(one.score == sum(reason.weight for reason in one.reasons) for one in items)
        return [
            (
                one.kind,
                (one.story or one.initiative).title or "",
                one.score,
                [reason.code for reason in one.reasons],
            )
            for one in items
        ]

    assert await worth() == [
        ("story", "De tuin", 8, ["may-be-retold", "milestone-reached", "new-story"]),
        ("initiative", "Een muur vol verf", 6, ["celebrated", "untold"]),
    ]
    await telling.retell(story)
    assert (await worth())[1] == ("story", "De tuin", 5, ["milestone-reached", "new-story"])
    telling.there.now = NOON + timedelta(days=8)
    assert await worth() == []


async def test_how_far_a_story_came_is_shown_to_its_teller_and_with_it(telling: Telling) -> None:
    story = await telling.public(await telling.there.propose())

    def measured(people: int, kind: str = "story") -> ReachMeasured:
        return ReachMeasured(subject_id=UUID(story), subject_kind=kind, people=people, mails=people + 1, deliveries=2)

    await telling.there.hear(heard(measured(7), 2), heard(measured(3), 1))
    await telling.there.hear(heard(measured(3), 1))
    await telling.there.hear(heard(measured(9, "session"), 3))
    seen = await telling.seen(story)
    assert seen is not None
    reach = {"people": 7, "mails": 8, "deliveries": 2, "measuredAt": "2026-05-01T12:00:00+00:00"}
    assert seen["reach"] == reach
    mine = (await telling.there.client.get("/me/stories", headers=login("anna"))).json()["items"]
    assert mine[0]["reach"] == reach


async def test_a_contribution_that_was_used_in_a_story_is_linked_to_it_while_it_is_public(telling: Telling) -> None:
    initiative = await telling.there.propose()
    offered = await telling.there.post(
        f"/initiatives/{initiative}/contributions", {"words": "Er mag een bankje bij."}, by="boris"
    )
    assert offered.status_code == 201, offered.text
    contribution = offered.json()["id"]
    story = await telling.tell(initiative, "carla", contributionIds=[contribution])

    async def links() -> set[str]:
        return {kind for (kind,) in await telling.there.rows("select kind from links where ended_at is null")}

    assert "used-in" not in await links()
    await telling.answer("carla", "giving")
    assert (await telling.publish(story)).status_code == 200
    assert await links() == {"placed", "used-in", "told-in"}
    await telling.answer("carla", "withdrawal")
    assert await links() == {"placed"}
