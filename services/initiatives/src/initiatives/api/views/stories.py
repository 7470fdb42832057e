"""What answers about stories look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.consents import Titled
from initiatives.api.views.people import Person
from initiatives.domain import consents
from initiatives.domain.stories.story import RetellingStatus, Status


class StoryLine(View):
    """A public story in a list; `retellings` counts those that can be read with it."""

    id: UUID
    initiative_id: UUID
    title: str
    excerpt: str
    teller: Person
    published_at: datetime
    retellings: int


class StoryList(View):
    """A page of stories; `next` is the cursor of the one after it."""

    items: list[StoryLine]
    next: str | None


class Medium(View):
    """An image, sound or clip; `href` is a link that lasts for minutes."""

    id: UUID
    href: str


class Original(View):
    """A story in the words of its teller. `people` are in it beside the teller, and agreed to it once it is public.

    `title` and `text` are None once it is withdrawn. `words_version` is what people are asked to agree to.
    """

    id: UUID
    version: int
    words_version: int
    status: Status
    initiative: Titled | None
    teller: Person
    title: str | None
    text: str | None
    media_ids: list[UUID]
    people: list[Person]
    contribution_ids: list[UUID]
    told_at: datetime
    changed_at: datetime
    published_at: datetime | None


class Retelling(View):
    """A story in the words of an alderman; it is only ever shown after the original."""

    id: UUID
    by: Person
    status: RetellingStatus
    title: str | None
    text: str
    media_ids: list[UUID]
    told_at: datetime
    published_at: datetime | None


class Reach(View):
    """How far a story came, as notifications counted it: e-mail to followers, and deliveries that were confirmed.

    `people` is how many different people were mailed; who read it in the feed is not measured.
    """

    people: int
    mails: int
    deliveries: int
    measured_at: datetime


class Story(View):
    """A story: the original first, then what was retold of it; `media` has links to all that is in either."""

    original: Original
    retellings: list[Retelling]
    reach: Reach | None
    media: list[Medium]


class Asked(View):
    """What somebody in a story was asked, and their answer; None where they have not been asked about these words."""

    id: UUID
    person: Person
    use: consents.Use
    status: consents.Status
    subject_version: int


class Preview(Story):
    """A story for those who are in it. Its teller sees every answer, everybody else their own."""

    consents: list[Asked]


class OwnStoryLine(View):
    """A story of one's own in a list."""

    id: UUID
    version: int
    status: Status
    initiative_id: UUID
    title: str | None
    excerpt: str | None
    told_at: datetime
    published_at: datetime | None
    retellings: int
    reach: Reach | None


class OwnStories(View):
    """A page of one's own stories; `next` is the cursor of the one after it."""

    items: list[OwnStoryLine]
    next: str | None


class Retold(View):
    """A retelling that was made: whether it can be read already, or waits for consent."""

    id: UUID
    story_id: UUID
    status: RetellingStatus
    location: str


class Sentence(View):
    """A sentence in Dutch and in English."""

    nl: str
    en: str


class Because(View):
    """One reason why something is worth retelling: its code, what it weighs, since when, and a sentence."""

    code: str
    weight: int
    at: datetime
    sentence: Sentence


class Worth(View):
    """Something worth retelling: a story, or an initiative without one. `score` is the sum of its reasons' weights."""

    kind: Literal["story", "initiative"]
    initiative: Titled
    story: Titled | None
    score: int
    reasons: list[Because]


class WorthRetelling(View):
    """What is worth retelling of the seven days before `until`, the most worth first."""

    until: datetime
    items: list[Worth]
