"""A storyboard that is not whole is refused with each fault in its place."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from tests.initiatives.rendering.studio import board

CARD = {"id": "kaart", "kind": "card", "text": "Samen."}


def faults(*scenes: dict[str, Any], **changed: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        board(*scenes, **changed)
    return {".".join(map(str, fault["loc"])): fault["msg"] for fault in refused.value.errors()}


def test_every_fault_is_named_at_once() -> None:
    found = faults(
        {"id": "a b", "kind": "card", "text": "x"},
        {"id": "leeg", "kind": "card"},
        {"id": "beeld", "kind": "image"},
        {"id": "kaart", "kind": "card", "text": "x", "media": "x.png"},
        {"id": "donker", "kind": "dark", "voice": "x.wav"},
        {"id": "lang", "kind": "card", "text": "x", "seconds": 61},
        {"id": "nul", "kind": "card", "text": "x", "seconds": 0, "colour": "red"},
        title="",
        fps=0,
        size={"width": 161, "height": 90},
        theme={"background": "#777777", "foreground": "#888888"},
    )
    assert set(found) == {
        "title", "fps", "size.width", "theme", "scenes.0.id", "scenes.1", "scenes.2", "scenes.3", "scenes.4",
        "scenes.5.seconds", "scenes.6.seconds", "scenes.6.colour",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.png", "a/../../x.png", "a\\..\\x.png", "http://x/y.png", "."])
def test_a_name_that_leads_out_of_the_folder_is_refused_with_its_scene(name: str) -> None:
    assert "the scene plein names" in faults({"id": "plein", "kind": "image", "media": name})["scenes.0"]
    assert "the scene plein names" in faults(CARD, {**CARD, "id": "plein", "voice": name})["scenes.1"]


def test_a_storyboard_has_scenes_and_each_has_an_id_of_its_own() -> None:
    assert "at least one scene" in faults()[""]
    assert "kaart" in faults(CARD, CARD)[""]


def test_text_that_cannot_be_read_on_its_background_is_refused() -> None:
    assert "contrast" in faults(CARD, theme={"background": "#154273", "foreground": "#445566"})["theme"]


def test_the_credits_name_whoever_is_in_a_scene_that_shows_once() -> None:
    scenes = (
        {**CARD, "by": ["Anna", "Bram"]},
        {"id": "donker", "kind": "dark", "by": ["Chris"]},
        {**CARD, "id": "tweede", "by": ["Anna"]},
    )
    assert board(*scenes, credits=["de buurt", "Bram"]).named == ("Anna", "Bram", "de buurt")


def test_a_storyboard_can_be_checked_where_nothing_can_be_rendered() -> None:
    told = (
        "import sys; sys.modules |= dict.fromkeys(('av', 'numpy', 'PIL'));"
        "from initiatives.rendering import Storyboard, render;"
        "print(Storyboard(title='Plein', scenes=({'id': 'a', 'kind': 'card', 'text': 'x'},)).named)"
    )
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "()\n"
