"""A storyboard becomes a film: read back, it shows, says and names what it should."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from tests.initiatives.rendering.studio import BLUE, FPS, GREEN, RED, Film, board, clip, film, image, voice

from dorpsplein.errors import Refused
from initiatives.rendering import Storyboard, render

TITLE, CREDITS = 3.0, 3.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image(tmp_path / "plein.png", RED)
    clip(tmp_path / "feest.mp4", [GREEN, BLUE], tone=True)
    voice(tmp_path / "stem.wav", 1.2)
    return tmp_path


def story(**changed: object) -> Storyboard:
    return board(
        {"id": "plein", "kind": "image", "media": "plein.png", "voice": "stem.wav", "by": ["Anna"],
         "captions": {"nl": "Ons plein.", "en": "Our square."}},
        {"id": "feest", "kind": "clip", "media": "feest.mp4", "text": "Feest!"},
        {"id": "gat", "kind": "dark", "seconds": 1, "by": ["Bram"], "text": "Nog leeg."},
        {"id": "samen", "kind": "card", "text": "Doe mee.", "seconds": 1},
        **changed,
    )  # fmt: skip


def near(found: tuple[int, ...], wanted: tuple[int, int, int], within: int = 12) -> bool:
    return all(abs(one - other) <= within for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("codec", "sound"), [("h264", "aac"), ("av1", "opus")])
def test_a_film_shows_its_scenes_in_order_with_sound_and_captions(folder: Path, codec: str, sound: str) -> None:
    heard: list[float] = []
    rendered = render(story(), folder, folder / "droom.mp4", codec=codec, progress=heard.append)  # type: ignore[arg-type]
    found = film(rendered.film)
    lasts = TITLE + 1.7 + 2 + 1 + 1 + CREDITS
    assert [(scene.scene_id, scene.start, scene.seconds) for scene in rendered.scenes] == [
        ("plein", 3.0, 1.7), ("feest", 4.7, 2.0), ("gat", 6.7, 1.0), ("samen", 7.7, 1.0),
    ]  # fmt: skip
    assert found.streams == [
        ("video", codec, "und"), ("audio", sound, "nld"),
        ("subtitle", "mov_text", "nld"), ("subtitle", "mov_text", "eng"),
    ]  # fmt: skip
    assert (found.size, found.fps) == ((160, 90), FPS)
    assert len(found.colours) == rendered.frames == round(lasts * FPS)
    assert rendered.seconds == pytest.approx(lasts) == pytest.approx(found.seconds, abs=0.05)
    assert near(found.colour_at(4.2), RED)
    assert near(found.colour_at(7.2), (16, 20, 24))
    assert near(found.colour_at(8.2), (21, 66, 115), 30)
    assert found.colour_at(5.5)[1] > found.colour_at(5.5)[2], "the clip's first second is green"
    assert found.colour_at(6.4)[2] > found.colour_at(6.4)[1], "and its second one blue"
    assert [loud > 500 for loud in found.loudness[:8]] == [False, False, False, True, True, True, True, False]
    assert found.texts["nld"] == [(3000, 4700, "Ons plein."), (4700, 6700, "Feest!"), (7700, 8700, "Doe mee.")]
    assert found.texts["eng"] == [(3000, 4700, "Our square."), (4700, 6700, "Feest!"), (7700, 8700, "Doe mee.")]
    assert rendered.captions["nl"].read_text().count("-->") == 3
    assert "00:00:03.000 --> 00:00:04.700\nOur square." in rendered.captions["en"].read_text()
    assert "00:00:04.700 --> 00:00:06.700\n<lang nl>Feest!</lang>" in rendered.captions["en"].read_text()
    with Image.open(rendered.poster) as poster:
        assert poster.size == (160, 90)
        assert near(poster.resize((1, 1)).getpixel((0, 0)), RED)  # type: ignore[arg-type]
    assert rendered.dark_scenes == ()
    assert heard == sorted(heard)
    assert (heard[0], heard[-1], len(heard)) == (0.0, 1.0, 13)


def test_the_same_storyboard_gives_the_same_frames_and_sound_in_another_process(folder: Path) -> None:
    Image.radial_gradient("L").resize((320, 180)).convert("RGB").save(folder / "plein.png")
    (folder / "story.json").write_text(story().model_dump_json(by_alias=True))
    here = render(story(), folder, folder / "hier.mp4")
    told = (
        "import sys; from pathlib import Path; from initiatives.rendering import *;"
        "f = Path(sys.argv[1]); s = Storyboard.model_validate_json((f / 'story.json').read_bytes());"
        "r = render(s, f, f / 'daar.mp4'); print(r.digest, r.sound_digest)"
    )
    there = subprocess.run([sys.executable, "-c", told, str(folder)], capture_output=True, text=True, check=True)
    assert there.stdout.split() == [here.digest, here.sound_digest]


def test_another_image_or_another_sound_gives_another_digest(folder: Path) -> None:
    only = board({"id": "plein", "kind": "image", "media": "plein.png", "voice": "stem.wav"})
    before = render(only, folder, folder / "a.mp4")
    voice(folder / "stem.wav", 1.21)
    sounded = render(only, folder, folder / "a.mp4")
    image(folder / "plein.png", (210, 30, 30))
    drawn = render(only, folder, folder / "a.mp4")
    assert sounded.sound_digest != before.sound_digest
    assert drawn.digest != before.digest
    assert (drawn.sound_digest, drawn.frames) == (sounded.sound_digest, sounded.frames)


def test_an_image_moves_slowly_and_each_scene_in_a_way_of_its_own(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((320, 180)).convert("RGB").save(tmp_path / "helling.png")
    scenes = [{"id": name, "kind": "image", "media": "helling.png", "seconds": 2} for name in ("een", "twee", "drie")]
    found = film(render(board(*scenes), tmp_path, tmp_path / "uit.mp4").film)
    ends = [(found.colour_at(start + 0.5)[0], found.colour_at(start + 1.9)[0]) for start in (3.0, 5.0, 7.0)]
    assert len(set(ends)) == 3
    assert all(0 < abs(first - last) < 40 for first, last in ends)


def test_only_who_consented_is_named_and_a_dark_scene_names_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    plain: Callable[..., None] = ImageDraw.ImageDraw.text

    def text(draw: ImageDraw.ImageDraw, place: tuple[int, int], words: str, **how: object) -> None:
        written.append(words)
        plain(draw, place, words, **how)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    render(story(credits=["de buurt"]), folder, folder / "a.mp4")
    assert {"Anna", "de buurt", "Nog leeg."} <= set(written)
    assert "Bram" not in written


def test_a_film_without_names_has_no_credits(folder: Path) -> None:
    rendered = render(board({"id": "a", "kind": "card", "text": "x", "seconds": 1}), folder, folder / "a.mp4")
    assert rendered.seconds == TITLE + 1


def test_a_render_that_is_killed_leaves_no_film_and_the_next_one_is_whole(folder: Path) -> None:
    (folder / "story.json").write_text(story().model_dump_json(by_alias=True))
    killed = (
        "import os, signal, sys; from pathlib import Path; from initiatives.rendering import *;"
        "f = Path(sys.argv[1]); s = Storyboard.model_validate_json((f / 'story.json').read_bytes());"
        "render(s, f, f / 'uit.mp4', progress=lambda done: done > 0.6 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(folder)], check=False)
    assert done.returncode == -9
    assert (folder / "uit.mp4.part").exists(), "it was in the middle of it"
    assert not (folder / "uit.mp4").exists()
    assert film(render(story(), folder, folder / "uit.mp4").film).seconds == pytest.approx(11.7, abs=0.05)
    assert not (folder / "uit.mp4.part").exists()


def test_a_render_that_is_stopped_leaves_what_was_there(folder: Path) -> None:
    out = folder / "uit.mp4"
    out.write_bytes(b"the film of before")

    def stop(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(story(), folder, out, progress=stop)
    assert out.read_bytes() == b"the film of before"
    assert not out.with_name("uit.mp4.part").exists()


def test_a_film_of_more_than_three_minutes_is_refused(folder: Path) -> None:
    long = board(*({"id": str(n), "kind": "card", "text": "x", "seconds": 60} for n in range(3)))
    with pytest.raises(Refused) as refused:
        render(long, folder, folder / "uit.mp4")
    assert (refused.value.code, (folder / "uit.mp4").exists()) == ("film-too-long", False)


def test_a_clip_of_a_telephone_stands_upright_between_bars(tmp_path: Path) -> None:
    path = clip(tmp_path / "staand.mp4", [GREEN])
    turned(path)
    found: Film = film(
        render(board({"id": "a", "kind": "clip", "media": path.name}), tmp_path, tmp_path / "u.mp4").film
    )
    assert 45 < found.colour_at(3.7)[1] * 160 / GREEN[1] < 56, "90 high, so 50 of 160 wide; the rest is black"


def turned(path: Path) -> None:
    """Write a quarter turn into the track's matrix, as telephones do."""
    whole = bytearray(path.read_bytes())
    identity = b"".join(part.to_bytes(4, "big") for part in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    at = whole.index(identity, whole.index(b"tkhd"))
    quarter = (0, 0x10000, 0, 0xFFFF0000, 0, 0, 0x5A0000, 0, 0x40000000)
    whole[at : at + 36] = b"".join(part.to_bytes(4, "big") for part in quarter)
    path.write_bytes(bytes(whole))
