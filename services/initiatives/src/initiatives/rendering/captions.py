"""Captions: what is said in the scenes, cut into cues that can be read, as WebVTT and as a track of the film."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from initiatives.rendering.storyboard import Language, Scene

Spoken = tuple[Language, str]
"""Words in a language."""
WIDEST = 42
"""Characters a line, two lines a cue: what broadcasters hold to."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that stand below the picture from `start` to `end`, in milliseconds from the film's start."""

    start: int
    end: int
    text: str
    language: Language


def said(scene: Scene, language: Language, own: Language) -> list[Spoken]:
    """What a scene says for who reads a language. What nobody put into it stays in the storyboard's own."""
    return _given(scene, language) or _given(scene, own) or ([(own, scene.text)] if scene.text else [])


def _given(scene: Scene, language: Language) -> list[Spoken]:
    given = scene.captions.nl if language == "nl" else scene.captions.en
    if isinstance(given, str):
        return [(language, given)]
    return [(one.language, one.text) for one in given or ()]


def cues(spoken: Iterable[Spoken], start: int, end: int) -> Iterator[Cue]:
    """The cues of what is said between two moments, each in one language; each lasts by its length."""
    pairs = [(language, pair) for language, text in spoken for pair in _pairs(text)]
    whole, read = sum(len(pair) for _, pair in pairs), 0
    for language, pair in pairs:
        begin = start + (end - start) * read // whole
        read += len(pair)
        yield Cue(begin, start + (end - start) * read // whole, pair, language)


def _pairs(text: str) -> list[str]:
    lines = [line for part in text.splitlines() for line in wrap(part, WIDEST)]
    return ["\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]


def webvtt(track: Sequence[Cue], language: Language) -> str:
    """The track of a language as a WebVTT file; words in another are marked, so that they are read aloud as that."""
    blocks = (f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{_words(cue, language)}\n"
              for number, cue in enumerate(track, 1))  # fmt: skip
    return "\n".join(["WEBVTT\n", *blocks])


def _words(cue: Cue, language: Language) -> str:
    words = _escaped(cue.text)
    return words if cue.language == language else f"<lang {cue.language}>{words}</lang>"


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
