"""`render`: a film of 12 seconds at 1280 x 720, against a bare encode of the same frames by the same encoder.

No servers. Ours reads an image and a clip, moves the one and scales the other, lays words over both, draws cards,
fades, takes the digest and writes sound, captions and a poster. Bare has all frames in memory and encodes them.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.bench.report import BARE, OURS, Report

from initiatives.rendering import Codec, Storyboard, render
from initiatives.rendering.encoding import VIDEO
from initiatives.rendering.film import FADE_SECONDS, faded
from initiatives.rendering.frames import Frame, picture_of
from initiatives.rendering.shots import shots_of

SIZE, FPS, SECONDS = (1280, 720), 25, 12
CODECS: tuple[Codec, ...] = ("h264", "av1")
MOST_A_SECOND = 1.0
Picture = NDArray[np.uint8]


async def bench(rounds: int, seconds: float) -> Report:
    """Render `rounds` times with each encoder."""
    report = Report("Renders", f"A film of {SECONDS} s, {SIZE[0]} x {SIZE[1]} at {FPS} a second; each: one frame.")
    with TemporaryDirectory() as name:
        folder = Path(name)
        story = storyboard(folder)
        frames = list(faded(shots_of(story, folder), round(FADE_SECONDS * FPS)))
        assert len(frames) == SECONDS * FPS
        for _ in range(rounds):
            for codec in CODECS:
                out = folder / f"{codec}.mp4"
                report.add(codec, OURS, timed(partial(render, story, folder, out, codec=codec)))
                report.add(codec, BARE, timed(partial(bare, frames, out, codec)))
    for row in report.rows():
        took = row[OURS]["seconds"] / SECONDS
        verdict = "within" if took <= MOST_A_SECOND else "ABOVE"
        report.facts[row["what"]] = f"{took:.2f} s for each second of film, {verdict} {MOST_A_SECOND}"
    return report


def timed(run: Callable[[], object]) -> Mapping[str, float]:
    began, used = time.perf_counter(), os.times()
    run()
    took, now = time.perf_counter() - began, os.times()
    cpu = now.user + now.system - used.user - used.system
    count = SECONDS * FPS
    return {"cpu_us": cpu / count * 1e6, "per_second": count / took, "seconds": took}


def bare(frames: list[Frame], out: Path, codec: Codec) -> None:
    name, options = VIDEO[codec]
    with av.open(str(out), "w", format="mp4") as output:
        stream = output.add_stream(name, rate=FPS, options=options)
        assert isinstance(stream, av.VideoStream)
        (stream.width, stream.height), stream.pix_fmt = SIZE, "yuv420p"
        for number, frame in enumerate(frames):
            picture = picture_of(frame, *SIZE)
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))


def storyboard(folder: Path) -> Storyboard:
    """A title, an image and a clip with as much in them as a photo has, and credits: three seconds each."""
    chance = np.random.default_rng(267)
    Image.fromarray(patches(chance, 2000, 1500)).save(folder / "photo.jpg")
    with av.open(str(folder / "clip.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for picture in panned(patches(chance, 2200, 1080)):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    scenes = [
        {"id": "photo", "kind": "image", "media": "photo.jpg", "heading": "Ons plein", "text": "Samen", "seconds": 3},
        {"id": "clip", "kind": "clip", "media": "clip.mp4", "heading": "Ons feest", "seconds": 3, "by": ["Anna"]},
    ]
    return Storyboard.model_validate({"title": "Ons plein, een tafel lang", "scenes": scenes})


def patches(chance: np.random.Generator, width: int, height: int) -> Picture:
    """Coarse patches of colour with fine grain on them."""
    coarse = Image.fromarray(chance.integers(0, 256, (height // 50, width // 50, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = chance.integers(-12, 13, (height, width, 1), dtype=np.int16)
    grained: Picture = np.clip(smooth + grain, 0, 255).astype(np.uint8)
    return grained


def panned(
    wide: Picture,
) -> Iterator[Picture]:
    """Three seconds, 30 pictures a second, of a camera that goes from left to right."""
    for number in range(90):
        yield np.ascontiguousarray(wide[:, number * 3 : number * 3 + 1920])
