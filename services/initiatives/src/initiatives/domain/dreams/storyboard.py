"""A storyboard: scenes in order, each open until residents fill it with what they brought in.

A part is shown (*lit*) only while its contributor agrees; it waits until they answer, and is dark when they do not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from dorpsplein.contracts.initiatives.dreams import (
    DreamState,
    LivedExperienceAsked,
    SceneAdded,
    SceneChanged,
    SceneRemoved,
    ScenesReordered,
    StoryboardOpened,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Invalid, NotFound, Refused
from initiatives.domain.initiative import Initiative, Status, only_initiators

MOST_SCENES = 24
MOST_WORDS = 600
"""What one frame of a film holds of text, in characters."""
CO_CREATING = frozenset({Status.IN_CO_CREATION, Status.DREAM_PUBLISHED, Status.UNDER_WAY})
"""Where an initiative is while its dream vision is made."""


class Light(StrEnum):
    """Whether a part may be shown."""

    LIT = "lit"
    WAITING = "waiting"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Seen:
    """How a part may be seen now: its light, whether its contributor wants to be named, and why it is dark."""

    light: Light
    named: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: what it is about, what belongs in it, and the topic of the lived experience it asks for, if any.

    `heading_english` is what somebody made of the heading in English.
    """

    id: UUID
    heading: str
    question: str
    experience: str | None = None
    heading_english: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A contribution in a scene, of the kind `text`, `image`, `clip` or `voice`.

    A cleared one is in no scene any more, but versions that were made before may have it. `english` counts how often
    its English words were written or taken away.
    """

    id: UUID
    scene_id: UUID
    contribution_id: UUID
    contributor_id: UUID
    kind: str
    light: Light = Light.WAITING
    named: bool = False
    cleared: bool = False
    english: int = 0

    def seen(self, seen: Seen) -> "Part":
        """The part in another light; nobody is named for what is not shown."""
        return replace(self, light=seen.light, named=seen.named and seen.light is Light.LIT)


@dataclass(frozen=True, slots=True)
class Dream:
    """The dream vision of an initiative as its facts left it; `version` counts them.

    `newest` is the number of its newest version, `published` of the one that was published last, and `succeeding` of
    the one that takes its place by itself once it is rendered. `hidden` are scenes that moderation took from view.
    """

    id: UUID
    initiative_id: UUID
    version: int = 0
    scenes: tuple[Scene, ...] = ()
    parts: tuple[Part, ...] = ()
    newest: int = 0
    published: int | None = None
    succeeding: int | None = None
    hidden: frozenset[UUID] = frozenset()

    def parts_of(self, scene_id: UUID) -> list[Part]:
        """What fills a scene, in the order it came."""
        return [part for part in self.parts if part.scene_id == scene_id and not part.cleared]

    @property
    def about(self) -> dict[str, Any]:
        """What every fact of it says."""
        return {"dream_id": self.id, "initiative_id": self.initiative_id}

    def told(self, *events: Event) -> "Decided":
        """The same dream after these facts."""
        return replace(self, version=self.version + len(events)), list(events)


Decided = tuple[Dream, list[Event]]
"""A dream after a decision, and the facts of it: none where nothing changed."""


def only_while_co_creating(initiative: Initiative) -> None:
    """Raises Refused("not-in-co-creation") before an initiative is in co-creation, and once it rests or is over."""
    if initiative.status not in CO_CREATING:
        raise Refused(
            "not-in-co-creation",
            f"A dream vision is made while an initiative is in co-creation or after; this one is {initiative.status}.",
            is_now=initiative.status,
        )


def may_compose(initiative: Initiative, person: UUID) -> None:
    """Raises Forbidden("not-yours") and Refused("not-in-co-creation") for who may not change the storyboard now."""
    only_initiators(initiative, person)
    only_while_co_creating(initiative)


def open_storyboard(initiative: Initiative, dream_id: UUID, person: UUID) -> Decided:
    """Open the storyboard of an initiative. Raises what `may_compose` raises."""
    may_compose(initiative, person)
    dream = Dream(dream_id, initiative.id)
    return dream.told(StoryboardOpened(dream_id=dream_id, initiative_id=initiative.id, opened_by=person))


def add_scene(dream: Dream, scene: Scene) -> Decided:
    """Add a scene at the end. Raises Refused("too-many-scenes")."""
    if len(dream.scenes) >= MOST_SCENES:
        raise Refused("too-many-scenes", f"A dream vision has at most {MOST_SCENES} scenes.", most=MOST_SCENES)
    asked = [LivedExperienceAsked(**dream.about, scene_id=scene.id)] if scene.experience else []
    after = replace(dream, scenes=(*dream.scenes, scene))
    return after.told(SceneAdded(**dream.about, scene_id=scene.id), *asked)


def change_scene(dream: Dream, scene_id: UUID, changes: Mapping[str, Any]) -> Decided:
    """Let a scene say or ask something else; nothing happens where nothing differs. Raises NotFound.

    With another heading the English one goes, unless it is among the changes: it says something else now.
    """
    scene = scene_of(dream, scene_id)
    kept = scene.heading_english if changes.get("heading", scene.heading) == scene.heading else None
    changed = replace(scene, **{"heading_english": kept, **changes})
    names = [field.name for field in fields(Scene) if getattr(scene, field.name) != getattr(changed, field.name)]
    if not names:
        return dream, []
    asks = "experience" in names and changed.experience is not None
    asked = [LivedExperienceAsked(**dream.about, scene_id=scene_id)] if asks else []
    scenes = tuple(changed if one.id == scene_id else one for one in dream.scenes)
    return replace(dream, scenes=scenes).told(SceneChanged(**dream.about, scene_id=scene_id, changed=names), *asked)


def remove_scene(dream: Dream, scene_id: UUID) -> Decided:
    """Take a scene out, with all that fills it. Raises NotFound("scene-unknown")."""
    scene_of(dream, scene_id)
    scenes = tuple(scene for scene in dream.scenes if scene.id != scene_id)
    parts = tuple(replace(part, cleared=part.cleared or part.scene_id == scene_id) for part in dream.parts)
    return replace(dream, scenes=scenes, parts=parts).told(SceneRemoved(**dream.about, scene_id=scene_id))


def reorder(dream: Dream, scene_ids: Sequence[UUID]) -> Decided:
    """Put the scenes in another order. Raises Invalid("not-all-scenes") unless each is named once."""
    by_id = {scene.id: scene for scene in dream.scenes}
    if sorted(scene_ids) != sorted(by_id):
        raise Invalid("not-all-scenes", "Name every scene of this dream vision exactly once.")
    scenes = tuple(by_id[scene_id] for scene_id in scene_ids)
    if scenes == dream.scenes:
        return dream, []
    return replace(dream, scenes=scenes).told(ScenesReordered(**dream.about, scene_ids=list(scene_ids)))


def scene_of(dream: Dream, scene_id: UUID) -> Scene:
    """A scene of a dream. Raises NotFound("scene-unknown") where it is of another or was removed."""
    for scene in dream.scenes:
        if scene.id == scene_id:
            return scene
    raise NotFound("scene-unknown", f"There is no scene {scene_id} in this dream vision.")


def state(dream: Dream, words: Mapping[UUID, str]) -> DreamState:
    """What everybody may know of a storyboard; `words` are those of contributions by id."""
    scenes = [scene for scene in dream.scenes if scene.id not in dream.hidden]
    return DreamState(
        **dream.about,
        scene_ids=[scene.id for scene in scenes],
        headings=[scene.heading for scene in scenes],
        questions=[scene.question for scene in scenes],
        texts=[said(dream.parts_of(scene.id), words) for scene in scenes],
        open_scenes=sum(not dream.parts_of(scene.id) for scene in scenes),
    )


def said(parts: Iterable[Part], words: Mapping[UUID, str]) -> str:
    """The words of what is lit, with a blank line between parts."""
    told = (words.get(part.contribution_id, "") for part in parts if part.light is Light.LIT)
    return "\n\n".join(text for text in told if text)
