"""Changes of knobs: what one is, and what each fact makes of it.

Drafted, simulated, open for voting, adopted, in effect; or ended before that. A change is drafted and simulated on
one set of values (`base`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding import knobs as facts
from funding.domain.knobs.registry import Class, Values
from funding.domain.knobs.values import Bounds
from funding.domain.knobs.votes import Tally, Vote

Status = Literal[
    "drafted", "simulated", "open", "without-quorum", "turned-down", "adopted", "effective", "superseded",
    "withdrawn", "vetoed", "lapsed",
]  # fmt: skip
Fact = (
    facts.KnobChangeDrafted | facts.KnobChangeSimulated | facts.KnobChangeOpened | facts.KnobChangeExtended
    | facts.KnobChangeAdopted | facts.KnobChangeTurnedDown | facts.KnobChangeWithoutQuorum
    | facts.KnobChangeConsented | facts.KnobChangeLapsed | facts.KnobTurned | facts.KnobChangeSuperseded
    | facts.KnobChangeWithdrawn | facts.KnobVetoAnnounced | facts.KnobVetoLapsed | facts.KnobChangeVetoed
)  # fmt: skip
"""What happens to a change."""


@dataclass(frozen=True, slots=True)
class DraftChange:
    """Propose new values of a fund's knobs, or new bounds, or both, with a reason."""

    id: UUID
    fund: UUID
    values: Values
    bounds: Bounds
    reason: str
    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class KnobChange:
    """A proposed turn of knobs, and how far it has come.

    `base` is the number of the values it was last drafted or simulated on, `simulated` the digest of its report.
    A veto is announced once at most; it holds the change up until `held_until`.
    """

    id: UUID
    fund: UUID
    values: Values
    bounds: Bounds
    knob_class: Class
    reason: str
    by: UUID
    drafted_at: datetime
    base: int
    status: Status = "drafted"
    version: int = 0
    simulated: str | None = None
    vote: Vote | None = None
    tally: Tally | None = None
    effective_at: datetime | None = None
    consented: bool = False
    veto_announced: bool = False
    held_until: datetime | None = None
    ground: str | None = None

    @property
    def touches(self) -> frozenset[str]:
        """The knobs whose value or bounds it moves."""
        return frozenset(self.values) | frozenset(self.bounds)

    @property
    def due_at(self) -> datetime | None:
        """When the next thing happens to it by itself: its vote closes, a held veto lapses, it takes effect."""
        if self.status == "open" and self.vote:
            return self.vote.closes_at
        if self.status == "adopted":
            return self.held_until or self.effective_at
        return None

    @property
    def needs_consent(self) -> bool:
        """Whether the council must consent before it takes effect."""
        return self.knob_class == "constitution"


def evolve(change: KnobChange, fact: Fact) -> KnobChange:
    """The change after a fact."""
    change = replace(change, version=change.version + 1)
    match fact:
        case facts.KnobChangeSimulated():
            return replace(change, status="simulated", base=fact.base_number, simulated=fact.digest)
        case facts.KnobChangeOpened() | facts.KnobChangeExtended():
            return replace(change, status="open", vote=_vote(change, fact))
        case facts.KnobChangeAdopted():
            return replace(change, status="adopted", tally=_tally(fact), effective_at=fact.effective_at)
        case facts.KnobChangeTurnedDown():
            return replace(change, status="turned-down", tally=_tally(fact))
        case facts.KnobChangeWithoutQuorum():
            return replace(change, status="without-quorum", tally=_tally(fact))
        case facts.KnobChangeConsented():
            return replace(change, consented=True)
        case facts.KnobVetoAnnounced():
            return replace(change, veto_announced=True, held_until=fact.until)
        case facts.KnobVetoLapsed():
            assert change.effective_at is not None
            assert change.held_until is not None
            return replace(change, effective_at=max(change.effective_at, change.held_until), held_until=None)
        case _:
            return replace(change, status=ENDS[type(fact)], held_until=None)


ENDS: dict[type, Status] = {
    facts.KnobChangeLapsed: "lapsed",
    facts.KnobTurned: "effective",
    facts.KnobChangeSuperseded: "superseded",
    facts.KnobChangeWithdrawn: "withdrawn",
    facts.KnobChangeVetoed: "vetoed",
}
"""The facts that say no more than what became of a change."""


def after_all(change: KnobChange, told: Iterable[Fact]) -> KnobChange:
    """The change after facts, in order."""
    for fact in told:
        change = evolve(change, fact)
    return change


def _vote(change: KnobChange, fact: facts.KnobChangeOpened | facts.KnobChangeExtended) -> Vote:
    if isinstance(fact, facts.KnobChangeOpened):
        return Vote(fact.opened_at, fact.closes_at, fact.roster_size, fact.quorum, fact.lock_days)
    assert change.vote is not None
    return replace(change.vote, closes_at=fact.closes_at, extended=True)


def _tally(fact: facts.KnobChangeAdopted | facts.KnobChangeTurnedDown | facts.KnobChangeWithoutQuorum) -> Tally:
    return Tally(fact.yes, fact.no, fact.abstain)
