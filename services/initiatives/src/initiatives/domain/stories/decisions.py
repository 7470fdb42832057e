"""What may be done with a story: told by somebody, public once everyone in it agrees, retold by aldermen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from dorpsplein.contracts.initiatives.stories import (
    RetellingTold,
    RetellingWithdrawn,
    StoryConsented,
    StoryConsentLost,
    StoryEdited,
    StoryPublished,
    StoryRetold,
    StoryTold,
    StoryUnpublished,
    StoryWithdrawn,
)
from dorpsplein.errors import Conflict, Forbidden, NotFound, Refused, Stale
from initiatives.domain.stories.story import (
    Retelling,
    RetellingStatus,
    Status,
    Story,
    StoryEvent,
    moved,
    moved_retelling,
)

WORDS = ("title", "text", "media_ids")
"""What people in a story are asked to agree to."""
BESIDE = ("people", "contribution_ids")
"""What an edit can change beside the words."""


def tell(story: Story) -> list[StoryEvent]:
    """Tell a story that is not there yet."""
    return [StoryTold(**_about(story), teller_id=story.teller_id, people=len(story.asked))]


def edit(story: Story, changes: Mapping[str, Any], *, person: UUID, version: int) -> tuple[Story, list[StoryEvent]]:
    """Change WORDS, or what is BESIDE them; the story with its new content, and what happened.

    Other words, or somebody new in it, make it wait for consent again, and withdraw what was retold of it. Who is
    only taken out stops nobody else's consent. Nothing happens where nothing differs.

    Raises Forbidden("not-yours"), Stale("story-changed") and Refused("illegal-story-move").
    """
    _only_teller(story, person)
    if version != story.version:
        raise Stale(
            "story-changed",
            "The story has changed since you read it; read it again and repeat your edit.",
            version=story.version,
        )
    moved(story.status, "edit")
    after, changed = _changed(story, changes)
    if not changed:
        return story, []
    other_words = after.words != story.words
    edited = StoryEdited(
        **_about(story),
        changed=changed,
        words_version=story.words_version + other_words,
        people=len(after.asked),
        waits=other_words or bool(set(after.people) - set(story.people)),
    )
    gone = _withdraw_retellings(story, "story-edited") if edited.waits else []
    return after, [edited, *gone]


def publish(story: Story, *, person: UUID) -> list[StoryEvent]:
    """Make a story public that everyone in it agrees to.

    Raises Forbidden("not-yours"), and Refused("consent-missing") or Refused("illegal-story-move").
    """
    _only_teller(story, person)
    if story.status == Status.TOLD:
        raise Refused(
            "consent-missing", "Not everyone in this story has agreed to it yet; /me/stories shows who was asked."
        )
    moved(story.status, "publish")
    return [StoryPublished(**_about(story), teller_id=story.teller_id)]


def retell(story: Story, retelling: Retelling) -> tuple[Story, list[StoryEvent]]:
    """Retell a public story; the story with its new retelling, which waits for consent, and what happened.

    Raises Refused("illegal-story-move") while the story is not public, and Conflict("retold-already") where this
    alderman has a retelling of it that is not withdrawn.
    """
    moved(story.status, "retell")
    if any(one.by_id == retelling.by_id and one.status != RetellingStatus.WITHDRAWN for one in story.retellings):
        raise Conflict("retold-already", "You have retold this story; withdraw that retelling first.")
    told = RetellingTold(**_about(story), retelling_id=retelling.id, by_id=retelling.by_id)
    return replace(story, retellings=(*story.retellings, retelling)), [told]


def weigh(story: Story, agreed: frozenset[UUID], agreed_to_retelling: frozenset[UUID]) -> list[StoryEvent]:
    """What follows from who agrees now to these words being published, and to their being retold.

    A story is public only while everyone in it agrees, and so is a retelling.
    """
    if not agreed.issuperset(story.asked):
        match story.status:
            case Status.CONSENTED:
                return [StoryConsentLost(**_about(story))]
            case Status.PUBLISHED:
                unpublished = StoryUnpublished(**_about(story), reason="consent-withdrawn")
                return [unpublished, *_withdraw_retellings(story, "story-unpublished")]
            case _:
                return []
    if story.status == Status.TOLD:
        return [StoryConsented(**_about(story), words_version=story.words_version)]
    if not agreed_to_retelling.issuperset(story.asked):
        return _withdraw_retellings(story, "consent-withdrawn", RetellingStatus.PUBLISHED)
    return [
        StoryRetold(**_about(story), retelling_id=one.id, by_id=one.by_id)
        for one in story.retellings
        if one.status == RetellingStatus.WAITING
    ]


def withdraw(story: Story, *, person: UUID) -> list[StoryEvent]:
    """Take a story back for good, with all that was retold of it.

    Raises Forbidden("not-yours") and Refused("illegal-story-move").
    """
    _only_teller(story, person)
    moved(story.status, "withdraw")
    return [StoryWithdrawn(**_about(story)), *_withdraw_retellings(story, "story-withdrawn")]


def withdraw_retelling(story: Story, retelling_id: UUID, *, person: UUID) -> list[StoryEvent]:
    """Take a retelling back for good.

    Raises NotFound("retelling-unknown"), Forbidden("not-yours") and Refused("illegal-retelling-move").
    """
    for retelling in story.retellings:
        if retelling.id == retelling_id:
            if person != retelling.by_id:
                raise Forbidden("not-yours", "Only who retold a story may take the retelling back.")
            moved_retelling(retelling.status, "withdraw")
            return [RetellingWithdrawn(**_about(story), retelling_id=retelling_id, reason="by-reteller")]
    raise NotFound("retelling-unknown", f"There is no retelling {retelling_id} of this story.")


def _changed(story: Story, changes: Mapping[str, Any]) -> tuple[Story, list[str]]:
    assert story.words is not None
    words = replace(story.words, **{name: changes[name] for name in WORDS if name in changes})
    after = replace(story, words=words, **{name: changes[name] for name in BESIDE if name in changes})
    changed = [name for name in WORDS if getattr(words, name) != getattr(story.words, name)]
    changed += [name for name in BESIDE if set(getattr(after, name)) != set(getattr(story, name))]
    return after, [to_camel(name) for name in changed]


def _withdraw_retellings(story: Story, reason: str, *only: RetellingStatus) -> list[StoryEvent]:
    wanted = only or (RetellingStatus.WAITING, RetellingStatus.PUBLISHED)
    return [
        RetellingWithdrawn(**_about(story), retelling_id=one.id, reason=reason)
        for one in story.retellings
        if one.status in wanted
    ]


def _about(story: Story) -> dict[str, Any]:
    return {"story_id": story.id, "initiative_id": story.initiative_id}


def _only_teller(story: Story, person: UUID) -> None:
    if person != story.teller_id:
        raise Forbidden("not-yours", "Only who told a story may do this.")
