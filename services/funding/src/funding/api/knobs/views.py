"""A change of knobs as it is shown. Nothing of a vote's ballots shows before it is over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.fields import View
from funding.api.knobs.funds import BoundsView, bounds_shown
from funding.domain.knobs import Value
from funding.domain.knobs.changes import KnobChange


class VoteView(View):
    """A vote: until when, by how many on the roster, how many must take part, how long the change then waits."""

    opened_at: datetime
    closes_at: datetime
    extended: bool
    roster_size: int
    quorum: int
    lock_days: int


class TallyView(View):
    """What was chosen, once the vote is over."""

    yes: int
    no: int
    abstain: int
    turnout: int


class KnobChangeView(View):
    """A proposed turn of knobs, and how far it has come.

    `status` is `drafted`, `simulated`, `open`, `without-quorum`, `turned-down`, `adopted` (and waits until
    `effectiveAt`), `effective`, `superseded`, `withdrawn`, `vetoed` (with its `ground`) or `lapsed` (the council did
    not consent). `heldUntil` is there while an announced veto has no ground yet.
    """

    id: UUID
    fund_id: UUID
    knob_class: str
    values: dict[str, Value]
    bounds: dict[str, BoundsView]
    reason: str
    drafted_by: UUID
    drafted_at: datetime
    base_number: int
    status: str
    version: int
    simulation: dict[str, Any] | None
    simulation_digest: str | None
    vote: VoteView | None
    tally: TallyView | None
    effective_at: datetime | None
    needs_consent: bool
    consented: bool
    held_until: datetime | None
    ground: str | None
    location: str


def shown(change: KnobChange, report: Mapping[str, Any] | None) -> KnobChangeView:
    """A change as it is shown, with the report of its simulation."""
    vote, tally = change.vote, change.tally
    return KnobChangeView(
        id=change.id,
        fund_id=change.fund,
        knob_class=change.knob_class,
        values=dict(change.values),
        bounds=bounds_shown(change.bounds),
        reason=change.reason,
        drafted_by=change.by,
        drafted_at=change.drafted_at,
        base_number=change.base,
        status=change.status,
        version=change.version,
        simulation=dict(report) if report else None,
        simulation_digest=change.simulated,
        vote=VoteView(
            opened_at=vote.opened_at,
            closes_at=vote.closes_at,
            extended=vote.extended,
            roster_size=vote.roster,
            quorum=vote.quorum,
            lock_days=vote.lock_days,
        )
        if vote
        else None,
        tally=TallyView(yes=tally.yes, no=tally.no, abstain=tally.abstain, turnout=tally.ballots) if tally else None,
        effective_at=change.effective_at,
        needs_consent=change.needs_consent,
        consented=change.consented,
        held_until=change.held_until,
        ground=change.ground,
        location=f"/v1/knob-changes/{change.id}",
    )
