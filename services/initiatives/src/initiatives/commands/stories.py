"""Telling stories, publishing and retelling them. Whatever changes, a story is public only with everyone's consent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound
from dorpsplein.web import found
from initiatives.commands import media
from initiatives.commands.consents import Ask, ask_consents, lapse_consents, lock_consents, standing
from initiatives.commands.lineage import Link, link, unlink
from initiatives.commands.using import use
from initiatives.domain.consents import Use, standing_for
from initiatives.domain.stories import decisions
from initiatives.domain.stories.decisions import weigh
from initiatives.domain.stories.shown import Shown, shown_of
from initiatives.domain.stories.story import Retelling, Story, StoryEvent, Words, fold
from initiatives.domain.stories.told import facts, states
from initiatives.storage.stories import keeping as storage
from initiatives.storage.stories import reading

STORY = "story"
"""Stories, as consents call what they are about."""


async def tell_story(tx: Transaction, story: Story, *, may_be_retold: bool, now: datetime) -> dict[str, Any]:
    """Tell a story and ask everyone in it; its teller agrees by telling.

    Raises NotFound("initiative-unknown"), NotFound("contribution-unknown"), NotFound("media-unknown") and
    Refused("media-not-ready").
    """
    if not await storage.initiative_exists(tx, story.initiative_id):
        raise NotFound("initiative-unknown", f"There is no initiative {story.initiative_id}.")
    await _refuse_unusable(tx, story)
    uses = [Use.STORY, Use.RETELLING] if may_be_retold else [Use.STORY]
    await _ask(tx, story, uses, by=story.teller_id, now=now)
    await _weighed(tx, story, story, decisions.tell(story), now)
    return {**await reading.shown(tx, story.id), "location": f"/v1/me/stories/{story.id}"}


async def edit_story(
    tx: Transaction, story_id: UUID, changes: Mapping[str, Any], *, person: UUID, version: int, now: datetime
) -> dict[str, Any]:
    """Change a story. Who is new in it is asked, everyone is asked anew about other words, and who is out is not.

    Raises NotFound, what `decisions.edit` raises, and as `tell_story` for contributions and media.
    """
    asked = await lock_consents(tx, STORY, [story_id])
    before = await _locked(tx, story_id)
    after, events = decisions.edit(before, changes, person=person, version=version)
    if events:
        await _refuse_unusable(tx, after)
        uses = [use for use in (Use.STORY, Use.RETELLING) if any(one.use == use for one in asked)]
        await _ask(tx, fold(after, events), uses, by=person, now=now)
        if out := set(before.people) - set(after.people):
            await lapse_consents(tx, STORY, [story_id], now=now, of=out)
        await _weighed(tx, before, after, events, now)
    return await reading.shown(tx, story_id)


async def publish_story(tx: Transaction, story_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Make a story public. Raises NotFound and what `decisions.publish` and `use` raise."""
    story = await _locked(tx, story_id)
    events = decisions.publish(story, person=person)
    await _saved(tx, story, story, events, now)
    return await reading.shown(tx, story_id)


