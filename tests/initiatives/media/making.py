"""Media to upload: small images, sounds and films, and what only looks like them."""

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, AudioStream, VideoFrame, VideoStream
from av.container import OutputContainer
from PIL import Image

FPS, RATE = 10, 48_000
CANARY = b"Kerkstraat 7"
"""What somebody wrote into the metadata of a file; it must be nowhere afterwards."""


def photo(size: tuple[int, int] = (60, 40), *, colour: str = "red") -> bytes:
    """A JPEG as a telephone makes one: lying on its side, with its place on earth, a comment and XMP."""
    image = Image.new("RGB", size, colour)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to see it upright
    exif[0x010F] = CANARY.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (52.0, 22.0, 12.34), "E", (4.0, 54.0, 1.0)
    file = BytesIO()
    image.save(file, "JPEG", exif=exif, comment=CANARY, xmp=b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>")
    return file.getvalue()


def image(kind: str, size: tuple[int, int] = (20, 10), **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "blue").save(file, kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    """An image that takes seconds to be written small again."""
    file = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(file, "PNG", compress_level=0)
    return file.getvalue()


def moving_gif() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def huge_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few kilobytes that says it has these pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = zlib.compress(b"\0" * 1_000_000)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def film(
    folder: Path,
    container: str = "mp4",
    picture: str | None = "libx264",
    sound: str | None = "aac",
    *,
    seconds: float = 1.0,
    size: tuple[int, int] = (64, 48),
) -> bytes:
    """A film or a sound of so many seconds, with the canary in its title, comment and place."""
    path = folder / f"film.{container}"
    options = {"movflags": "+faststart+use_metadata_tags"} if container in {"mp4", "mov"} else {}
    with av.open(str(path), "w", options=options) as made:
        for name in ("title", "comment", "location"):
            made.metadata[name] = CANARY.decode()
        video = _video(made, picture, size) if picture else None
        audio = _audio(made, sound) if sound else None
        if video:
            for frame in _grey(seconds, size):
                made.mux(video.encode(frame))
            made.mux(video.encode(None))
        if audio:
            for part in _silence(audio, seconds):
                made.mux(audio.encode(part))
            made.mux(audio.encode(None))
    return path.read_bytes()


def _video(made: OutputContainer, coding: str, size: tuple[int, int]) -> VideoStream:
    video = made.add_stream(coding, rate=FPS)
    assert isinstance(video, VideoStream)
    video.width, video.height = size
    video.pix_fmt = "yuv420p"
    video.metadata["handler_name"] = CANARY.decode()
    return video


def _grey(seconds: float, size: tuple[int, int]) -> Iterator[VideoFrame]:
    for n in range(int(seconds * FPS)):
        frame = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), n * 20 % 255, np.uint8), format="rgb24")
        frame.pts, frame.time_base = n, Fraction(1, FPS)
        yield frame


def _audio(made: OutputContainer, coding: str) -> AudioStream:
    audio = made.add_stream(coding, rate=RATE)
    assert isinstance(audio, AudioStream)
    audio.layout = "mono"
    return audio


def _silence(audio: AudioStream, seconds: float) -> Iterator[AudioFrame]:
    whole = AudioFrame.from_ndarray(np.zeros((1, int(RATE * seconds)), np.int16), format="s16", layout="mono")
    whole.sample_rate, whole.pts = RATE, 0
    fitting = av.AudioResampler(audio.format, "mono", RATE, frame_size=audio.frame_size or None)
    yield from fitting.resample(whole)
    yield from fitting.resample(None)
