"""Small media and storyboards, and a film read back."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from initiatives.rendering import Storyboard

SIZE = {"width": 160, "height": 90}
FPS = 10
RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def board(*scenes: dict[str, Any], **changed: Any) -> Storyboard:
    """A storyboard of small frames."""
    whole = {"title": "Ons plein", "size": SIZE, "fps": FPS, "scenes": scenes, **changed}
    return Storyboard.model_validate(whole)


def image(path: Path, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (320, 180)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def clip(
    path: Path,
    colours: Sequence[tuple[int, int, int]],
    *,
    fps: int = 10,
    tone: bool = False,
    size: tuple[int, int] = (160, 90),
) -> Path:
    """A clip in which each colour is shown for a second; with a tone where asked."""
    with av.open(str(path), "w", options={"movflags": "+faststart"} if path.suffix == ".mp4" else {}) as output:
        stream = output.add_stream("libx264", rate=fps, options={"crf": "10"})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        heard = output.add_stream("aac", rate=48_000, layout="mono") if tone else None
        for colour in colours:
            for _ in range(fps):
                picture = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), colour, np.uint8), format="rgb24")
                output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
        if heard is not None:
            sound = av.AudioFrame.from_ndarray(sine(len(colours), 48_000).reshape(1, -1), format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 48_000, 0, Fraction(1, 48_000)
            output.mux(heard.encode(sound))
            output.mux(heard.encode(None))
    return path


def sine(seconds: float, rate: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    return (np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate) * 12_000).astype(np.int16)


def voice(path: Path, seconds: float = 1.0, rate: int = 16_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sine(seconds, rate).tobytes())
    return path


@dataclass(frozen=True)
class Film:
    """What is in a film: its streams, the mean colour of each frame, how loud each second is, its timed text."""

    seconds: float
    streams: list[tuple[str, str, str]]
    size: tuple[int, int]
    fps: float
    colours: list[tuple[int, ...]]
    loudness: list[float]
    texts: dict[str, list[tuple[int, int, str]]]

    def colour_at(self, seconds: float) -> tuple[int, ...]:
        return self.colours[round(seconds * self.fps)]


def film(path: Path) -> Film:
    """Read a film back with PyAV."""
    with av.open(str(path)) as container:
        streams = [
            (str(one.type), one.codec_context.codec.canonical_name, one.language or "") for one in container.streams
        ]
        video = container.streams.video[0]
        size, fps = (video.width, video.height), float(video.average_rate or 0)
        seconds = (container.duration or 0) / av.time_base
        texts = {one.language or "": _texts(path, one.index) for one in container.streams.subtitles}
        colours = [
            tuple(int(part) for part in frame.to_ndarray(format="rgb24").mean(axis=(0, 1)))
            for frame in container.decode(video)
        ]
    return Film(seconds, streams, size, fps, colours, _loudness(path), texts)


def _texts(path: Path, index: int) -> list[tuple[int, int, str]]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(container.streams[index]) if packet.size > 2]
        return [
            (packet.pts or 0, (packet.pts or 0) + (packet.duration or 0), bytes(packet)[2:].decode())
            for packet in packets
        ]


def _loudness(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        parts = [
            part.to_ndarray().reshape(-1) for frame in container.decode(audio=0) for part in resampler.resample(frame)
        ]
    whole = np.concatenate(parts).astype(np.float64)
    return [float(np.abs(whole[at : at + 48_000]).mean()) for at in range(0, len(whole), 48_000)]
