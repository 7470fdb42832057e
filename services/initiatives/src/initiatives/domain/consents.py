"""A consent: one person's answer to one use of one version of a subject. It can be withdrawn at any time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from dorpsplein.contracts.initiatives.consents import (
    ConsentAsked,
    ConsentDeclined,
    ConsentGiven,
    ConsentLapsed,
    ConsentWithdrawn,
)
from dorpsplein.errors import NotFound, Refused, Stale
from dorpsplein.settings import NAMESPACE


class Status(StrEnum):
    """Where a consent is."""

    ASKED = "asked"
    GIVEN = "given"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Use(StrEnum):
    """What something is used for; each is asked apart."""

    DREAM_VISION = "dream-vision"
    CREDITS = "credits"
    STORY = "story"
    RETELLING = "retelling"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "ask": (frozenset(Status), Status.ASKED),
    "give": (frozenset({Status.ASKED, Status.DECLINED, Status.WITHDRAWN}), Status.GIVEN),
    "decline": (frozenset({Status.ASKED}), Status.DECLINED),
    "withdraw": (frozenset({Status.GIVEN}), Status.WITHDRAWN),
    "lapse": (frozenset(Status) - {Status.LAPSED}, Status.LAPSED),
}
"""What may be done when, and what it leads to. It is asked anew when its subject has another version."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as its events left it; `version` counts them, 0 before the first."""

    id: UUID
    subject_kind: str
    subject_id: UUID
    subject_version: int
    initiative_id: UUID
    person_id: UUID
    use: str
    status: Status = Status.LAPSED
    version: int = 0

    def stands_for(self, subject_version: int) -> bool:
        """Whether the person agrees to this version of the subject."""
        return self.status == Status.GIVEN and self.subject_version == subject_version


ConsentEvent = ConsentAsked | ConsentGiven | ConsentDeclined | ConsentWithdrawn | ConsentLapsed


def consent_id(subject_kind: str, subject_id: UUID, person_id: UUID, use: str) -> UUID:
    """The id of a person's consent to a use of a subject: always the same, so there is never a second one."""
    return uuid5(NAMESPACE, f"consent/{subject_kind}/{subject_id}/{person_id}/{use}")


def ask(consent: Consent, subject_version: int, *, by_themselves: bool) -> list[ConsentEvent]:
    """Ask for a version of the subject; nothing happens where that was asked already.

    Who asks it of themselves agrees by doing so.
    """
    asked_already = consent.version and consent.status != Status.LAPSED
    if asked_already and consent.subject_version >= subject_version:
        return []
    _moved(consent.status, "ask")
    asked = ConsentAsked(
        consent_id=consent.id,
        subject_kind=consent.subject_kind,
        subject_id=consent.subject_id,
        subject_version=subject_version,
        initiative_id=consent.initiative_id,
        person_id=consent.person_id,
        use=consent.use,
    )
    return [asked, *(give(evolve(consent, asked), subject_version, person=consent.person_id) if by_themselves else ())]


def give(consent: Consent, subject_version: int, *, person: UUID) -> list[ConsentEvent]:
    """Agree to the version one has seen; nothing happens where that is so already.

    Raises NotFound for anybody else's, Stale("subject-changed") where there is a newer version, and
    Refused("illegal-consent-move") where it is not asked any more.
    """
    _only_theirs(consent, person)
    if consent.subject_version != subject_version:
        raise Stale(
            "subject-changed",
            "What you are asked about has changed since you saw it; look at it again and send its subjectVersion.",
            subjectVersion=consent.subject_version,
        )
    if consent.status == Status.GIVEN:
        return []
    _moved(consent.status, "give")
    return [
        ConsentGiven(
            consent_id=consent.id,
            subject_kind=consent.subject_kind,
            subject_id=consent.subject_id,
            subject_version=consent.subject_version,
            initiative_id=consent.initiative_id,
            use=consent.use,
        )
    ]


def decline(consent: Consent, *, person: UUID) -> list[ConsentEvent]:
    """Say no to what was asked; nothing happens where that was said already.

    Raises NotFound for anybody else's and Refused("illegal-consent-move").
    """
    return _answer(consent, "decline", ConsentDeclined, person)


def withdraw(consent: Consent, *, person: UUID) -> list[ConsentEvent]:
    """Take back what was given; nothing happens where that was done already.

    Raises NotFound for anybody else's and Refused("illegal-consent-move").
    """
    return _answer(consent, "withdraw", ConsentWithdrawn, person)


def lapse(consent: Consent) -> list[ConsentEvent]:
    """It is not needed any more; nothing happens where it has lapsed already."""
    if consent.status == Status.LAPSED:
        return []
    _moved(consent.status, "lapse")
    return [ConsentLapsed(**_about(consent))]


def evolve(consent: Consent, event: ConsentEvent) -> Consent:
    """The consent after an event."""
    after = replace(consent, version=consent.version + 1)
    match event:
        case ConsentAsked():
            return replace(after, status=Status.ASKED, subject_version=event.subject_version)
        case ConsentGiven():
            return replace(after, status=Status.GIVEN)
        case ConsentDeclined():
            return replace(after, status=Status.DECLINED)
        case ConsentWithdrawn():
            return replace(after, status=Status.WITHDRAWN)
        case ConsentLapsed():
            return replace(after, status=Status.LAPSED)


def standing_for(consents: Sequence[Consent], use: str, subject_version: int) -> frozenset[UUID]:
    """Who agrees to a use of this version of a subject, of the consents there are for it."""
    return frozenset(one.person_id for one in consents if one.use == use and one.stands_for(subject_version))


def _answer(
    consent: Consent, verb: str, kind: type[ConsentDeclined | ConsentWithdrawn], person: UUID
) -> list[ConsentEvent]:
    _only_theirs(consent, person)
    if consent.status == MOVES[verb][1]:
        return []
    _moved(consent.status, verb)
    return [kind(**_about(consent))]


def _about(consent: Consent) -> dict[str, UUID | str]:
    return {
        "consent_id": consent.id,
        "subject_kind": consent.subject_kind,
        "subject_id": consent.subject_id,
        "initiative_id": consent.initiative_id,
        "use": consent.use,
    }


def _only_theirs(consent: Consent, person: UUID) -> None:
    if person != consent.person_id:
        raise NotFound("consent-unknown", f"There is no consent {consent.id} that is asked of you.")


def _moved(status: Status, verb: str) -> Status:
    sources, target = MOVES[verb]
    if status not in sources:
        raise Refused("illegal-consent-move", f"A consent that is {status} cannot become {target}.")
    return target
