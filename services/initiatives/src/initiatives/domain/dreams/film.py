"""What a film shows, shot by shot: whatever is lit, and a dark shot for a scene where nothing is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from initiatives.domain.dreams.storyboard import MOST_WORDS, Light, Part, Scene

Language = Literal["nl", "en"]
MOST_SHOTS = 40
SEEN = frozenset({"image", "clip"})


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot: `media` and `voice` are contributions whose files it shows and lets hear, `by` who may be named.

    `english` is what its text says for who reads English, each piece with its language; empty while nobody wrote any.
    """

    id: str
    kind: str
    heading: str
    text: str = ""
    media: UUID | None = None
    voice: UUID | None = None
    by: tuple[UUID, ...] = ()
    english: tuple[tuple[Language, str], ...] = ()


def shots(
    scenes: Sequence[Scene],
    parts: Sequence[Part],
    words: Mapping[UUID, str],
    english: Mapping[UUID, str] = MappingProxyType({}),
) -> list[Shot]:
    """The shots of a version, from the words of contributions and what people made of those in English, by part.

    What is not among `words` cannot be read any more, and is not shown.
    """
    return [
        shot
        for scene in scenes
        for shot in _of_scene(scene, [part for part in parts if part.scene_id == scene.id], words, english)
    ]


def scene_of(shot_id: str) -> UUID:
    """The scene a shot belongs to."""
    return UUID(shot_id[:36])


def _of_scene(
    scene: Scene, parts: Sequence[Part], words: Mapping[UUID, str], english: Mapping[UUID, str]
) -> list[Shot]:
    lit = [part for part in parts if part.light is Light.LIT and part.contribution_id in words]
    if not lit:
        return [Shot(f"{scene.id}-1", "dark", scene.heading)]
    return [
        _shot(f"{scene.id}-{number}", scene, together, words, english)
        for number, together in enumerate(_together(lit), start=1)
    ]


def _together(parts: Sequence[Part]) -> list[list[Part]]:
    """Which parts share a shot: the first image or clip with the first text and the first voice, and so on."""
    seen = [part for part in parts if part.kind in SEEN]
    texts = [part for part in parts if part.kind == "text"]
    voices = [part for part in parts if part.kind == "voice"]
    return [[part for part in group if part] for group in zip_longest(seen, texts, voices)]


def _shot(
    shot_id: str, scene: Scene, parts: Sequence[Part], words: Mapping[UUID, str], english: Mapping[UUID, str]
) -> Shot:
    """One shot; a text goes before what was said with an image or a sound, as one frame holds only so many words."""
    by_kind = {part.kind: part for part in parts}
    shown = by_kind.get("image") or by_kind.get("clip")
    voice = by_kind.get("voice")
    said = [part for part in sorted(parts, key=lambda part: part.kind != "text") if words[part.contribution_id]]
    if len(_text(said, words)) > MOST_WORDS:
        said = said[:1]
    return Shot(
        shot_id,
        shown.kind if shown else "card",
        scene.heading,
        _text(said, words),
        shown.contribution_id if shown else None,
        voice.contribution_id if voice else None,
        tuple(dict.fromkeys(part.contributor_id for part in parts if part.named)),
        _english(said, words, english),
    )


def _text(parts: Sequence[Part], words: Mapping[UUID, str]) -> str:
    return "\n".join(words[part.contribution_id] for part in parts)


def _english(
    parts: Sequence[Part], words: Mapping[UUID, str], english: Mapping[UUID, str]
) -> tuple[tuple[Language, str], ...]:
    if not any(part.id in english for part in parts):
        return ()
    return tuple(
        ("en", english[part.id]) if part.id in english else ("nl", words[part.contribution_id]) for part in parts
    )
