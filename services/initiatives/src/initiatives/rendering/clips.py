"""Clips: films that people sent, in the frame's size and at its pace, with bars where their shape is another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from initiatives.rendering.files import Broken, demuxed, readied
from initiatives.rendering.frames import BT709, EXACT, LIMITED, Frame, flat, joined, planes
from initiatives.rendering.storyboard import MOST_SCENE_SECONDS

MOST_PIXELS = 4096 * 2304
MOST_DECODED = MOST_SCENE_SECONDS * 60
SHORT, SHORT_OF_ALL = 0.5, 2.0
"""A clip was cut off that ends so many seconds before its pictures should, or before all that is in the file should."""
UNSPECIFIED = 2
BLACK = (16, 128, 128)


@dataclass(frozen=True, slots=True)
class Moment:
    """A picture of a clip, and when it is shown: in seconds from the clip's first picture. `lasts` is 0 if unknown."""

    at: Fraction
    lasts: Fraction
    picture: av.VideoFrame


def length_of(path: Path) -> float:
    """Seconds that a clip lasts, at most the longest scene. It is read whole, so what is found broken is not shown.

    Raises Broken for what cannot be decoded, has no picture or too many, is too large, or was cut off.
    """
    with demuxed(path) as container:
        stream = _video(container, path)
        last, step, end = Fraction(0), Fraction(1, 25), Fraction(0)
        for number, moment in enumerate(_moments(container, stream, path)):
            if number >= MOST_DECODED:
                raise Broken(f"{path.name} has more than {MOST_DECODED} pictures in {MOST_SCENE_SECONDS} seconds")
            step = moment.at - last if moment.at > last else step
            last = max(last, moment.at)
            end = max(end, last + (moment.lasts or step))
            if end >= MOST_SCENE_SECONDS:
                return MOST_SCENE_SECONDS
        if missed := _missed(float(end), stream, container):
            raise Broken(f"{path.name} was cut off: its last {missed:.1f} seconds are missing")
        return float(end)


def shown(path: Path, size: tuple[int, int], fps: int, frames: int) -> Iterator[Frame]:
    """Exactly so many frames: each is the picture of that moment, and the last picture stays until the end."""
    done, picture = 0, None
    with demuxed(path) as container:
        stream = _video(container, path)
        fitting = _Fitting(size, stream.sample_aspect_ratio)
        for moment in _moments(container, stream, path):
            until = min(frames, math.ceil(moment.at * fps))
            if picture is not None and done < until:
                frame = fitting.frame(picture)
                yield from (frame.copy() for _ in range(until - done))
                done = until
            if done >= frames:
                return
            picture = moment.picture
        if picture is not None:
            frame = fitting.frame(picture)
            yield from (frame.copy() for _ in range(frames - done))


def _video(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise Broken(f"{path.name} has no pictures")
    stream = container.streams.video[0]
    readied(stream, path, {"max_pixels": str(MOST_PIXELS)})
    if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
        raise Broken(f"{path.name} has {stream.codec_context.width} x {stream.codec_context.height} pixels, too many")
    return stream


def _moments(container: InputContainer, stream: VideoStream, path: Path) -> Iterator[Moment]:
    first = None
    for number, picture in enumerate(container.decode(stream)):
        pts, base = picture.pts, picture.time_base
        at = Fraction(number, 25) if pts is None or base is None else pts * base
        first = at if first is None else first
        yield Moment(max(Fraction(0), at - first), picture.duration * (base or Fraction(0)), picture)
    if first is None:
        raise Broken(f"{path.name} has no pictures")


def _missed(end: float, stream: VideoStream, container: InputContainer) -> float:
    """Seconds that should come after the end; 0 where it may well be the end."""
    if stream.duration is not None and stream.time_base is not None:
        promised, most = float(stream.duration * stream.time_base), SHORT
    else:
        promised, most = (container.duration or 0) / av.time_base, SHORT_OF_ALL
    return promised - end if promised - end > most else 0


class _Fitting:
    """Makes frames of pictures: upright, as large as fits, in the middle. `shape` is that of one pixel."""

    def __init__(self, size: tuple[int, int], shape: Fraction | None) -> None:
        self.size = size
        self.shape = float(shape or 1)
        self.reformatter = VideoReformatter()

    def frame(self, picture: av.VideoFrame) -> Frame:
        turns = round(picture.rotation / 90) % 4
        ratio = picture.width / picture.height * self.shape
        wide, high = _within(1 / ratio if turns % 2 else ratio, self.size)
        lying = (high, wide) if turns % 2 else (wide, high)
        unsaid = picture.colorspace == UNSPECIFIED and min(picture.width, picture.height) >= 720
        scaled = self.reformatter.reformat(
            picture,
            *lying,
            "yuv420p",
            BT709 if unsaid else None,
            BT709,
            EXACT,
            dst_color_range=LIMITED,
        )
        luma, blue, red = planes(flat(scaled), *lying)
        return _framed((np.rot90(luma, turns), np.rot90(blue, turns), np.rot90(red, turns)), self.size)


def _within(ratio: float, size: tuple[int, int]) -> tuple[int, int]:
    wide, high = size
    if ratio > wide / high:
        return wide, max(2, round(wide / ratio / 2) * 2)
    return max(2, round(high * ratio / 2) * 2), high


def _framed(parts: tuple[Frame, Frame, Frame], size: tuple[int, int]) -> Frame:
    framed = []
    for number, (plane, black) in enumerate(zip(parts, BLACK, strict=True)):
        shape = (size[1], size[0]) if number == 0 else (size[1] // 2, size[0] // 2)
        whole = np.full(shape, black, np.uint8)
        top, left = (shape[0] - plane.shape[0]) // 2, (shape[1] - plane.shape[1]) // 2
        whole[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
        framed.append(whole)
    return joined((framed[0], framed[1], framed[2]))
