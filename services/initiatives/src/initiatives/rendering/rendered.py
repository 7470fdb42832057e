"""What came out of a render."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DarkScene:
    """A scene that could not be shown, and why: words that follow "the scene is dark, because"."""

    scene_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SceneShown:
    """Where a scene stands in the film, in seconds from its start."""

    scene_id: str
    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """A film that is whole. `digest` is the SHA-256 of its frames as they went to the encoder, in hexadecimals.

    `sound_digest` is that of its sound (16 bits, stereo, 48 kHz). `captions` has a WebVTT file for each language.
    """

    film: Path
    seconds: float
    frames: int
    digest: str
    sound_digest: str
    scenes: tuple[SceneShown, ...]
    dark_scenes: tuple[DarkScene, ...]
    captions: Mapping[str, Path]
    poster: Path
