"""Sound: 16 bits, stereo, 48,000 samples a second."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from initiatives.rendering.files import Broken, demuxed, readied
from initiatives.rendering.storyboard import MOST_SCENE_SECONDS

Sound = NDArray[np.int16]
"""Samples of left and right: an array of n by 2."""
RATE = 48_000
FADE = RATE // 50
UNDER_A_VOICE = 0.3
"""How loud a clip's own sound is where a voice is heard over it."""
SHORT = 0.5


def read(path: Path) -> Sound | None:
    """The sound of a file, at most that of the longest scene; None where it has none.

    Raises Broken for what cannot be decoded or was cut off.
    """
    with demuxed(path) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        readied(stream, path)
        parts, samples = [], 0
        for part in _resampled(container.decode(stream)):
            parts.append(part)
            samples += len(part)
            if samples >= MOST_SCENE_SECONDS * RATE:
                return np.concatenate(parts)[: MOST_SCENE_SECONDS * RATE]
        promised = 0 if stream.duration is None or stream.time_base is None else stream.duration * stream.time_base
        if (missed := float(promised) - samples / RATE) > SHORT:
            raise Broken(f"{path.name} was cut off: its last {missed:.1f} seconds are missing")
        return np.concatenate(parts) if parts else None


def voice(path: Path) -> Sound:
    """The sound of a voice. Raises Broken, also for a file without sound."""
    heard = read(path)
    if heard is None:
        raise Broken(f"{path.name} has no sound")
    return heard


def mixed(own: Sound | None, spoken: Sound | None, samples: int) -> Sound:
    """A clip's own sound and a voice over it, cut or followed by silence so that it is exactly so long."""
    whole = np.zeros((samples, 2), np.float32)
    for sound, loud in ((own, UNDER_A_VOICE if spoken is not None else 1.0), (spoken, 1.0)):
        if sound is not None:
            heard = _faded(sound[:samples].astype(np.float32))
            whole[: len(heard)] += heard * np.float32(loud)
    limited: Sound = np.clip(np.rint(whole), -32_768, 32_767).astype(np.int16)
    return limited


def silence(samples: int) -> Sound:
    """Nothing to hear."""
    return np.zeros((samples, 2), np.int16)


def _resampled(frames: Iterator[av.AudioFrame]) -> Iterator[Sound]:
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    for frame in frames:
        yield from _samples(resampler.resample(frame))
    yield from _samples(resampler.resample(None))


def _samples(frames: Sequence[av.AudioFrame]) -> Iterator[Sound]:
    for frame in frames:
        yield frame.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False)


def _faded(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the click of a sound that begins or ends at once."""
    length = min(FADE, len(sound) // 2)
    if length:
        ramp = np.linspace(0, 1, length, dtype=np.float32)[:, None]
        sound[:length] *= ramp
        sound[len(sound) - length :] *= ramp[::-1]
    return sound
