"""What changed from one version of a dream vision to the next, scene by scene, for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from initiatives.domain.dreams.storyboard import Light, Part
from initiatives.domain.dreams.versions import Version

SAID = {
    "added": "kwam erbij",
    "removed": "verdween",
    "moved": "kwam op een andere plaats",
    "heading": "kreeg een andere titel",
    "question": "kreeg een andere vraag",
    "experience": "vraagt om andere ervaring",
    "filled": "werd verder gevuld",
    "cleared": "verloor een deel",
    "lit": "mag nu worden getoond",
    "darkened": "werd donker",
    "names": "noemt anderen",
    "translated": "kreeg andere Engelse ondertitels",
}
"""What happened to a scene, by code, in Dutch."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened to one scene: a code of SAID, and a Dutch sentence."""

    scene_id: UUID
    change: str
    sentence: str


def differences(before: Version | None, after: Version) -> list[Difference]:
    """What is different in a version, in the order of its scenes; those that went come last.

    In the first version every scene is new.
    """
    scenes = {scene.id: scene for scene in before.scenes} if before else {}
    kept = [scene.id for scene in after.scenes if scene.id in scenes]
    order = [scene_id for scene_id in scenes if scene_id in kept]
    found: list[Difference] = []
    for scene in after.scenes:
        if before is None or scene.id not in scenes:
            found.append(_of(scene.id, scene.heading, "added"))
            continue
        old = scenes[scene.id]
        changes = ["moved"] if kept.index(scene.id) != order.index(scene.id) else []
        changes += [
            name for name in ("heading", "question", "experience") if getattr(old, name) != getattr(scene, name)
        ]
        changes += _filling(before.parts_of(scene.id), after.parts_of(scene.id))
        found += [_of(scene.id, scene.heading, change) for change in changes]
    there = {scene.id for scene in after.scenes}
    return found + [_of(one.id, one.heading, "removed") for one in scenes.values() if one.id not in there]


def _filling(before: Sequence[Part], after: Sequence[Part]) -> list[str]:
    old, new = {part.id: part for part in before}, {part.id: part for part in after}
    both = old.keys() & new.keys()
    changes = ["filled"] if new.keys() - old.keys() else []
    changes += ["cleared"] if old.keys() - new.keys() else []
    lights = [(old[one].light, new[one].light) for one in both]
    changes += ["darkened"] if any(was is Light.LIT and now is not Light.LIT for was, now in lights) else []
    changes += ["lit"] if any(was is not Light.LIT and now is Light.LIT for was, now in lights) else []
    still = [(old[one], new[one]) for one in both if old[one].light is new[one].light is Light.LIT]
    changes += ["names"] if any(was.named != now.named for was, now in still) else []
    return changes + (["translated"] if any(was.english != now.english for was, now in still) else [])


def _of(scene_id: UUID, heading: str, change: str) -> Difference:
    return Difference(scene_id, change, f"«{heading}» {SAID[change]}")
