"""Filling scenes with what residents brought in, taking it out again, and the light it stands in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dorpsplein.contracts.initiatives.dreams import (
    SceneCleared,
    SceneDarkened,
    SceneFilled,
    SceneHidingChanged,
    SceneLit,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Conflict, Forbidden, NotFound, Refused
from initiatives.domain.dreams.storyboard import MOST_WORDS, Decided, Dream, Light, Part, Seen, scene_of
from initiatives.domain.initiative import Initiative

MOST_PARTS = 6
PARTS = {"text": "text", "image": "image", "video": "clip", "audio": "voice"}
"""What a contribution of each kind is in a scene."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What a storyboard needs to know of a contribution; without a contributor nobody can be asked for consent."""

    id: UUID
    initiative_id: UUID | None
    kind: str
    contributor_id: UUID | None
    words: str


def fill(dream: Dream, scene_id: UUID, part_id: UUID, offered: Offered, seen: Seen) -> Decided:
    """Fill a scene with a contribution to the initiative.

    Raises NotFound("scene-unknown"), Refused("contribution-of-another"), ("nobody-to-ask"), ("too-long-for-a-scene"),
    ("scene-full"), or Conflict("already-in-scene").
    """
    scene_of(dream, scene_id)
    contributor_id = _usable(dream, offered)
    there = dream.parts_of(scene_id)
    if any(part.contribution_id == offered.id for part in there):
        raise Conflict("already-in-scene", "This contribution is a part of the scene already.")
    if len(there) >= MOST_PARTS:
        raise Refused("scene-full", f"A scene has at most {MOST_PARTS} parts.", most=MOST_PARTS)
    kind = PARTS[offered.kind]
    part = Part(part_id, scene_id, offered.id, contributor_id, kind).seen(seen)
    filled = SceneFilled(
        **dream.about,
        scene_id=scene_id,
        part_id=part_id,
        contribution_id=offered.id,
        part=kind,
        lit=part.light is Light.LIT,
    )
    return replace(dream, parts=(*dream.parts, part)).told(filled)


def _usable(dream: Dream, offered: Offered) -> UUID:
    """Whose a contribution is, if a scene of this dream vision can show it."""
    if offered.initiative_id != dream.initiative_id:
        raise Refused("contribution-of-another", "This was brought in for another initiative; it cannot be used here.")
    if offered.contributor_id is None:
        raise Refused("nobody-to-ask", "Who brought this in is not known, so nobody can be asked for consent.")
    if len(offered.words) > MOST_WORDS:
        raise Refused(
            "too-long-for-a-scene",
            f"A scene shows at most {MOST_WORDS} characters of one contribution; this one has {len(offered.words)}."
            " Ask for a shorter one.",
            most=MOST_WORDS,
        )
    return offered.contributor_id


def clear(dream: Dream, part_id: UUID, initiative: Initiative, person: UUID) -> Decided:
    """Take a part out of its scene: an initiator may, and whose contribution it is.

    Raises NotFound("part-unknown"), Forbidden("not-yours").
    """
    part = part_of(dream, part_id)
    if person not in (*initiative.initiators, part.contributor_id):
        raise Forbidden("not-yours", "Only an initiator takes a part out, or whose contribution it is.")
    parts = tuple(replace(one, cleared=one.cleared or one.id == part_id) for one in dream.parts)
    cleared = SceneCleared(**dream.about, scene_id=part.scene_id, part_id=part_id, contribution_id=part.contribution_id)
    return replace(dream, parts=parts).told(cleared)


def part_of(dream: Dream, part_id: UUID) -> Part:
    """A part that is in a scene now. Raises NotFound("part-unknown")."""
    for part in dream.parts:
        if part.id == part_id and not part.cleared:
            return part
    raise NotFound("part-unknown", f"There is no part {part_id} in this dream vision.")


def shade(dream: Dream, seen: Mapping[UUID, Seen]) -> Decided:
    """Show parts as they may be seen now, each change with its fact; parts that are not named stay as they are."""
    parts, events = [], list[Event]()
    for part in dream.parts:
        now = seen.get(part.id)
        after = part if now is None else part.seen(now)
        parts.append(after)
        if now is not None and after != part:
            events += _shaded(dream, part, after, now.reason)
    return replace(dream, parts=tuple(parts)).told(*events)


def hidden_or_shown(dream: Dream, scene_ids: Sequence[UUID]) -> Decided:
    """Tell of scenes whether moderation hides them now."""
    return dream.told(
        *(
            SceneHidingChanged(**dream.about, scene_id=scene_id, hidden=scene_id in dream.hidden)
            for scene_id in scene_ids
        )
    )


def _shaded(dream: Dream, before: Part, after: Part, reason: str) -> list[Event]:
    about = {**dream.about, "scene_id": before.scene_id, "part_id": before.id}
    if after.light is Light.LIT and (before.light is not Light.LIT or after.named):
        return [SceneLit(**about)]
    if before.light is Light.LIT and after.light is Light.LIT:
        return [SceneDarkened(**about, reason="name-withdrawn")]
    return [SceneDarkened(**about, reason=reason)] if after.light is Light.DARK else []
