"""What of a story is public, and what that links together: contributions and media that stand in it, its retellings."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from initiatives.domain.lineage import Link
from initiatives.domain.stories.story import RetellingStatus, Status, Story


@dataclass(frozen=True, slots=True)
class Shown:
    """Links that stand while something is public, contributions that are used in it, and media that anyone may see.

    A medium comes as the kind and id of what it stands in, with its own id.
    """

    links: frozenset[Link] = frozenset()
    contribution_ids: frozenset[UUID] = frozenset()
    media: frozenset[tuple[str, UUID, UUID]] = frozenset()


def shown_of(story: Story) -> Shown:
    """What a story shows as it is now: nothing unless it is published."""
    if story.status != Status.PUBLISHED:
        return Shown()
    return Shown(frozenset(_links(story)), frozenset(story.contribution_ids), frozenset(_media(story)))


def _links(story: Story) -> Iterator[Link]:
    about = story.initiative_id
    yield Link("initiative", about, "story", story.id, "told-in", about)
    for contribution_id in story.contribution_ids:
        yield Link("contribution", contribution_id, "story", story.id, "used-in", about)
    for retelling in story.retellings:
        if retelling.status == RetellingStatus.PUBLISHED:
            yield Link("story", story.id, "retelling", retelling.id, "retold-in", about)


def _media(story: Story) -> Iterator[tuple[str, UUID, UUID]]:
    for media_id in story.words.media_ids if story.words else ():
        yield "story", story.id, media_id
    for retelling in story.retellings:
        if retelling.status == RetellingStatus.PUBLISHED and retelling.words:
            for media_id in retelling.words.media_ids:
                yield "retelling", retelling.id, media_id
