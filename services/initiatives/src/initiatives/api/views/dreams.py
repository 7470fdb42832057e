"""What answers about dream visions look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.people import Person


class Part(View):
    """What fills a scene. Words, media and topic are there while it is lit; who, where they want to be named.

    `english` is what a person made of the words in English.
    """

    id: UUID
    contribution_id: UUID
    kind: str
    light: str
    words: str | None
    english: str | None
    media_id: UUID | None
    lived_experience: str | None
    contributor: Person | None


class Experience(View):
    """The topic of the lived experience that a scene asks for, and whether somebody who has it filled the gap."""

    topic: str
    filled: bool


class Scene(View):
    """A scene: `open` until something fills it, `filled` while something of it is lit, else `waiting` or `dark`."""

    id: UUID
    heading: str
    heading_english: str | None
    question: str
    status: str
    experience: Experience | None
    parts: list[Part]


class Dream(View):
    """A storyboard as it is now, with the numbers of its newest version and of the one that was published last."""

    id: UUID
    initiative_id: UUID
    version: int
    newest_version: int | None
    published_version: int | None
    opened_at: datetime
    scenes: list[Scene]


class DreamAnswer(Dream):
    """A storyboard after a command, with the id of the scene or the part that is new."""

    scene_id: UUID | None = None
    part_id: UUID | None = None


class AboutScene(View):
    """What a scene is about, and what belongs in it."""

    id: UUID
    heading: str
    question: str


class PartInScene(View):
    """A part and the scene it fills, or filled until it was `cleared`; without words once they were taken back.

    `english` is there while it is lit.
    """

    id: UUID
    dream_id: UUID
    initiative_id: UUID
    scene: AboutScene
    contribution_id: UUID
    kind: str
    light: str
    cleared: bool
    words: str | None
    english: str | None
    media_id: UUID | None


class DarkScene(View):
    """A scene whose media could not be shown, and why."""

    scene_id: UUID
    reason: str


class Render(View):
    """A version and how far its film is. `digest` is the SHA-256 of its frames; `attempts` how often it was started."""

    dream_version: int
    render_id: UUID
    status: str
    percent: int
    attempts: int
    seconds: float | None
    digest: str | None
    failure: str | None
    failed_scene: UUID | None
    dark_scenes: list[DarkScene]
    made_at: datetime
    finished_at: datetime | None
    published_at: datetime | None


class Change(View):
    """What happened to a scene since the version before, as a code and as a Dutch sentence."""

    scene_id: UUID
    change: str
    sentence: str


class Version(Render):
    """A version with what is different in it from the one before."""

    changes: list[Change]


class VersionList(View):
    """A page of versions, the newest first; `next` is the cursor of the one after it."""

    items: list[Version]
    next: str | None


class SaidPart(View):
    """What a part says: its words, what a person made of them in English, and what its contributor says is seen."""

    kind: str
    words: str
    english: str | None
    description: str | None
    lived_experience: str | None


class SaidScene(View):
    """A scene in text; a dark one has no parts."""

    scene_id: UUID
    heading: str
    heading_english: str | None
    dark: bool
    parts: list[SaidPart]


class DreamOnPage(View):
    """The dream vision on the page of an initiative: its film by what it is made of, and all that it says as text.

    `film` has the paths of `h264`, `av1`, `nl` and `en` (captions) and `poster`; null while there is none to be seen.
    Version, title and moment are null until one is published.
    """

    id: UUID
    version: int | None
    title: str | None
    published_at: datetime | None
    seconds: float | None
    film: dict[str, str] | None
    text: list[SaidScene]
    credits: list[str]
    scenes: int
    open_scenes: int
