"""The file that comes out: pictures, sound and captions in one MP4.

The same film goes in as the same frames. What x264 makes of them differed by a few bytes in one file of a hundred.
"""

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from initiatives.rendering import sound
from initiatives.rendering.captions import Cue
from initiatives.rendering.frames import Frame, picture_of
from initiatives.rendering.storyboard import Codec, Language, Storyboard

os.environ.setdefault("SVT_LOG", "1")  # else SVT-AV1 tells its settings on standard error

THREADS = 4
"""More make frames of this size no faster, and take memory."""
VIDEO: Mapping[Codec, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "22"}),
    "av1": ("libsvtav1", {"preset": "10", "crf": "34", "svtav1-params": f"lp={THREADS // 2}"}),
}
AUDIO: Mapping[Codec, str] = {"h264": "aac", "av1": "libopus"}
AUDIO_BITS = 128_000
ISO_639_2: Mapping[Language, str] = {"nl": "nld", "en": "eng"}
MILLISECOND = Fraction(1, 1000)
STYLES = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, BackColour, Alignment, Encoding
Style: Default,Sans,18,&Hffffff,&H80000000,2,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class Encoder:
    """Writes a film to a path. Everything is in it once the `with` is left without an error."""

    def __init__(self, path: Path, storyboard: Storyboard, codec: Codec, tracks: Mapping[Language, list[Cue]]) -> None:
        self.size = storyboard.size.width, storyboard.size.height
        self.output = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})
        self.output.metadata["title"] = storyboard.title
        self.video = self._video(codec, storyboard.fps)
        self.audio = self._audio(codec, storyboard.language)
        self.captions = [(self._track(language), track) for language, track in tracks.items()]
        self.frames = self.samples = 0

    def __enter__(self) -> Self:
        self.output.start_encoding()
        for stream, track in self.captions:
            for cue in track:
                self.output.mux(_packet(cue, stream))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.output.mux(self.video.encode(None))
                self.output.mux(self.audio.encode(None))
        finally:
            self.output.close()

    def show(self, frame: Frame) -> None:
        """Write the next frame."""
        picture = picture_of(frame, *self.size)
        picture.pts, picture.time_base = self.frames, 1 / Fraction(self.video.codec_context.rate)
        self.frames += 1
        self.output.mux(self.video.encode(picture))

    def play(self, heard: sound.Sound) -> None:
        """Write the next stretch of sound."""
        frame = av.AudioFrame.from_ndarray(heard.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = sound.RATE
        frame.pts, frame.time_base = self.samples, Fraction(1, sound.RATE)
        self.samples += len(heard)
        self.output.mux(self.audio.encode(frame))

    def _video(self, codec: Codec, fps: int) -> VideoStream:
        name, options = VIDEO[codec]
        stream = self.output.add_stream(name, rate=fps, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = THREADS
        context.color_range = context.color_primaries = context.color_trc = context.colorspace = 1
        return stream

    def _audio(self, codec: Codec, language: Language) -> AudioStream:
        stream = self.output.add_stream(AUDIO[codec], rate=sound.RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = AUDIO_BITS
        stream.metadata["language"] = ISO_639_2[language]
        return stream

    def _track(self, language: Language) -> Stream:
        stream = self.output.add_stream("mov_text")
        assert isinstance(stream, SubtitleStream)
        stream.codec_context.subtitle_header = STYLES
        stream.metadata["language"] = ISO_639_2[language]
        stream.time_base = MILLISECOND
        return stream


def _packet(cue: Cue, stream: Stream) -> "av.Packet[Stream]":
    """A cue as timed text of 3GPP (TS 26.245): its length in two bytes, then its words."""
    words = cue.text.encode()
    packet = av.Packet(len(words).to_bytes(2, "big") + words)
    packet.stream, packet.time_base = stream, MILLISECOND
    packet.pts = packet.dts = cue.start
    packet.duration = cue.end - cue.start
    return packet
