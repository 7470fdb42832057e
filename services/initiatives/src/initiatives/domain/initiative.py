"""An initiative: what residents want to make happen, what it says, and who may do what with it when."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.errors import Forbidden, NotFound, Refused
from initiatives.domain.challenge import INITIATIVE


class Status(StrEnum):
    """Where an initiative is in its life. There is no rejection: nobody gives a verdict."""

    PROPOSED = "proposed"
    SUPPORTED = "supported"
    IN_CO_CREATION = "in-co-creation"
    DREAM_PUBLISHED = "dream-published"
    UNDER_WAY = "under-way"
    CELEBRATED = "celebrated"
    JOINED = "joined"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    HALTED = "halted"


LIVE = frozenset({Status.PROPOSED, Status.SUPPORTED, Status.IN_CO_CREATION, Status.DREAM_PUBLISHED, Status.UNDER_WAY})
"""Going on."""
ENDED = frozenset({Status.CELEBRATED, Status.JOINED, Status.WITHDRAWN, Status.EXPIRED, Status.HALTED})
"""Over, or stopped from outside; of these only what is joined or halted may go on once more."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the map in WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Content:
    """What an initiator says: words, theme, where, what it would cost in cents (0: unknown), a neighbourhood's code.

    Of a challenge also the answers to its questions, by their codes.
    """

    title: str
    summary: str
    theme: str
    place: Spot | None = None
    means_needed_cents: int = 0
    neighbourhood: str | None = None
    kind: str = INITIATIVE
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one initiative from its start: its threshold, and until when it may be supported.

    `knob_set` is the number of the set of knobs they follow from, None where nobody turned a knob yet. So many days
    before the close its initiators are reminded.
    """

    threshold: int
    supports_close_at: datetime | None = None
    knob_set: int | None = None
    reminder_days: int = 14


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop from outside, with its ground and until when it may be appealed against."""

    id: UUID
    ground: str
    appeal_until: datetime
    appealed: bool = False


@dataclass(frozen=True, slots=True)
class Initiative:
    """An initiative as its events left it; `version` counts its facts.

    `before` is the status it goes back to after it rested, and `rests_since` the moment that began. `initiators` has
    who started it first, unless they left.
    """

    id: UUID
    version: int
    status: Status
    content: Content
    initiators: tuple[UUID, ...]
    terms: Terms
    channel: str
    invited: tuple[UUID, ...] = ()
    threshold_reached: bool = False
    support_closed: bool = False
    withdrawal_reason: str | None = None
    pause_reason: str | None = None
    before: Status | None = None
    rests_since: datetime | None = None
    merge_id: UUID | None = None
    into_id: UUID | None = None
    halt: Halt | None = None
    thanks: str | None = None

    @property
    def initiator_id(self) -> UUID:
        """Who is asked first."""
        return self.initiators[0]

    @property
    def threshold(self) -> int:
        """From how many supports on it counts as supported."""
        return self.terms.threshold

    @property
    def rests(self) -> bool:
        """Whether its time stands still."""
        return self.rests_since is not None

    @property
    def closes_at(self) -> datetime | None:
        """When support closes; None where it does not close by itself."""
        return self.terms.supports_close_at

    def saying(self, content: Content) -> "Initiative":
        """The same initiative with other words."""
        return replace(self, content=content)


def only_initiators(initiative: Initiative, person: UUID) -> None:
    """Raises Forbidden("not-yours") for anyone else."""
    if person not in initiative.initiators:
        raise Forbidden("not-yours", "Only the initiators of an initiative may do this.")


def refuse_ended(status: Status) -> None:
    """Raises Refused("initiative-withdrawn"), ("initiative-joined"), ... for what is over or stopped."""
    if status in ENDED:
        raise Refused(f"initiative-{status}", f"This initiative is {status}; nothing can be changed in it any more.")


def refuse_support(status: Status | None, initiative_id: UUID, *, closed: bool = False) -> None:
    """Raises NotFound("initiative-unknown"), or Refused where nobody can say yes: it is over, rests, or is closed."""
    if status is None:
        raise NotFound("initiative-unknown", f"There is no initiative {initiative_id}.")
    refuse_ended(status)
    if status == Status.PAUSED:
        raise Refused("initiative-paused", "This initiative rests; support it when it goes on.")
    if closed:
        raise Refused("support-closed", "The time to support this initiative, or to take support back, is over.")


def public(content: Content) -> dict[str, Any]:
    """What facts say of the content: everything but the words."""
    return {
        "theme": content.theme,
        "latitude": content.place.latitude if content.place else None,
        "longitude": content.place.longitude if content.place else None,
        "means_needed_cents": content.means_needed_cents,
        "neighbourhood": content.neighbourhood,
    }


def state_of(initiative: Initiative) -> InitiativeState:
    """The public state of an initiative as it is."""
    content = initiative.content
    return InitiativeState(
        initiative_id=initiative.id,
        initiator_id=initiative.initiator_id,
        title=content.title,
        summary=content.summary,
        status=initiative.status,
        kind=content.kind,
        initiators=list(initiative.initiators),
        answers=dict(content.answers),
        thanks=initiative.thanks,
        **public(content),
    )
