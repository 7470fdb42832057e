"""A storyboard as it is handed to the renderer: scenes in their order, and the files that fill them."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from dorpsplein.fields import Body, Line, Prose

Codec = Literal["h264", "av1"]
Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")

MOST_SCENES = 40
MOST_SECONDS = 180
MOST_SCENE_SECONDS = 60
LEAST_CONTRAST = 4.5
"""The contrast that WCAG 2.2 asks of text (1.4.3)."""


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or str(path) == ".")


def _even(length: int) -> int:
    if length % 2:
        raise PydanticCustomError("even", "must be even: colours are kept for two by two pixels")
    return length


Media = Line
"""The name of a file relative to the folder of the storyboard, with `/` between its parts."""
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""A colour such as #154273."""
Words = Annotated[Prose, StringConstraints(max_length=600)]
Seconds = Annotated[float, Field(gt=0, le=MOST_SCENE_SECONDS, allow_inf_nan=False)]


def luminance(colour: str) -> float:
    """The relative luminance of a colour, 0 to 1, as WCAG 2.2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Theme(Body):
    """The colours of the municipality. Text stands on `background` in `foreground`; `accent` is for lines."""

    background: Colour = "#154273"
    foreground: Colour = "#ffffff"
    accent: Colour = "#ffb612"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        light, dark = sorted((luminance(self.background), luminance(self.foreground)), reverse=True)
        if (light + 0.05) / (dark + 0.05) < LEAST_CONTRAST:
            raise PydanticCustomError(
                "contrast", "foreground and background must differ more: their contrast is below {least}",
                {"least": LEAST_CONTRAST},
            )  # fmt: skip
        return self


class Size(Body):
    """The frame, in pixels."""

    width: Annotated[int, Field(strict=True, ge=64, le=1920), AfterValidator(_even)] = 1280
    height: Annotated[int, Field(strict=True, ge=64, le=1080), AfterValidator(_even)] = 720


class Said(Body):
    """Words, and the language they are in."""

    language: Language
    text: Words


class Captions(Body):
    """What is said in a scene, for who reads Dutch and who reads English; in pieces where not all is in that."""

    nl: Words | tuple[Said, ...] | None = None
    en: Words | tuple[Said, ...] | None = None


class Scene(Body):
    """A part of the film: a card with text, an image with slow movement, a clip, or a dark scene.

    `media` is the image or the clip, `voice` a sound that is heard with it. Without `seconds` a scene takes what its
    clip, its voice or its text needs, whatever its captions say. Where `captions` say nothing in the storyboard's own
    language, `text` does; where they say nothing in the other, what is said in its own stands there, marked as that.
    `by` names those who consented to be named. A dark scene shows its heading and its text, and no media.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    kind: Literal["card", "image", "clip", "dark"]
    heading: Annotated[Line, StringConstraints(max_length=100)] | None = None
    text: Words | None = None
    media: Media | None = None
    voice: Media | None = None
    seconds: Seconds | None = None
    captions: Captions = Captions()
    by: Annotated[tuple[Line, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _filled(self) -> Self:
        wanted = self.kind in {"image", "clip"}
        if wanted != (self.media is not None) or (self.kind == "dark" and self.voice is not None):
            raise PydanticCustomError(
                "scene_media",
                "an image or a clip needs media, a card and a dark scene have none; a dark scene is silent",
            )
        for name in filter(None, (self.media, self.voice)):
            if not _inside(name):
                raise PydanticCustomError(
                    "media_name",
                    "the scene {id} names {name}, which is not inside the folder of the storyboard",
                    {"id": self.id, "name": name},
                )
        if self.kind == "card" and self.heading is None and self.text is None:
            raise PydanticCustomError("empty_card", "a card needs a heading or a text")
        return self


class Storyboard(Body):
    """The whole film. It has a title card, the scenes and, where somebody is named, credits."""

    title: Line
    subtitle: Line | None = None
    municipality: Line | None = None
    dream_version: Annotated[int, Field(strict=True, ge=1)] = 1
    language: Language = "nl"
    theme: Theme = Theme()
    size: Size = Size()
    fps: Annotated[int, Field(strict=True, ge=5, le=60)] = 25
    scenes: Annotated[tuple[Scene, ...], Field(max_length=MOST_SCENES)]
    credits: Annotated[tuple[Line, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if not self.scenes:
            raise PydanticCustomError("no_scenes", "a storyboard needs at least one scene")
        ids = [scene.id for scene in self.scenes]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise PydanticCustomError(
                "same_id", "scenes need ids of their own; used twice: {ids}", {"ids": ", ".join(twice)}
            )
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Who is named at the end: by the scenes that are not dark, then by `credits`; each once."""
        names = [name for scene in self.scenes if scene.kind != "dark" for name in scene.by]
        return tuple(dict.fromkeys([*names, *self.credits]))
