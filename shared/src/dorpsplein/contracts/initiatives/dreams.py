"""Dream visions: storyboards that residents fill, scene by scene, and the films that are made of them."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class StoryboardOpened(Event, type="nl.participatie.dreams.storyboard-opened.v1", topic="initiatives.dream"):
    """The initiators opened a storyboard: from here on residents fill the dream vision."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    opened_by: Annotated[UUID, Pseudonym]


class SceneAdded(Event, type="nl.participatie.dreams.scene-added.v1", topic="initiatives.dream"):
    """A scene was added at the end, open until residents fill it; what it asks stands in the state topic."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]


class SceneChanged(Event, type="nl.participatie.dreams.scene-changed.v1", topic="initiatives.dream"):
    """A scene says or asks something else; `changed` names the fields."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    changed: Annotated[list[str], NotPersonal]


class SceneRemoved(Event, type="nl.participatie.dreams.scene-removed.v1", topic="initiatives.dream"):
    """A scene was taken out of the storyboard; versions that were made before keep it."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]


class ScenesReordered(Event, type="nl.participatie.dreams.scenes-reordered.v1", topic="initiatives.dream"):
    """The scenes come in another order."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_ids: Annotated[list[UUID], NotPersonal]


class LivedExperienceAsked(Event, type="nl.participatie.dreams.lived-experience-asked.v1", topic="initiatives.dream"):
    """A scene has a gap that only somebody with lived experience can fill; of what stands on the page alone."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]


class SceneFilled(Event, type="nl.participatie.dreams.scene-filled.v1", topic="initiatives.dream"):
    """A contribution became a part of a scene; `part` is `text`, `image`, `clip` or `voice`.

    It is shown once its contributor agrees; `lit` says whether that is so from the start.
    """

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    part_id: Annotated[UUID, NotPersonal]
    contribution_id: Annotated[UUID, NotPersonal]
    part: Annotated[str, NotPersonal]
    lit: Annotated[bool, NotPersonal]


class SceneCleared(Event, type="nl.participatie.dreams.scene-cleared.v1", topic="initiatives.dream"):
    """A part was taken out of a scene."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    part_id: Annotated[UUID, NotPersonal]
    contribution_id: Annotated[UUID, NotPersonal]


class SceneLit(Event, type="nl.participatie.dreams.scene-lit.v1", topic="initiatives.dream"):
    """A part of a scene may be shown from now on: its contributor agreed."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    part_id: Annotated[UUID, NotPersonal]


class SceneDarkened(Event, type="nl.participatie.dreams.scene-darkened.v1", topic="initiatives.dream"):
    """A part of a scene may not be shown any more, or not with a name; `reason` is a code."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    part_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class SceneHidingChanged(Event, type="nl.participatie.dreams.scene-hiding-changed.v1", topic="initiatives.dream"):
    """Moderation took a scene from view, or showed it again."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID, NotPersonal]
    hidden: Annotated[bool, NotPersonal]


class DreamRenderStarted(Event, type="nl.participatie.dreams.dream-render-started.v1", topic="initiatives.dream"):
    """A film of a version is being made; `attempt` is 2 where the first was cut off."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    render_id: Annotated[UUID, NotPersonal]
    dream_version: Annotated[int, NotPersonal]
    attempt: Annotated[int, NotPersonal]


class DreamRenderProgressed(Event, type="nl.participatie.dreams.dream-render-progressed.v1", topic="initiatives.dream"):
    """So many percent of a film are made: told at each quarter."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    render_id: Annotated[UUID, NotPersonal]
    dream_version: Annotated[int, NotPersonal]
    percent: Annotated[int, NotPersonal]


class DreamRendered(Event, type="nl.participatie.dreams.dream-rendered.v1", topic="initiatives.dream"):
    """The film of a version is ready: how long it is, what its frames come to (SHA-256), which scenes are dark."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    render_id: Annotated[UUID, NotPersonal]
    dream_version: Annotated[int, NotPersonal]
    seconds: Annotated[float, NotPersonal]
    digest: Annotated[str, NotPersonal]
    dark_scenes: Annotated[list[UUID], NotPersonal]


class DreamRenderFailed(Event, type="nl.participatie.dreams.dream-render-failed.v1", topic="initiatives.dream"):
    """No film comes of a version; `reason` is a code, with the scene it lies in where it lies in one."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    render_id: Annotated[UUID, NotPersonal]
    dream_version: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal]
    scene_id: Annotated[UUID | None, NotPersonal] = None


class DreamState(Event, type="nl.participatie.dreams.dream-state.v1", topic="initiatives.dream.state"):
    """The latest storyboard, scene by scene in order: headings, and the words that may be shown (empty: none yet)."""

    dream_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_ids: Annotated[list[UUID], NotPersonal]
    headings: Annotated[list[str], Published]
    questions: Annotated[list[str], Published]
    texts: Annotated[list[str], Published]
    open_scenes: Annotated[int, NotPersonal]


FACTS = (
    StoryboardOpened,
    SceneAdded,
    SceneChanged,
    SceneRemoved,
    ScenesReordered,
    LivedExperienceAsked,
    SceneFilled,
    SceneCleared,
    SceneLit,
    SceneDarkened,
    SceneHidingChanged,
    DreamRenderStarted,
    DreamRenderProgressed,
    DreamRendered,
    DreamRenderFailed,
)
EVENTS = (*FACTS, DreamState)
