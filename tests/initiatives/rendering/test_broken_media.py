"""Media that cannot be shown make their scene dark, with the reason named, and the rest of the film goes on."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image
from tests.initiatives.rendering.studio import BLUE, GREEN, RED, board, clip, film, image, voice

from dorpsplein.errors import Refused
from initiatives.rendering import render

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def cut(path: Path, part: float) -> Path:
    whole = path.read_bytes()
    path.write_bytes(whole[: round(len(whole) * part)])
    return path


def ended(path: Path, pictures: int) -> Path:
    """The clip as it is where a transfer stopped neatly after so many pictures."""
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]
    return cut(path, sorted(places)[pictures] / path.stat().st_size)


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(10_000))), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


IMAGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "away.png": (lambda path: path, "cannot be read: No such file"),
    "empty.png": (lambda path: written(path, ""), "is empty"),
    "text.png": (lambda path: written(path, "<svg/>"), "is no image"),
    "cut.png": (lambda path: cut(image(path, size=(900, 900)), 0.5), "is damaged"),
    "bomb.png": (lambda path: bomb(path, 60_000, 60_000), "more than 50,000,000 pixels"),
    "large.png": (lambda path: bomb(path, 9_000, 6_000), "has 9000 x 6000 pixels, more than 50,000,000"),
    "narrow.png": (lambda path: image(path, size=(4_000, 1)), "is too narrow"),
    "fifo.png": (fifo, "is no file"),
}
CLIPS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty.mp4": (lambda path: written(path, ""), "is empty"),
    "text.mp4": (lambda path: written(path, "no film at all"), "cannot be played"),
    "cut.mp4": (lambda path: ended(clip(path, [RED, GREEN, BLUE]), 20), "was cut off: its last 1.0 seconds"),
    "headless.mp4": (lambda path: cut(clip(path, [RED]), 0.05), "has no pictures"),
    "other.avi": (lambda path: clip(path, [RED]), "cannot be played"),
    "playlist.mp4": (lambda path: written(path, PLAYLIST), "cannot be played"),
    "list.mp4": (lambda path: written(path, "ffconcat version 1.0\nfile huge.mp4\n"), "cannot be played"),
    "sound.wav": (lambda path: voice(path), "has no pictures"),
    "huge.mp4": (lambda path: clip(path, [RED], fps=1, size=(4800, 2400)), "pixels, too many"),
}  # fmt: skip


def test_each_broken_medium_darkens_its_scene_by_name_and_the_rest_is_shown(tmp_path: Path) -> None:
    kinds = {"image": IMAGES, "clip": CLIPS}
    for media in kinds.values():
        for name, (make, _) in media.items():
            make(tmp_path / name)
    image(tmp_path / "goed.png", GREEN)
    scenes = [
        {"id": name.replace(".", "-"), "kind": kind, "media": name, "seconds": 0.2, "text": "weg"}
        for kind, media in kinds.items()
        for name in media
    ]
    goed = {"id": "goed", "kind": "image", "media": "goed.png", "seconds": 1}
    rendered = render(board(*scenes, goed), tmp_path, tmp_path / "uit.mp4")
    reasons = {dark.scene_id: dark.reason for dark in rendered.dark_scenes}
    wanted = {name: words for media in kinds.values() for name, (_, words) in media.items()}
    assert list(reasons) == [name.replace(".", "-") for name in wanted]
    for name, words in wanted.items():
        assert words in reasons[name.replace(".", "-")]
    found = film(rendered.film)
    assert max(found.colour_at(3.0 + 0.2 * len(wanted) - 0.1)) < 60
    assert found.colour_at(3.0 + 0.2 * len(wanted) + 0.8)[1] > 140
    assert found.texts["nld"] == [], "what is dark says nothing"


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("stem.wav", lambda path: written(path, "RIFF"), "cannot be played"),
        ("stil.mp4", lambda path: clip(path, [RED]), "has no sound"),
        ("half.mp4", lambda path: ended(clip(path, [RED] * 3, tone=True), 10), "was cut off: its last 2."),
    ],
)
def test_a_broken_voice_darkens_its_scene_too(
    tmp_path: Path, name: str, make: Callable[[Path], Path], reason: str
) -> None:
    make(tmp_path / name)
    scene = {"id": "praat", "kind": "card", "text": "Luister", "voice": name, "seconds": 0.5}
    (dark,) = render(board(scene), tmp_path, tmp_path / "uit.mp4").dark_scenes
    assert (dark.scene_id, reason in dark.reason) == ("praat", True), dark.reason


def test_a_link_out_of_the_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    image(tmp_path / "geheim.png")
    (folder / "link.png").symlink_to(tmp_path / "geheim.png")
    (folder / "buiten").symlink_to(tmp_path)
    for name in ("link.png", "buiten/geheim.png"):
        with pytest.raises(Refused, match="media-outside") as refused:
            render(board({"id": "plein", "kind": "image", "media": name}), folder, tmp_path / "uit.mp4")
        assert "The scene plein names" in refused.value.detail
    assert not (tmp_path / "uit.mp4").exists()
    image(folder / "goed.png")
    (folder / "binnen.png").symlink_to("goed.png")
    scene = {"id": "plein", "kind": "image", "media": "binnen.png", "seconds": 0.2}
    assert render(board(scene), folder, tmp_path / "uit.mp4").dark_scenes == ()


def test_a_photo_stands_upright_and_what_is_see_through_is_white(tmp_path: Path) -> None:
    photo = Image.new("RGB", (180, 320), GREEN)
    photo.paste(RED, (0, 0, 180, 160))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.rotate(90, expand=True).save(tmp_path / "foto.jpg", exif=exif)
    Image.new("RGBA", (320, 180), (0, 0, 0, 0)).save(tmp_path / "glas.png")
    scenes = [{"id": name, "kind": "image", "media": name, "seconds": 1} for name in ("foto.jpg", "glas.png")]
    scenes = [{**scene, "id": str(number)} for number, scene in enumerate(scenes)]
    rendered = render(board(*scenes), tmp_path, tmp_path / "uit.mp4")
    with Image.open(rendered.poster) as poster:
        top, bottom = poster.getpixel((80, 10)), poster.getpixel((80, 80))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > top[1]
    assert bottom[1] > bottom[0]
    assert min(film(rendered.film).colour_at(4.9)) > 240
