"""What a rule knows when it answers: one pledge as it comes, or a whole round.

All amounts are whole cents, all ids text, everything in a fixed order, so that a snapshot has one canonical JSON and
one digest: whoever has the snapshot and the rule's version can make the same allocation again, byte for byte.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785; every number here is a whole one below 2**53): the same value, the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """SHA-256, in hex, of a value's canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class PledgeSnapshot:
    """All that a streaming rule knows when it answers one pledge.

    `pledge` is what counts for the match: euros, or hours and halls at their valuation. `pot` is what each pot line
    may still give to this initiative. `crowd` is what others and this pledger promised before, `goal` what the
    initiative needs (0: not known), `donors` how many pledge to it, this one included.
    """

    pledge: int
    given_to_donor: int
    given_to_initiative: int
    pot: tuple[tuple[str, int], ...]
    crowd: int = 0
    goal: int = 0
    donors: int = 1

    def digest(self, rule_version: str) -> str:
        """SHA-256, in hex, of this input and the rule version it is for, as canonical JSON."""
        return digest(
            {
                "ruleVersion": rule_version,
                "pledgeCents": self.pledge,
                "givenToDonorCents": self.given_to_donor,
                "givenToInitiativeCents": self.given_to_initiative,
                "pot": [{"potLineId": line, "leftCents": left} for line, left in self.pot],
                "crowdCents": self.crowd,
                "goalCents": self.goal,
                "donors": self.donors,
            }
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """What means may go to: an initiative of a round, or a project of an election. `cost` 0: not known."""

    id: str
    cost: int
    theme: str = ""
    neighbourhood: str = ""


@dataclass(frozen=True, slots=True)
class Gift:
    """What one donor pledged to one candidate."""

    id: str
    donor: str
    candidate: str
    cents: int


@dataclass(frozen=True, slots=True)
class Ballot:
    """Candidates with the points they got (1 each where they were only named), from so many voters alike."""

    points: tuple[tuple[str, int], ...]
    voters: int = 1


@dataclass(frozen=True, slots=True)
class Pool:
    """A pot line as a rule sees it: what it holds, and for what. Without themes or neighbourhoods: for any."""

    id: str
    cents: int
    themes: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    most_per_candidate: int | None = None

    def takes(self, candidate: Candidate) -> bool:
        """Whether a candidate meets this pot line's conditions."""
        return (not self.themes or candidate.theme in self.themes) and (
            not self.neighbourhoods or candidate.neighbourhood in self.neighbourhoods
        )


@dataclass(frozen=True, slots=True)
class RoundSnapshot:
    """A whole round, or an election: candidates by id, pools in order of adding, gifts in order of acceptance.

    `floors` is what was promised to candidates while the round ran: no allocation gives them less.
    """

    candidates: tuple[Candidate, ...]
    pools: tuple[Pool, ...]
    gifts: tuple[Gift, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    floors: tuple[tuple[str, int], ...] = ()

    @property
    def budget(self) -> int:
        """What all pools hold together."""
        return sum(pool.cents for pool in self.pools)

    def document(self) -> dict[str, Any]:
        """This snapshot as a JSON document with public names."""
        return {
            "candidates": [
                {"id": one.id, "costCents": one.cost, "theme": one.theme, "neighbourhood": one.neighbourhood}
                for one in self.candidates
            ],
            "pools": [
                {
                    "id": one.id,
                    "cents": one.cents,
                    "themes": list(one.themes),
                    "neighbourhoods": list(one.neighbourhoods),
                    "mostPerCandidateCents": one.most_per_candidate,
                }
                for one in self.pools
            ],
            "gifts": [
                {"id": one.id, "donor": one.donor, "candidate": one.candidate, "cents": one.cents} for one in self.gifts
            ],
            "ballots": [{"points": [list(pair) for pair in one.points], "voters": one.voters} for one in self.ballots],
            "floors": [list(pair) for pair in self.floors],
        }

    def digest(self, rule_version: str) -> str:
        """SHA-256, in hex, of this input and the rule version it is for, as canonical JSON."""
        return digest({"ruleVersion": rule_version, "snapshot": self.document()})
