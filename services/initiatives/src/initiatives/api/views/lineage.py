"""What answers about lineage look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from dorpsplein.fields import View
from initiatives.domain.lineage import LinkKind, ThingKind


class End(View):
    """A thing at one end of a hop."""

    kind: ThingKind
    id: UUID


class Hop(View):
    """One thing came of another, since when, and until when where that was undone."""

    id: UUID
    kind: LinkKind
    at: datetime
    ended_at: datetime | None
    origin: Annotated[End, Field(alias="from")]
    to: End


class Thing(View):
    """What stands at the ends of hops: what it is called, where it has a name that everybody may read.

    `gone` says that it was taken back (`withdrawn`), or hidden by moderation.
    """

    kind: ThingKind
    id: UUID
    title: str | None
    gone: Literal["withdrawn", "hidden"] | None


class Lineage(View):
    """What came of a contribution; `more` when there is more than is shown here."""

    contribution_id: UUID
    offered_at: datetime
    hops: list[Hop]
    things: list[Thing]
    more: bool


class LineageList(View):
    """A page of what came of my contributions, of each the newest hops first; `next` is the cursor of the next page."""

    items: list[Lineage]
    next: str | None
