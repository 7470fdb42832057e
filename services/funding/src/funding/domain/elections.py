"""Elections: votes of a town that were brought in, so that they can be counted by published rules.

Who the voters are never comes in: ballots that are alike are kept as one, with how many there were.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from dorpsplein.contracts.funding.counts import ElectionLoaded

ELECTIONS = UUID("6f9fd2b7-4d0a-5c39-9a53-6d0c0a7a0f11")
"""The name space of elections: an election's id follows from its file, so that the same file is the same election."""


@dataclass(frozen=True, slots=True)
class Project:
    """What was voted on, with its cost in hundredths of the election's currency. One that was withdrawn is left out."""

    id: str
    name: str
    cost: int
    theme: str
    neighbourhood: str


@dataclass(frozen=True, slots=True)
class Election:
    """One vote; `digest` is the SHA-256 of its file, `input_root` that of what it is counted on."""

    id: UUID
    digest: str
    description: str
    unit: str
    instance: str
    vote_type: str
    currency: str
    budget: int
    voters: int
    candidates: tuple[Project, ...]
    input_root: str
    loaded_by: UUID
    loaded_at: datetime


def election_id(digest: str) -> UUID:
    """The id of the election whose file has this SHA-256."""
    return uuid5(ELECTIONS, digest)


def load(election: Election) -> ElectionLoaded:
    """That an election was brought in."""
    return ElectionLoaded(
        election_id=election.id,
        digest=election.digest,
        candidates=len(election.candidates),
        voters=election.voters,
        budget_cents=election.budget,
    )
