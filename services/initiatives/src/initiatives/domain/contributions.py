"""A contribution: what somebody brings in for an initiative, and how far it comes.

What was told in a talk or a session is in its place at once: it was told for that initiative. What a resident offers
is placed by an initiator, or set aside with a reason. Only whose it is can take it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.initiatives.contributions import (
    ContributionOffered,
    ContributionPlaced,
    ContributionSetAside,
    ContributionState,
    ContributionUsed,
    ContributionWithdrawn,
)
from dorpsplein.contracts.initiatives.moderation import ContributionHidingChanged
from dorpsplein.errors import Forbidden, Refused
from initiatives.domain.initiative import Initiative, only_initiators, refuse_ended

Origin = Literal["resident", "encounter", "session"]


class Kind(StrEnum):
    """What a contribution is; there are words with each."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"


class Status(StrEnum):
    """How far a contribution is."""

    OFFERED = "offered"
    PLACED = "placed"
    USED = "used"
    SET_ASIDE = "set-aside"
    WITHDRAWN = "withdrawn"


class SetAsideReason(StrEnum):
    """Why an initiator sets a contribution aside. A closed list: it stands in a fact that is kept for ever."""

    ALREADY_THERE = "already-there"
    ABOUT_SOMETHING_ELSE = "about-something-else"
    NO_ROOM_NOW = "no-room-now"
    NOT_ABLE_TO = "not-able-to"
    OTHER = "other"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "place": (frozenset({Status.OFFERED, Status.PLACED, Status.SET_ASIDE}), Status.PLACED),
    "use": (frozenset({Status.PLACED, Status.USED}), Status.USED),
    "set aside": (frozenset({Status.OFFERED, Status.PLACED}), Status.SET_ASIDE),
    "withdraw": (
        frozenset({Status.OFFERED, Status.PLACED, Status.USED, Status.SET_ASIDE}),
        Status.WITHDRAWN,
    ),
}
"""From which statuses one may do what, and where it leads."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A contribution as its events left it; `version` counts its facts.

    `words` are None where they stand elsewhere (a talk, a session) or were erased. `person_id` is who offered it, of
    an anonymous one too; it is None of what was told. `scene_id` and `session_id` say what it is meant for.
    """

    id: UUID
    initiative_id: UUID
    kind: Kind = Kind.TEXT
    origin: Origin = "resident"
    origin_id: UUID | None = None
    person_id: UUID | None = None
    anonymous: bool = False
    words: str | None = None
    media_id: UUID | None = None
    scene_id: UUID | None = None
    session_id: UUID | None = None
    claim_id: UUID | None = None
    status: Status = Status.OFFERED
    reason: str | None = None
    answer: str | None = None
    version: int = 0

    @property
    def contributor_id(self) -> UUID | None:
        """Who offered it, where everybody may know."""
        return None if self.anonymous else self.person_id


ContributionFact = (
    ContributionOffered
    | ContributionPlaced
    | ContributionUsed
    | ContributionSetAside
    | ContributionWithdrawn
    | ContributionHidingChanged
)


def offer(contribution: Contribution, initiative: Initiative) -> list[ContributionFact]:
    """Offer something to an initiative; what an initiator offers is placed at once, unless they do so anonymously.

    Raises Refused of an ended initiative, and Refused("claim-is-named") where lived experience would stand beside an
    anonymous contribution: it may stand beside one under a name too, and then anonymous becomes named.
    """
    refuse_ended(initiative.status)
    if contribution.anonymous and contribution.claim_id is not None:
        raise Refused(
            "claim-is-named",
            "Your claim may stand beside what you say under your name, so it would give you away here. Offer this"
            " under your name, or tell what you know from experience in the contribution itself.",
        )
    offered = _offered(contribution, contribution.contributor_id)
    if contribution.contributor_id not in initiative.initiators:
        return [offered]
    return [offered, _placed(contribution, contribution.scene_id, contribution.session_id)]


def told(contribution: Contribution, teller: UUID | None) -> ContributionOffered:
    """Say that something was told in a talk or a session; its teller where they agreed to be named."""
    return _offered(contribution, teller)


def place(
    contribution: Contribution,
    initiative: Initiative,
    *,
    scene_id: UUID | None,
    session_id: UUID | None,
    person: UUID,
) -> list[ContributionFact]:
    """Take it in, for a scene or a session where they are given; nothing happens where it is there already.

    Raises Forbidden("not-yours") and Refused("not-now").
    """
    only_initiators(initiative, person)
    _moved(contribution, "place")
    there = (contribution.status, contribution.scene_id, contribution.session_id)
    if there == (Status.PLACED, scene_id, session_id):
        return []
    return [_placed(contribution, scene_id, session_id)]


