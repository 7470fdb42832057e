"""Sound and film: read as the one container they begin as, and copied stream by stream, with nothing but those."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition

from initiatives.domain.media import Kind, Refusal
from initiatives.media.inspecting import Limits
from initiatives.media.inspecting.outcome import NotTaken
from initiatives.media.inspecting.signatures import Container

DECODED_FRAMES = 10
"""Of every stream, to see that it is what it says."""
MOST_PACKETS_A_S = 1_000
MISSING_S, MISSING_PART = 0.5, 0.1
"""A file that holds so much less than it says was cut off."""
NOTHING_BUT_FILES = {"protocol_whitelist": "file"}
NO_NOTES = {"fflags": "+bitexact"}
OF_CONTAINERS = {"mp4": {"movflags": "+faststart"}, "mp3": {"id3v2_version": "0"}}


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found in a container; a length in seconds, a size in pixels where there is a picture."""

    kind: Kind
    seconds: float
    width: int | None
    height: int | None


def clean(original: Path, cleaned: Path, container: Container, limits: Limits) -> Shape:
    """Copy the first stream of picture and of sound into a new container; what was found.

    Where it was recorded, when, by what and under which title stays behind, and so do covers, subtitles and streams
    of data. Raises NotTaken, or whatever FFmpeg raises of a broken file.
    """
    with _opened(original, container) as source:
        chosen = _chosen(source, container, limits)
        _decode_a_little(source, chosen)
    with _opened(original, container) as source:
        chosen = _chosen(source, container, limits)
        seconds = _copy(source, chosen, cleaned, container, limits)
        said = (source.duration or 0) / av.time_base
        if seconds <= 0 or said - seconds > max(MISSING_S, said * MISSING_PART):
            raise NotTaken(Refusal.BROKEN)
        picture = next((stream for stream in chosen if stream.type == "video"), None)
        size = (picture.codec_context.width, picture.codec_context.height) if picture else (None, None)
    return Shape(Kind.VIDEO if picture else Kind.AUDIO, round(seconds, 3), *size)


def _opened(original: Path, container: Container) -> InputContainer:
    return av.open(
        str(original), format=container.reads, options=NOTHING_BUT_FILES, metadata_errors="ignore", timeout=None
    )


def _chosen(source: InputContainer, container: Container, limits: Limits) -> Sequence[Any]:
    """The first stream of picture and the first of sound. Raises NotTaken."""
    pictures = [s for s in source.streams.video if not s.disposition & Disposition.attached_pic]
    chosen: list[Any] = [*pictures[:1], *source.streams.audio[:1]]
    kind = Kind.VIDEO if pictures else Kind.AUDIO
    if not chosen or kind not in container.types:
        raise NotTaken(Refusal.NOT_TAKEN)
    for stream in chosen:
        if stream.codec_context is None or stream.codec_context.name not in container.codings:
            raise NotTaken(Refusal.CODING_NOT_TAKEN)
    if pictures and not (0 < max(pictures[0].codec_context.width, pictures[0].codec_context.height) <= limits.side):
        raise NotTaken(Refusal.TOO_MANY_PIXELS)
    return chosen


def _decode_a_little(source: InputContainer, chosen: Sequence[Any]) -> None:
    """Decode some frames of each stream. Raises NotTaken where one has none."""
    left = {stream.index: DECODED_FRAMES for stream in chosen}
    for stream in chosen:
        stream.codec_context.thread_count = 1
    for packet in source.demux(*chosen):
        if left[packet.stream.index] > 0:
            left[packet.stream.index] -= len(packet.decode())
        if all(frames <= 0 for frames in left.values()):
            return
    if any(frames == DECODED_FRAMES for frames in left.values()):
        raise NotTaken(Refusal.BROKEN)


def _copy(source: InputContainer, chosen: Sequence[Any], cleaned: Path, container: Container, limits: Limits) -> float:
    """Copy these streams; returns how many seconds that is. Raises NotTaken beyond the limit."""
    seconds, packets = 0.0, 0
    options = NO_NOTES | OF_CONTAINERS.get(container.writes, {})
    with av.open(str(cleaned), "w", format=container.writes, options=options) as made:
        copies = {stream.index: made.add_stream_from_template(stream, opaque=True) for stream in chosen}
        for copy in copies.values():
            copy.metadata.clear()
        for packet in source.demux(*chosen):
            if packet.dts is None or packet.size == 0:
                continue
            packets += 1
            seconds = max(seconds, _ends(packet))
            if seconds > limits.seconds or packets > MOST_PACKETS_A_S * (limits.seconds + 1):
                raise NotTaken(Refusal.TOO_LONG)
            packet.stream = copies[packet.stream.index]
            made.mux(packet)
    return seconds


def _ends(packet: Any) -> float:
    begins = packet.pts if packet.pts is not None else packet.dts
    start = packet.stream.start_time or 0
    return float((begins - start + (packet.duration or 0)) * packet.time_base)
