"""A film out of its shots: frame after frame to the encoder, with captions and a poster beside it."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dorpsplein.errors import Refused
from initiatives.rendering import captions, frames, sound
from initiatives.rendering.captions import Cue
from initiatives.rendering.encoding import Encoder
from initiatives.rendering.files import refuse_outside
from initiatives.rendering.frames import Frame
from initiatives.rendering.rendered import DarkScene, Rendered, SceneShown
from initiatives.rendering.shots import Shot, shots_of
from initiatives.rendering.sound import Sound
from initiatives.rendering.storyboard import LANGUAGES, MOST_SECONDS, Codec, Language, Storyboard

FADE_SECONDS = 0.4
PART = ".part"
POSTER_QUALITY = 88


@dataclass(frozen=True, slots=True)
class _Made:
    """What is known of a film once all of it went to the encoder."""

    digest: str
    sound_digest: str
    poster: Frame


def render_film(
    storyboard: Storyboard, folder: Path, out: Path, *, codec: Codec, progress: Callable[[float], None] | None
) -> Rendered:
    """See `initiatives.rendering.render`."""
    refuse_outside(storyboard, folder)
    shots = shots_of(storyboard, folder)
    seconds = sum(shot.count for shot in shots) / storyboard.fps
    if seconds > MOST_SECONDS:
        raise Refused("film-too-long", f"The film would last {seconds:.1f} s; at most {MOST_SECONDS} s.")
    part = out.with_name(out.name + PART)
    try:
        tracks = _tracks(storyboard, shots)
        with Encoder(part, storyboard, codec, tracks) as encoder:
            made = _encoded(storyboard, shots, encoder, progress)
        beside, poster = _written_beside(storyboard, tracks, made.poster, out)
        os.replace(part, out)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    if progress:
        progress(1.0)
    return Rendered(
        film=out,
        seconds=seconds,
        frames=encoder.frames,
        digest=made.digest,
        sound_digest=made.sound_digest,
        scenes=tuple(_scenes(shots, storyboard.fps)),
        dark_scenes=tuple(DarkScene(shot.scene.id, shot.dark) for shot in shots if shot.scene and shot.dark),
        captions=beside,
        poster=poster,
    )


def _encoded(
    storyboard: Storyboard, shots: Sequence[Shot], encoder: Encoder, progress: Callable[[float], None] | None
) -> _Made:
    fps, whole, poster_at = storyboard.fps, sum(shot.count for shot in shots), _poster_at(shots)
    shown, played = hashlib.sha256(), hashlib.sha256()
    heard, poster = _heard(shots, fps), np.empty(0, np.uint8)
    for number, frame in enumerate(faded(shots, round(FADE_SECONDS * fps))):
        if number % fps == 0:
            second = next(heard)
            played.update(second.data)
            encoder.play(second)
            if progress:
                progress(number / whole)
        shown.update(frame.data)
        encoder.show(frame)
        poster = frame if number == poster_at else poster
    return _Made(shown.hexdigest(), played.hexdigest(), poster)


def faded(shots: Sequence[Shot], steps: int) -> Iterator[Frame]:
    """All frames; each shot comes up out of the last frame of the one before it."""
    before: Frame | None = None
    for shot in shots:
        last = before
        for number, frame in enumerate(shot.pictures(), 1):
            fading = before is not None and number <= steps
            last = frames.blended(before, frame, number, steps + 1) if before is not None and fading else frame
            yield last
        before = last


def _heard(shots: Sequence[Shot], fps: int) -> Iterator[Sound]:
    """The sound of all shots, a second at a time."""
    parts = [sound.silence(shot.count * sound.RATE // fps) if shot.heard is None else shot.heard for shot in shots]
    whole = np.concatenate(parts)
    return (whole[at : at + sound.RATE] for at in range(0, len(whole), sound.RATE))


def _poster_at(shots: Sequence[Shot]) -> int:
    """The frame that stands for the film: the middle of its first image or clip, else of the title."""
    seen = [shot.scene is not None and shot.scene.media is not None and shot.dark is None for shot in shots]
    at = seen.index(True) if True in seen else 0
    return sum(shot.count for shot in shots[:at]) + shots[at].count // 2


def _scenes(shots: Sequence[Shot], fps: int) -> Iterator[SceneShown]:
    start = 0
    for shot in shots:
        if shot.scene is not None:
            yield SceneShown(shot.scene.id, start / fps, shot.count / fps)
        start += shot.count


def _tracks(storyboard: Storyboard, shots: Sequence[Shot]) -> dict[Language, list[Cue]]:
    """The captions in both languages. A dark scene says nothing."""
    tracks: dict[Language, list[Cue]] = {language: [] for language in LANGUAGES}
    start = 0
    for shot in shots:
        begin, end = (at * 1000 // storyboard.fps for at in (start, start + shot.count))
        start += shot.count
        if shot.scene is None or shot.scene.kind == "dark" or shot.dark:
            continue
        for language, track in tracks.items():
            track += captions.cues(captions.said(shot.scene, language, storyboard.language), begin, end)
    return tracks


def _written_beside(
    storyboard: Storyboard, tracks: Mapping[Language, list[Cue]], poster: Frame, out: Path
) -> tuple[dict[str, Path], Path]:
    """Write captions and poster; they stand there before the film does."""
    beside: dict[str, Path] = {}
    for language, track in tracks.items():
        beside[language] = out.with_suffix(f".{language}.vtt")
        beside[language].write_text(captions.webvtt(track, language), encoding="utf-8")
    picture = out.with_suffix(".jpg")
    frames.to_image(poster, storyboard.size.width, storyboard.size.height).save(picture, quality=POSTER_QUALITY)
    return beside, picture