async def withdraw_story(tx: Transaction, story_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take a story back for good; its words are erased. Raises NotFound and what `decisions.withdraw` raises."""
    await lock_consents(tx, STORY, [story_id])
    story = await _locked(tx, story_id)
    events = decisions.withdraw(story, person=person)
    await lapse_consents(tx, STORY, [story_id], now=now)
    await _saved(tx, story, story, events, now)
    return await reading.shown(tx, story_id)


async def retell_story(
    tx: Transaction, story_id: UUID, words: Words, *, retelling_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Retell a public story, and ask those in it who were not asked yet.

    Raises NotFound, also for a story that is hidden, what `decisions.retell` raises, and as `tell_story` for media.
    """
    await lock_consents(tx, STORY, [story_id])
    before = await _locked(tx, story_id)
    if await storage.is_hidden(tx, before):
        raise NotFound("story-unknown", f"There is no story {story_id}.")
    after, events = decisions.retell(before, Retelling(retelling_id, person, words))
    await _refuse_unready(tx, words, person)
    await _ask(tx, after, [Use.RETELLING], by=person, now=now)
    after = await _weighed(tx, before, after, events, now)
    (retelling,) = (one for one in after.retellings if one.id == retelling_id)
    return {
        "id": str(retelling_id),
        "storyId": str(story_id),
        "status": retelling.status,
        "location": f"/v1/stories/{story_id}",
    }


async def withdraw_retelling(
    tx: Transaction, story_id: UUID, retelling_id: UUID, *, person: UUID, now: datetime
) -> None:
    """Take a retelling back for good. Raises NotFound and what `decisions.withdraw_retelling` raises."""
    story = await _locked(tx, story_id)
    await _saved(tx, story, story, decisions.withdraw_retelling(story, retelling_id, person=person), now)


async def consents_changed(tx: Transaction, story_ids: Sequence[UUID], now: datetime) -> None:
    """Somebody answered for some stories: each becomes, or stops being, what its consents allow."""
    for story_id in sorted(story_ids):
        story = await _locked(tx, story_id)
        await _weighed(tx, story, story, [], now)


async def republish_stories(tx: Transaction, story_ids: Sequence[UUID], now: datetime) -> None:
    """Let the public state of stories and their retellings follow what moderation hides and shows again."""
    for story_id in sorted(story_ids):
        story = await _locked(tx, story_id)
        await tx.record(states(story, now, hidden=await storage.is_hidden(tx, story)))


async def _weighed(tx: Transaction, before: Story, after: Story, events: Sequence[StoryEvent], now: datetime) -> Story:
    """Save a story with what happened to it, and with what follows from who agrees to that."""
    story = fold(after, events)
    consents = (await standing(tx, STORY, [story.id]))[story.id]
    agreed = [standing_for(consents, use, story.words_version) for use in (Use.STORY, Use.RETELLING)]
    return await _saved(tx, before, after, [*events, *weigh(story, *agreed)], now)


async def _saved(tx: Transaction, before: Story, after: Story, events: Sequence[StoryEvent], now: datetime) -> Story:
    """Save a story; contributions and media are linked to what is public of it, and only to that."""
    story = fold(after, events)
    if events:
        was, is_now = shown_of(before), shown_of(story)
        await _show(tx, was, is_now, now)
        await storage.save(tx, story, facts(after, events, now), now=now)
    return story


async def _show(tx: Transaction, was: Shown, is_now: Shown, now: datetime) -> None:
    placing = await use(tx, sorted(is_now.contribution_ids - was.contribution_ids), now=now)
    await unlink(tx, sorted(was.links - is_now.links, key=_by_id), now=now)
    await link(tx, [*placing, *sorted(is_now.links - was.links, key=_by_id)], now=now)
    for kind, thing_id, media_id in sorted(was.media - is_now.media):
        await media.unuse(tx, media_id, kind, thing_id)
    more = sorted(is_now.media - was.media)
    there = await storage.ready(tx, [media_id for _, _, media_id in more]) if more else set()
    for kind, thing_id, media_id in more:
        if media_id in there:
            await media.use(tx, media_id, kind, thing_id)


def _by_id(one: Link) -> UUID:
    return one.id


async def _locked(tx: Transaction, story_id: UUID) -> Story:
    story: Story = found(await storage.lock(tx, story_id), "story", story_id)
    return story


async def _ask(tx: Transaction, story: Story, uses: Sequence[Use], *, by: UUID, now: datetime) -> None:
    asks = [
        Ask(STORY, story.id, story.initiative_id, person, use, story.words_version)
        for use in uses
        for person in story.asked
    ]
    await ask_consents(tx, asks, now=now, given_by=by)


async def _refuse_unusable(tx: Transaction, story: Story) -> None:
    if story.contribution_ids:
        usable = await storage.usable(tx, story.initiative_id, story.contribution_ids)
        if unknown := sorted(set(story.contribution_ids) - usable):
            raise NotFound(
                "contribution-unknown",
                f"This initiative has no contribution {unknown[0]} that can be used.",
                contributionIds=[str(one) for one in unknown],
            )
    if story.words is not None:
        await _refuse_unready(tx, story.words, story.teller_id)


async def _refuse_unready(tx: Transaction, words: Words, owner: UUID) -> None:
    for media_id in sorted(words.media_ids):
        await media.ready(tx, media_id, owner)