def use(contribution: Contribution) -> list[ContributionFact]:
    """Say, once, that it is used; what was only offered is placed by that. Raises Refused("not-now")."""
    if contribution.status == Status.USED:
        return []
    events: list[ContributionFact] = []
    if contribution.status == Status.OFFERED:
        events = [_placed(contribution, contribution.scene_id, contribution.session_id)]
    _moved(fold(contribution, events), "use")
    return [*events, ContributionUsed(contribution_id=contribution.id, initiative_id=contribution.initiative_id)]


def set_aside(
    contribution: Contribution, initiative: Initiative, reason: SetAsideReason, *, person: UUID
) -> list[ContributionFact]:
    """Leave it out, with a reason. Raises Forbidden("not-yours") and Refused("not-now")."""
    only_initiators(initiative, person)
    _moved(contribution, "set aside")
    return [
        ContributionSetAside(
            contribution_id=contribution.id, initiative_id=contribution.initiative_id, reason=reason.value
        )
    ]


def withdraw(contribution: Contribution, *, person: UUID) -> list[ContributionFact]:
    """Take it back for good. Raises Forbidden("not-yours") and Refused("not-now")."""
    if contribution.person_id != person and contribution.status != Status.WITHDRAWN:
        raise Forbidden("not-yours", "Only whose contribution it is can take it back.")
    _moved(contribution, "withdraw")
    return [_withdrawn(contribution)]


def words_gone(contribution: Contribution) -> list[ContributionFact]:
    """Say, once, that what was told is not shared any more by whoever told it."""
    return [] if contribution.status == Status.WITHDRAWN else [_withdrawn(contribution)]


def state_of(contribution: Contribution) -> ContributionState | None:
    """The public state of what a resident offered; None where the words stand elsewhere or are gone."""
    if contribution.words is None:
        return None
    return ContributionState(
        contribution_id=contribution.id,
        initiative_id=contribution.initiative_id,
        kind=contribution.kind,
        words=contribution.words,
        status=contribution.status,
        media_id=contribution.media_id,
        contributor_id=contribution.contributor_id,
        claim_id=contribution.claim_id,
        reason=contribution.reason,
        answer=contribution.answer,
    )


def evolve(contribution: Contribution, event: ContributionFact) -> Contribution:
    """The contribution after an event. Once it is withdrawn nothing of it is left but that it was there."""
    after = replace(contribution, version=contribution.version + 1, reason=None, answer=None)
    match event:
        case ContributionOffered():
            told = event.origin != "resident"
            return replace(after, status=Status.PLACED if told else Status.OFFERED)
        case ContributionPlaced():
            return replace(after, status=Status.PLACED, scene_id=event.scene_id, session_id=event.session_id)
        case ContributionUsed():
            return replace(after, status=Status.USED)
        case ContributionSetAside():
            return replace(after, status=Status.SET_ASIDE, reason=event.reason)
        case ContributionHidingChanged():
            return replace(contribution, version=after.version)
        case ContributionWithdrawn():
            return replace(after, status=Status.WITHDRAWN, person_id=None, words=None, media_id=None, claim_id=None)


def fold(contribution: Contribution, events: Sequence[ContributionFact]) -> Contribution:
    """The contribution after events."""
    return reduce(evolve, events, contribution)


def _moved(contribution: Contribution, doing: str) -> None:
    sources, _ = MOVES[doing]
    if contribution.status not in sources:
        raise Refused(
            "not-now",
            f"This contribution is {contribution.status}; to {doing} it must be {' or '.join(sorted(sources))}.",
        )


def _offered(contribution: Contribution, contributor_id: UUID | None) -> ContributionOffered:
    return ContributionOffered(
        contribution_id=contribution.id,
        initiative_id=contribution.initiative_id,
        origin=contribution.origin,
        origin_id=contribution.origin_id,
        contributor_id=contributor_id,
        kind=contribution.kind,
        scene_id=contribution.scene_id,
        session_id=contribution.session_id,
    )


def _placed(contribution: Contribution, scene_id: UUID | None, session_id: UUID | None) -> ContributionPlaced:
    return ContributionPlaced(
        contribution_id=contribution.id,
        initiative_id=contribution.initiative_id,
        scene_id=scene_id,
        session_id=session_id,
    )


def _withdrawn(contribution: Contribution) -> ContributionWithdrawn:
    return ContributionWithdrawn(contribution_id=contribution.id, initiative_id=contribution.initiative_id)
