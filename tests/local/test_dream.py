"""`./dorpsplein dream render`: a film on one machine, for a resident and for a script."""

import json
import shutil
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from dorpsplein_local.commands.dream import app as command
from dorpsplein_local.errors import CannotRun

EXAMPLE = Path(__file__).parents[2] / "examples" / "dream"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example, in a small frame."""
    folder = tmp_path / "dream"
    shutil.copytree(EXAMPLE, folder)
    story = folder / "storyboard.json"
    whole = json.loads(story.read_text(encoding="utf-8"))
    story.write_text(json.dumps({**whole, "size": {"width": 160, "height": 90}, "fps": 5}), encoding="utf-8")
    return story


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(command, ["render", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_the_example_becomes_a_film_and_what_came_out_is_told(example: Path, tmp_path: Path) -> None:
    (example.parent / "tuin.png").unlink()
    out = tmp_path / "droom.mp4"
    told = run(example, out)
    for words in ("160 x 90, h264", "plein, ", "captions nl: ", "poster: ", "The scene tuin is dark, because tuin.png"):
        assert words in told
    with av.open(str(out)) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio", "subtitle", "subtitle"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "dream", "droom.mp4", "droom.jpg", "droom.nl.vtt", "droom.en.vtt",
    }  # fmt: skip


def test_a_script_gets_one_document(example: Path, tmp_path: Path) -> None:
    told = json.loads(run(example, tmp_path / "droom.mp4", "--json", "--codec", "av1"))
    assert [scene["scene_id"] for scene in told["scenes"]] == ["plein", "tuin", "vlieger", "licht", "samen"]
    assert (len(told["digest"]), told["dark_scenes"], set(told["captions"])) == (64, [], {"nl", "en"})
    assert told["seconds"] == told["frames"] / 5


def test_what_cannot_be_rendered_is_said_with_every_fault_and_nothing_is_written(example: Path, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.json"
    faulty.write_text('{"scenes": [{"id": "plein", "kind": "image", "media": "../x.png"}], "fps": 0}')
    with pytest.raises(CannotRun, match="is no storyboard") as refused:
        run(faulty, tmp_path / "droom.mp4")
    for words in ("title: Field required", "fps: ", "scenes.0: the scene plein names ../x.png"):
        assert words in str(refused.value)
    (example.parent / "plein.png").unlink()
    (example.parent / "plein.png").symlink_to("/etc/hostname")
    for story, out, words in (
        (tmp_path / "away.json", "droom.mp4", "cannot be read: No such file"),
        (example, "droom.avi", "name a .mp4 file"),
        (example, "away/droom.mp4", "in a folder that is there"),
        (example, "droom.mp4", "The scene plein names 'plein.png', which is not inside the folder"),
    ):
        with pytest.raises(CannotRun, match=words):
            run(story, tmp_path / out)
    assert {path.name for path in tmp_path.iterdir()} == {"dream", "faulty.json"}
