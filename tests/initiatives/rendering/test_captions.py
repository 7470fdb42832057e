"""Captions can be read: short lines, in the time of their scene, in both languages."""

from hypothesis import given
from hypothesis import strategies as st

from initiatives.rendering import Scene
from initiatives.rendering.captions import WIDEST, Cue, Spoken, cues, said, webvtt


def scene(**given: object) -> Scene:
    return Scene.model_validate({"id": "a", "kind": "card", "text": "Samen eten.", **given})


def test_the_text_of_a_scene_is_its_caption_in_both_languages_until_somebody_says_it_in_the_other() -> None:
    assert said(scene(), "nl", "nl") == said(scene(), "en", "nl") == [("nl", "Samen eten.")]
    both = scene(captions={"nl": "Aan tafel!", "en": "Dinner is served!"})
    assert said(both, "nl", "nl") == [("nl", "Aan tafel!")]
    assert said(both, "en", "nl") == [("en", "Dinner is served!")]
    half = [{"language": "en", "text": "Eating together."}, {"language": "nl", "text": "Met muziek."}]
    assert said(scene(captions={"en": half}), "en", "nl") == [("en", "Eating together."), ("nl", "Met muziek.")]
    assert said(Scene(id="a", kind="card", heading="Stil"), "en", "nl") == []


@given(st.text(alphabet="abc é\n", max_size=300), st.integers(0, 60_000), st.integers(0, 60_000))
def test_cues_fill_the_scene_one_after_the_other_and_lose_no_word(text: str, start: int, lasts: int) -> None:
    half = len(text) // 2
    spoken: list[Spoken] = [("nl", text[:half] + "\n"), ("en", "\n" + text[half:])]
    found = list(cues(spoken, start, start + lasts))
    text = "".join(words for _, words in spoken)
    assert " ".join(cue.text for cue in found).split() == [
        piece for word in text.split() for piece in (word[at : at + WIDEST] for at in range(0, len(word), WIDEST))
    ]
    assert all(len(line) <= WIDEST for cue in found for line in cue.text.split("\n"))
    assert all(cue.text.count("\n") <= 1 for cue in found)
    edges = [start, *(cue.end for cue in found)]
    assert [cue.start for cue in found] == edges[: len(found)]
    assert not found or edges[-1] == start + lasts


def test_webvtt_says_hours_and_keeps_signs_that_mean_something_out_of_the_words() -> None:
    cue = Cue(3_661_005, 3_662_000, "<b>3 > 2 & 1</b> -->\nja", "nl")
    words = "&lt;b&gt;3 &gt; 2 &amp; 1&lt;/b&gt; --&gt;\nja"
    assert webvtt([cue], "nl") == f"WEBVTT\n\n1\n01:01:01.005 --> 01:01:02.000\n{words}\n"
    assert webvtt([cue], "en") == f"WEBVTT\n\n1\n01:01:01.005 --> 01:01:02.000\n<lang nl>{words}</lang>\n"
