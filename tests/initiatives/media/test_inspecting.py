"""What is in an upload decides what it is; what comes out holds nothing that was not to be seen or heard."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import pytest
from av.container import InputContainer
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from tests.initiatives.media import making
from tests.initiatives.media.making import CANARY

from dorpsplein.errors import Transient
from initiatives.domain.media import Found, Kind, Refusal
from initiatives.media import inspecting
from initiatives.media.inspecting import Limits, inspect
from initiatives.media.inspecting.signatures import kind_of

LIMITS = Limits()


async def looked_at(folder: Path, content: bytes, limits: Limits = LIMITS) -> tuple[Found | Refusal, bytes]:
    """What is found in something, and the clean version of it; nothing where it is refused."""
    original, cleaned = folder / "original", folder / "cleaned"
    original.write_bytes(content)
    cleaned.unlink(missing_ok=True)
    found = await inspect(original, cleaned, limits)
    assert cleaned.exists() is isinstance(found, Found)
    return found, cleaned.read_bytes() if cleaned.exists() else b""


async def test_a_photo_keeps_its_picture_and_nothing_of_where_and_by_whom_it_was_made(tmp_path: Path) -> None:
    content = making.photo((60, 40)) + b"<script>alert(1)</script>" + CANARY
    with Image.open(BytesIO(content)) as before:
        assert before.getexif().get_ifd(0x8825)[2] == (52.0, 22.0, 12.34)
    found, cleaned = await looked_at(tmp_path, content)
    assert isinstance(found, Found)
    assert (found.kind, found.content_type, found.width, found.height) == (Kind.IMAGE, "image/jpeg", 40, 60)
    assert found.size == len(cleaned)
    with Image.open(BytesIO(cleaned)) as after:
        assert (after.size, dict(after.getexif())) == ((40, 60), {})
        assert not {"exif", "xmp", "comment"} & set(after.info)
        red, green, blue = after.convert("RGB").getpixel((20, 30))  # type: ignore[misc]
        assert (red > 240, green < 15, blue < 15) == (True, True, True)
    for trace in (CANARY, b"script", b"Exif", b"http://ns.adobe.com"):
        assert trace not in cleaned


async def test_images_of_every_kind_that_is_taken_come_out_as_they_look(tmp_path: Path) -> None:
    clear, deep, wide = Image.new("RGBA", (4, 4), (0, 255, 0, 0)), Image.new("I;16", (4, 4), 65_535), BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8_000, 10), "white").save(wide, "PNG", icc_profile=profile)
    through, grey = BytesIO(), BytesIO()
    clear.save(through, "PNG")
    deep.save(grey, "PNG")
    for content, content_type, mode, size in (
        (making.image("GIF"), "image/png", "RGB", (20, 10)),
        (making.image("WEBP"), "image/webp", "RGB", (20, 10)),
        (making.image("PNG"), "image/png", "RGB", (20, 10)),
        (through.getvalue(), "image/png", "RGBA", (4, 4)),
        (grey.getvalue(), "image/png", "RGB", (4, 4)),
        (wide.getvalue(), "image/png", "RGB", (4_096, 5)),
    ):
        found, cleaned = await looked_at(tmp_path, content)
        assert isinstance(found, Found), found
        with Image.open(BytesIO(cleaned)) as image:
            assert (found.content_type, image.mode, image.size) == (content_type, mode, size)
            assert "icc_profile" not in image.info
    assert Image.open(BytesIO(cleaned)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("container", "picture", "sound", "content_type"),
    [
        ("mp4", "libx264", "aac", "video/mp4"),
        ("mov", "libx264", "aac", "video/mp4"),
        ("webm", "libvpx", "libopus", "video/webm"),
        ("webm", "libsvtav1", None, "video/webm"),
        ("mp4", None, "aac", "audio/mp4"),
        ("webm", None, "libopus", "audio/webm"),
        ("ogg", None, "libopus", "audio/ogg"),
        ("mp3", None, "libmp3lame", "audio/mpeg"),
        ("wav", None, "pcm_s16le", "audio/wav"),
    ],
)
async def test_sound_and_film_are_copied_without_what_was_noted_in_them(
    tmp_path: Path, container: str, picture: str | None, sound: str | None, content_type: str
) -> None:
    content = making.film(tmp_path, container, picture, sound)
    assert CANARY in content
    found, cleaned = await looked_at(tmp_path, content)
    assert isinstance(found, Found), found
    assert (found.content_type, found.kind) == (content_type, Kind.VIDEO if picture else Kind.AUDIO)
    assert found.seconds == pytest.approx(1, abs=0.05)
    assert (found.width, found.height) == ((64, 48) if picture else (None, None))
    assert CANARY not in cleaned
    with av.open(BytesIO(cleaned)) as made:
        assert isinstance(made, InputContainer)
        assert len([*made.decode(made.streams[0])]) >= 10
        assert not {"title", "comment", "location", "creation_time"} & set(made.metadata)


async def test_what_is_disguised_damaged_or_not_taken_is_refused_with_its_reason(tmp_path: Path) -> None:
    film = making.film(tmp_path)
    for content, refusal in (
        (b"MZ\x90\0" + b"x" * 500, Refusal.NOT_TAKEN),
        (b"PK\3\4" + b"x" * 500, Refusal.NOT_TAKEN),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', Refusal.NOT_TAKEN),
        (b"<html><script>alert(1)</script></html>", Refusal.NOT_TAKEN),
        (b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd\n", Refusal.NOT_TAKEN),
        (b"\xff\xd8\xff\xe0MZ" + b"<html>" * 90, Refusal.BROKEN),
        (b"GIF89a<script>alert(1)</script>" + b"\0" * 90, Refusal.BROKEN),
        (making.photo((600, 400))[:-900], Refusal.BROKEN),
        (making.image("PNG", (300, 300))[:-60], Refusal.BROKEN),
        (film[: len(film) * 6 // 10], Refusal.BROKEN),
        (b"\0\0\0\x18ftypisom" + b"\0" * 400, Refusal.BROKEN),
        (making.film(tmp_path, "webm", "libvpx", "libopus")[:800], Refusal.BROKEN),
        (making.film(tmp_path, "mp4", "mpeg4", None), Refusal.CODING_NOT_TAKEN),
        (making.moving_gif(), Refusal.MOVING_IMAGE),
    ):
        assert await looked_at(tmp_path, content) == (refusal, b""), content[:40]


async def test_bombs_end_nothing_but_the_look_inside(tmp_path: Path) -> None:
    slow = making.noise((4_000, 4_000))
    for content, limits, refusal in (
        (making.huge_png(), LIMITS, Refusal.TOO_MANY_PIXELS),
        (making.huge_png(2**31 - 1, 2**31 - 1), LIMITS, Refusal.TOO_MANY_PIXELS),
        (making.film(tmp_path, seconds=3), replace(LIMITS, seconds=2), Refusal.TOO_LONG),
        (making.film(tmp_path, size=(320, 64)), replace(LIMITS, side=300), Refusal.TOO_MANY_PIXELS),
        (making.image("PNG", (6_000, 6_000)), replace(LIMITS, memory_bytes=200_000_000), Refusal.TOO_HEAVY),
        (slow, replace(LIMITS, cpu_s=1), Refusal.TOO_HEAVY),
        (slow, replace(LIMITS, wall_s=0.5), Refusal.TOO_HEAVY),
    ):
        found = await looked_at(tmp_path, content, limits)
        assert found == (refusal, b"")


async def test_a_look_that_is_called_off_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(making.noise((2_000, 2_000)))
    looking = asyncio.create_task(inspect(tmp_path / "original", tmp_path / "cleaned", LIMITS))
    await asyncio.sleep(0.3)
    assert looks_into(tmp_path)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert not looks_into(tmp_path)


def looks_into(folder: Path) -> bool:
    """Whether a process looks into something in a folder."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if bytes(folder) in line.read_bytes():
                return True
    return False


async def test_a_full_disk_is_no_fault_of_an_upload(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(making.photo())
    (tmp_path / "cleaned").symlink_to("/dev/full")
    with pytest.raises(Transient):
        await inspect(tmp_path / "original", tmp_path / "cleaned", LIMITS)
    assert inspecting.missing() == ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_beginning_is_something_or_nothing(beginning: bytes) -> None:
    kind_of(beginning)
