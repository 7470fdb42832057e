"""What a file is by how it begins. A name or a claimed type is never asked."""

from dataclasses import dataclass

from initiatives.domain.media import Kind

READ_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Image:
    """A kind of image: the decoder that reads it, the one that writes the clean version, and its type then."""

    reads: str
    writes: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of sound or film: what reads and writes it, its types without and with a picture, allowed codings."""

    reads: str
    writes: str
    types: dict[Kind, str]
    codings: frozenset[str]


PCM = {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
JPEG = Image("JPEG", "JPEG", "image/jpeg")
PNG = Image("PNG", "PNG", "image/png")
GIF = Image("GIF", "PNG", "image/png")
WEBP = Image("WEBP", "WEBP", "image/webp")
MP4 = Container(
    "mov",
    "mp4",
    {Kind.AUDIO: "audio/mp4", Kind.VIDEO: "video/mp4"},
    frozenset({"h264", "hevc", "av1", "libdav1d", "vp9", "aac", "mp3", "mp3float", "opus", "libopus", "alac"}),
)
WEBM = Container(
    "matroska",
    "webm",
    {Kind.AUDIO: "audio/webm", Kind.VIDEO: "video/webm"},
    # No vorbis: its notes stand in what a player needs to begin, where they would be copied along.
    frozenset({"vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "opus", "libopus"}),
)
OGG = Container("ogg", "ogg", {Kind.AUDIO: "audio/ogg"}, frozenset({"opus", "libopus", "vorbis", "flac"}))
MP3 = Container("mp3", "mp3", {Kind.AUDIO: "audio/mpeg"}, frozenset({"mp3", "mp3float"}))
WAV = Container("wav", "wav", {Kind.AUDIO: "audio/wav"}, frozenset(PCM))
RIFF: dict[bytes, Image | Container] = {b"WEBP": WEBP, b"WAVE": WAV}


def kind_of(beginning: bytes) -> Image | Container | None:
    """What begins like this; None: nothing that is taken."""
    for signature, kind in ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"GIF87a", GIF), (b"GIF89a", GIF)):
        if beginning.startswith(signature):
            return kind
    if beginning.startswith(b"RIFF"):
        return RIFF.get(beginning[8:12])
    if beginning[4:8] == b"ftyp":
        return MP4
    if beginning.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in beginning[:64]:
        return WEBM
    if beginning.startswith(b"OggS"):
        return OGG
    if beginning.startswith(b"ID3") or _is_mpeg_sound(beginning):
        return MP3
    return None


def _is_mpeg_sound(beginning: bytes) -> bool:
    """Tell whether it begins with the header of a frame of MPEG sound, layer III."""
    if len(beginning) < 4 or beginning[0] != 0xFF or beginning[1] & 0xE0 != 0xE0:
        return False
    version, layer = beginning[1] >> 3 & 3, beginning[1] >> 1 & 3
    bitrate, rate = beginning[2] >> 4, beginning[2] >> 2 & 3
    return version != 1 and layer == 1 and 0 < bitrate < 15 and rate != 3
