"""What is told of a story: its facts, and the public state that comes and goes with them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.stories import RetellingState, StoryState
from dorpsplein.envelope import Fact
from initiatives.domain.stories.story import Retelling, RetellingStatus, Status, Story, StoryEvent, evolve


def facts(story: Story, events: Sequence[StoryEvent], now: datetime) -> list[Fact]:
    """The facts that events of a story make, each followed by what becomes public, or is erased, because of it."""
    told: list[Fact] = []
    for event in events:
        after = evolve(story, event)
        told += [Fact(event, after.version), *_states(story, after, now)]
        story = after
    return told


def states(story: Story, now: datetime, *, hidden: bool) -> list[Fact]:
    """The public state of a story and its retellings once more, or their erasure where the story is hidden."""
    if story.status != Status.PUBLISHED:
        return []
    told = [Fact(_story_state(story, now), story.version, erases=hidden)]
    told += [Fact(_retelling_state(story, one, now), story.version, erases=hidden) for one in _shown(story).values()]
    return told


def _states(before: Story, after: Story, now: datetime) -> Iterator[Fact]:
    was, is_now = before.status == Status.PUBLISHED, after.status == Status.PUBLISHED
    if is_now and not was:
        yield Fact(_story_state(after, now), after.version)
    elif was and not is_now:
        yield Fact(_story_state(before, now), after.version, erases=True)
    shown, shows = _shown(before), _shown(after)
    for retelling_id in shows.keys() - shown.keys():
        yield Fact(_retelling_state(after, shows[retelling_id], now), after.version)
    for retelling_id in shown.keys() - shows.keys():
        yield Fact(_retelling_state(before, shown[retelling_id], now), after.version, erases=True)


def _shown(story: Story) -> dict[UUID, Retelling]:
    return {one.id: one for one in story.retellings if one.status == RetellingStatus.PUBLISHED}


def _story_state(story: Story, now: datetime) -> StoryState:
    assert story.words is not None
    return StoryState(
        story_id=story.id,
        initiative_id=story.initiative_id,
        teller_id=story.teller_id,
        title=story.words.title or "",
        text=story.words.text,
        media_ids=list(story.words.media_ids),
        published_at=story.published_at or now,
    )


def _retelling_state(story: Story, retelling: Retelling, now: datetime) -> RetellingState:
    assert retelling.words is not None
    return RetellingState(
        retelling_id=retelling.id,
        story_id=story.id,
        initiative_id=story.initiative_id,
        by_id=retelling.by_id,
        title=retelling.words.title,
        text=retelling.words.text,
        media_ids=list(retelling.words.media_ids),
        published_at=retelling.published_at or now,
    )
