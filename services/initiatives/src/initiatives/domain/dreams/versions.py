"""Versions of a dream vision: each is the storyboard as it was at a moment, and becomes one film.

queued → rendering → rendered → published → replaced; failed; withdrawn as soon as it shows what may not be shown any
more. Where that one was published, the version after it is published by itself once it is rendered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.dreams import (
    DreamRendered,
    DreamRenderFailed,
    DreamRenderProgressed,
    DreamRenderStarted,
)
from dorpsplein.errors import NotFound, Refused
from initiatives.domain.dreams.film import MOST_SHOTS, shots
from initiatives.domain.dreams.storyboard import Decided, Dream, Light, Part, Scene

RENDER_FACTS = (DreamRenderStarted, DreamRenderProgressed, DreamRendered, DreamRenderFailed)
"""What is told of films; the storyboard stays as it is."""
MOST_ATTEMPTS = 2
"""A render that was cut off is started once more, and then given up."""
CUT_OFF = "cut-off-twice"
NOT_AGREED = "not-agreed"


class Status(StrEnum):
    """Where a version is in its life."""

    QUEUED = "queued"
    RENDERING = "rendering"
    RENDERED = "rendered"
    PUBLISHED = "published"
    REPLACED = "replaced"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "start": (frozenset({Status.QUEUED}), Status.RENDERING),
    "restart": (frozenset({Status.RENDERING}), Status.RENDERING),
    "put back": (frozenset({Status.RENDERING}), Status.QUEUED),
    "finish": (frozenset({Status.RENDERING}), Status.RENDERED),
    "fail": (frozenset({Status.RENDERING}), Status.FAILED),
    "publish": (frozenset({Status.RENDERED}), Status.PUBLISHED),
    "replace": (frozenset({Status.PUBLISHED}), Status.REPLACED),
    "withdraw": (
        frozenset({Status.QUEUED, Status.RENDERING, Status.RENDERED, Status.PUBLISHED}),
        Status.WITHDRAWN,
    ),
}
"""Each verb: from which statuses it goes, and to which."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: title, scenes and parts as they were when it was made, in the light they had then.

    `attempts` counts how often its render was started.
    """

    dream_id: UUID
    number: int
    render_id: UUID
    title: str
    scenes: tuple[Scene, ...]
    parts: tuple[Part, ...]
    status: Status = Status.QUEUED
    attempts: int = 0

    def parts_of(self, scene_id: UUID) -> list[Part]:
        """What was in a scene."""
        return [part for part in self.parts if part.scene_id == scene_id]


@dataclass(frozen=True, slots=True)
class Film:
    """What came of a render: how long it is, the digest of its frames (hex), and by code why which scenes are dark."""

    seconds: float
    digest: str
    dark: Mapping[UUID, str]


def make(dream: Dream, before: Version | None, render_id: UUID, title: str) -> tuple[Dream, Version]:
    """Make a version of the storyboard as it is, to be rendered; `before` is the newest one.

    Raises Refused("nothing-to-show") while nothing is lit, ("too-many-shots"), ("storyboard-unchanged") where a version
    of the same is there and did not fail, ("render-under-way") while the one before is still being made. English
    stands in no version: it is read where it stands.
    """
    shown = [scene for scene in dream.scenes if scene.id not in dream.hidden and dream.parts_of(scene.id)]
    scenes = tuple(replace(scene, heading_english=None) for scene in shown)
    parts = tuple(part for scene in scenes for part in dream.parts_of(scene.id))
    if not any(part.light is Light.LIT for part in parts):
        raise Refused("nothing-to-show", "No scene is filled with something that may be shown yet.")
    made = Version(dream.id, dream.newest + 1, render_id, title, scenes, parts)
    if (count := len(shots(scenes, parts, {part.contribution_id: "" for part in parts}))) > MOST_SHOTS:
        raise Refused(
            "too-many-shots", f"A film has at most {MOST_SHOTS} shots; this would be {count}.", most=MOST_SHOTS
        )
    if before is not None:
        _refuse_needless(made, before)
    return replace(dream, newest=made.number), made


def _refuse_needless(made: Version, before: Version) -> None:
    if before.status in (Status.QUEUED, Status.RENDERING):
        raise Refused(
            "render-under-way", f"Version {before.number} is still being rendered.", dreamVersion=before.number
        )
    same = (made.title, made.scenes, made.parts) == (before.title, before.scenes, before.parts)
    if same and before.status not in (Status.FAILED, Status.WITHDRAWN):
        raise Refused(
            "storyboard-unchanged", f"Nothing changed since version {before.number}.", dreamVersion=before.number
        )


def start(dream: Dream, version: Version) -> tuple[Version, Decided]:
    """Start a render, or start it once more where it was cut off; after that it is given up and fails."""
    if version.attempts >= MOST_ATTEMPTS:
        return fail(dream, version, CUT_OFF)
    verb = "start" if version.status is Status.QUEUED else "restart"
    started = replace(version, status=moved(version, verb), attempts=version.attempts + 1)
    told = DreamRenderStarted(
        dream_id=dream.id,
        initiative_id=dream.initiative_id,
        render_id=version.render_id,
        dream_version=version.number,
        attempt=started.attempts,
    )
    return started, dream.told(told)


def progress(dream: Dream, version: Version, percent: int) -> Decided:
    """Tell how far a render is."""
    return dream.told(
        DreamRenderProgressed(
            dream_id=dream.id,
            initiative_id=dream.initiative_id,
            render_id=version.render_id,
            dream_version=version.number,
            percent=percent,
        )
    )


def not_agreed(version: Version) -> dict[UUID, str]:
    """The scenes of which nothing may be shown, as they are dark in every film of this version."""
    lit = {part.scene_id for part in version.parts if part.light is Light.LIT}
    return {scene.id: NOT_AGREED for scene in version.scenes if scene.id not in lit}


def put_back(version: Version) -> Version:
    """Stop a render in good order: it is started again later, as if it had not been."""
    return replace(version, status=moved(version, "put back"), attempts=version.attempts - 1)


def finish(dream: Dream, version: Version, film: Film) -> tuple[Version, Decided]:
    """The film is there."""
    told = DreamRendered(
        dream_id=dream.id,
        initiative_id=dream.initiative_id,
        render_id=version.render_id,
        dream_version=version.number,
        seconds=film.seconds,
        digest=film.digest,
        dark_scenes=sorted(film.dark),
    )
    return replace(version, status=moved(version, "finish")), dream.told(told)


def fail(dream: Dream, version: Version, reason: str, scene_id: UUID | None = None) -> tuple[Version, Decided]:
    """No film comes of it; whatever it was to take the place of stays away."""
    told = DreamRenderFailed(
        dream_id=dream.id,
        initiative_id=dream.initiative_id,
        render_id=version.render_id,
        dream_version=version.number,
        reason=reason,
        scene_id=scene_id,
    )
    after = replace(dream, succeeding=None) if dream.succeeding == version.number else dream
    return replace(version, status=moved(version, "fail")), after.told(told)


def version_of(versions: Sequence[Version], number: int) -> Version:
    """The version of this number. Raises NotFound("version-unknown")."""
    for version in versions:
        if version.number == number:
            return version
    raise NotFound("version-unknown", f"This dream vision has no version {number}.")


def moved(version: Version, verb: str) -> Status:
    """The status a verb leads to. Raises Refused("illegal-version-move") from any other than it starts from."""
    before, after = MOVES[verb]
    if version.status not in before:
        raise Refused("illegal-version-move", f"A version that is {version.status} cannot {verb}.")
    return after
