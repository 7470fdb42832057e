"""Lineage: things, and the links between them that say what came of what."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from dorpsplein.contracts.initiatives.links import ContributionLinked
from dorpsplein.settings import NAMESPACE

ThingKind = Literal[
    "contribution",
    "encounter",
    "session",
    "initiative",
    "scene",
    "dream",
    "story",
    "retelling",
    "milestone",
    "pledge",
]
LinkKind = Literal["from", "placed", "used-in", "shown-in", "joined", "told-in", "retold-in", "led-to", "paid-for"]

ONLY_AFTER: tuple[LinkKind, ...] = ("led-to", "paid-for", "told-in")
"""Results of an initiative: those from before a contribution was offered did not come of it."""


@dataclass(frozen=True, slots=True)
class Link:
    """The second thing came of the first, or came together with it; `kind` says how."""

    from_kind: ThingKind
    from_id: UUID
    to_kind: ThingKind
    to_id: UUID
    kind: LinkKind
    initiative_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The same for the same ends and kind, so that no link is ever there twice."""
        ends = f"{self.from_kind}/{self.from_id}/{self.to_kind}/{self.to_id}"
        return uuid5(NAMESPACE, f"link/{self.kind}/{ends}")

    @property
    def told(self) -> ContributionLinked:
        """The fact that says so."""
        return ContributionLinked(
            link_id=self.id,
            from_kind=self.from_kind,
            from_id=self.from_id,
            to_kind=self.to_kind,
            to_id=self.to_id,
            kind=self.kind,
            initiative_id=self.initiative_id,
        )
