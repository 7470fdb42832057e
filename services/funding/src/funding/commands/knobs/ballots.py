"""Cast ballots, many in one transaction. Nothing of a ballot goes into an event, an answer that is kept, or a log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound
from funding import storage
from funding.commands.knobs.settling import settle
from funding.domain.knobs.ballots import Box, CastBallot
from funding.domain.knobs.changes import KnobChange


async def cast(tx: Transaction, asked: Sequence[CastBallot]) -> list[Exception | None]:
    """Cast all ballots that wait, each with its own decision; one that is refused leaves the others alone."""
    changes = await _changes(tx, asked)
    known = [ballot for ballot in asked if ballot.change in changes]
    box = Box(
        changes=changes,
        marks=await storage.knobs.ballots.marks(tx, sorted({(ballot.change, ballot.voter) for ballot in known})),
        taken=await storage.knobs.ballots.taken(tx, [ballot.id for ballot in known]),
    )
    answers: list[Exception | None] = []
    accepted = []
    for ballot in asked:
        if ballot.change not in changes:
            answers.append(NotFound("knob-change-unknown", f"There is no knob change {ballot.change}."))
            continue
        no = box.cast(ballot)
        answers.append(no)
        if no is None:
            accepted.append(ballot)
    if accepted:
        await storage.knobs.ballots.cast(tx, accepted)
    return answers


async def _changes(tx: Transaction, asked: Sequence[CastBallot]) -> dict[UUID, KnobChange]:
    """The changes voted on, as they are now, kept so until the end."""
    ids, now = sorted({ballot.change for ballot in asked}), max(ballot.at for ballot in asked)
    known = await storage.knobs.changes.changes(tx, ids)
    over = {change.fund for change in known.values() if change.status == "open" and _over(change, now)}
    for fund_id in sorted(over):
        await settle(tx, fund_id, now)
    late = [change.id for change in known.values() if _late(change, now)]
    uncounted = sorted(set(late) - await storage.knobs.ballots.counted_early(tx, late)) if late else []
    if uncounted:
        # Alone for a moment, so that no ballot from before is still on its way while they are counted.
        await storage.knobs.changes.lock(tx, uncounted)
        await storage.knobs.ballots.count_early(tx, uncounted)
    return await storage.knobs.changes.share(tx, ids)


def _over(change: KnobChange, now: datetime) -> bool:
    return change.vote is not None and now >= change.vote.closes_at


def _late(change: KnobChange, now: datetime) -> bool:
    vote = change.vote
    return change.status == "open" and vote is not None and not vote.extended and vote.late_from <= now < vote.closes_at
