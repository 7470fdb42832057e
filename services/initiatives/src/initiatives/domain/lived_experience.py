"""Lived experience: somebody's own word that they know a topic from experience.

Nobody else can say it of them, and nothing is done with it but show it beside what they bring in.
"""

from dataclasses import dataclass
from uuid import UUID

from dorpsplein.contracts.initiatives.experience import (
    LivedExperienceClaimed,
    LivedExperienceState,
    LivedExperienceWithdrawn,
)
from dorpsplein.errors import NotFound, Refused

MOST_CLAIMS = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it stands; `version` counts its facts, 0 before the first."""

    id: UUID
    person_id: UUID
    topic: str
    words: str = ""
    version: int = 0


def claim(before: Claim, words: str, *, claims: int) -> list[LivedExperienceClaimed]:
    """Claim it, or say it in other words; the same again is nothing.

    `claims` is how many topics the person has by now. Raises Refused("too-many-claims").
    """
    if before.version == 0 and claims >= MOST_CLAIMS:
        raise Refused("too-many-claims", f"You speak from experience of {MOST_CLAIMS} topics; take one back first.")
    if before.version and before.words == words:
        return []
    return [LivedExperienceClaimed(claim_id=before.id)]


def withdraw(before: Claim | None) -> list[LivedExperienceWithdrawn]:
    """Take it back. Raises NotFound("claim-unknown")."""
    if before is None:
        raise NotFound("claim-unknown", "You have not claimed lived experience of this topic.")
    return [LivedExperienceWithdrawn(claim_id=before.id)]


def state_of(claim: Claim) -> LivedExperienceState:
    """The public state of a claim, without whose it is."""
    return LivedExperienceState(claim_id=claim.id, topic_code=claim.topic, words=claim.words)
