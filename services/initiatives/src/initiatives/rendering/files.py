"""The media of a storyboard: only regular files inside its folder, and only kinds of files that can be shown."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Stream

from dorpsplein.errors import Refused
from initiatives.rendering.storyboard import Storyboard

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,wav,mp3,flac,aac"
"""Demuxers that may read what people sent. Playlists are not among them: they open other files and addresses."""


class Broken(Exception):
    """Media that cannot be shown; its text says why, after "because"."""


def refuse_outside(storyboard: Storyboard, folder: Path) -> None:
    """Check every name before anything is opened.

    Raises Refused("media-outside") with the scene, for a name that leads out of the folder, a link included.
    """
    home = folder.resolve()
    for scene in storyboard.scenes:
        for name in filter(None, (scene.media, scene.voice)):
            if not (home / name).resolve().is_relative_to(home):
                raise Refused(
                    "media-outside",
                    f"The scene {scene.id} names {name!r}, which is not inside the folder of the storyboard.",
                    scene=scene.id,
                )


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file that is really there. Raises Broken for one that is away, empty or no regular file."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise Broken(f"{path.name} is no file")
        if kind.st_size == 0:
            raise Broken(f"{path.name} is empty")
        file = path.open("rb")
    except OSError as fault:
        raise Broken(f"{path.name} cannot be read: {fault.strerror or fault}") from fault
    with file:
        yield file


@contextmanager
def demuxed(path: Path) -> Iterator[InputContainer]:
    """A film or a sound, opened. Raises Broken, also for what goes wrong while it is being read."""
    with opened(path) as file:
        try:
            with av.open(file, "r", options={"format_whitelist": FORMATS, "protocol_whitelist": "none"}) as container:
                yield container
        except (av.FFmpegError, ValueError) as fault:
            raise Broken(f"{path.name} cannot be played: {_said(fault)}") from fault


def readied(stream: Stream, path: Path, options: dict[str, str] | None = None) -> None:
    """Make a stream ready to be decoded, by one thread: damaged media look the same each time then.

    Raises Broken where nothing here can decode it.
    """
    context: CodecContext | None = stream.codec_context
    if context is None:
        raise Broken(f"{path.name} is of a kind that cannot be played")
    context.thread_count = 1
    context.options = options or {}


def _said(fault: Exception) -> str:
    return getattr(fault, "strerror", None) or str(fault)
