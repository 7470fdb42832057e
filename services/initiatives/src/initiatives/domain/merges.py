"""A merge: one initiative joins another because initiators of both agree, and each supporter decides for themselves.

While its window is open, supporters of the joining initiative say whether their yes goes along. Nothing is deleted: a
merge can be undone, within the window by either side at once, after it by both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.merges import (
    MergeAgreed,
    MergeClosed,
    MergeDeclined,
    MergeProposed,
    MergeUndoAsked,
    MergeUndone,
    MergeWithdrawn,
)
from dorpsplein.errors import Forbidden, Refused
from initiatives.domain.initiative import Initiative, only_initiators, refuse_ended


class MergeStatus(StrEnum):
    """Where a merge is in its life."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


class Side(StrEnum):
    """Of which initiative somebody is an initiator."""

    JOINING = "joining"
    INTO = "into"


MOVES: Mapping[str, tuple[frozenset[MergeStatus], MergeStatus]] = {
    "agree": (frozenset({MergeStatus.PROPOSED}), MergeStatus.AGREED),
    "decline": (frozenset({MergeStatus.PROPOSED}), MergeStatus.DECLINED),
    "withdraw": (frozenset({MergeStatus.PROPOSED}), MergeStatus.WITHDRAWN),
    "close": (frozenset({MergeStatus.AGREED}), MergeStatus.CLOSED),
    "undo": (frozenset({MergeStatus.AGREED, MergeStatus.CLOSED}), MergeStatus.UNDONE),
}
"""Every move there is: from which statuses, and to which."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as its facts left it; `version` counts them. `undo_asked_by` is the side that would undo a closed one."""

    id: UUID
    joining_id: UUID
    into_id: UUID
    status: MergeStatus = MergeStatus.PROPOSED
    version: int = 1
    window_ends_at: datetime | None = None
    undo_asked_by: Side | None = None
    moved: int | None = None
    stayed: int | None = None


MergeEvent = MergeProposed | MergeAgreed | MergeDeclined | MergeWithdrawn | MergeClosed | MergeUndoAsked | MergeUndone


def propose(joining: Initiative, into: Initiative, *, merge_id: UUID, person: UUID) -> MergeProposed:
    """Ask to join another initiative.

    Raises Forbidden("not-yours") for who is no initiator of the one that joins, Refused("same-initiative"), and
    Refused("initiative-withdrawn") or its like where either is over.
    """
    only_initiators(joining, person)
    if joining.id == into.id:
        raise Refused("same-initiative", "An initiative cannot join itself; name another one.")
    refuse_ended(joining.status)
    refuse_ended(into.status)
    return MergeProposed(merge_id=merge_id, initiative_id=joining.id, into_id=into.id, person_id=person)


def agree(merge: Merge, into: Initiative, *, person: UUID, now: datetime, window_days: int) -> MergeAgreed:
    """Agree to being joined: the window opens for so many days.

    Raises Refused("illegal-merge-move"), Forbidden("not-yours"), and Refused where the initiative is over.
    """
    only_initiators(into, person)
    _moved(merge, "agree")
    refuse_ended(into.status)
    return MergeAgreed(**_of(merge), person_id=person, window_ends_at=now + timedelta(days=window_days))


def decline(merge: Merge, into: Initiative, *, person: UUID) -> MergeDeclined:
    """Say no to being joined. Raises Refused("illegal-merge-move") and Forbidden("not-yours")."""
    only_initiators(into, person)
    _moved(merge, "decline")
    return MergeDeclined(**_of(merge), person_id=person)


def withdraw(merge: Merge, joining: Initiative, *, person: UUID) -> MergeWithdrawn:
    """Take the proposal back. Raises Refused("illegal-merge-move") and Forbidden("not-yours")."""
    only_initiators(joining, person)
    _moved(merge, "withdraw")
    return MergeWithdrawn(**_of(merge), person_id=person)


def close(merge: Merge, *, moved: int, stayed: int) -> MergeClosed | None:
    """End the window; nothing happens when it is over or the merge was undone."""
    if merge.status not in MOVES["close"][0]:
        return None
    return MergeClosed(**_of(merge), moved=moved, stayed=stayed)


def ask_to_undo(
    merge: Merge, joining: Initiative, into: Initiative, *, person: UUID, returned: int
) -> MergeUndone | MergeUndoAsked | None:
    """Undo a merge, or after its window ask for it; the second side to ask undoes it. `returned` yeses go back.

    Nothing happens when the same side asks twice. Raises Refused("illegal-merge-move"), and Forbidden("not-yours") for
    who is an initiator of neither.
    """
    sides = _sides(joining, into, person)
    _moved(merge, "undo")
    asked = {*sides, *([merge.undo_asked_by] if merge.undo_asked_by else [])}
    if merge.status == MergeStatus.AGREED or asked == set(Side):
        return MergeUndone(**_of(merge), person_id=person, returned=returned)
    if merge.undo_asked_by in sides:
        return None
    return MergeUndoAsked(**_of(merge), person_id=person, side=min(sides))


def refuse_unless_open(merge: Merge, now: datetime) -> None:
    """Raises Refused("merge-not-open") where supporters cannot say, or not any more, whether their yes goes along."""
    if merge.status != MergeStatus.AGREED or (merge.window_ends_at is not None and now >= merge.window_ends_at):
        raise Refused(
            "merge-not-open",
            f"This merge is {merge.status}; supporters decide from the agreement until the window ends.",
            found=merge.status,
        )


def evolve(merge: Merge | None, event: MergeEvent) -> Merge:
    """The merge after a fact."""
    if isinstance(event, MergeProposed):
        return Merge(event.merge_id, event.initiative_id, event.into_id)
    assert merge is not None
    after = replace(merge, version=merge.version + 1)
    match event:
        case MergeAgreed():
            return replace(after, status=MOVES["agree"][1], window_ends_at=event.window_ends_at)
        case MergeDeclined():
            return replace(after, status=MOVES["decline"][1])
        case MergeWithdrawn():
            return replace(after, status=MOVES["withdraw"][1])
        case MergeClosed():
            return replace(after, status=MOVES["close"][1], moved=event.moved, stayed=event.stayed)
        case MergeUndoAsked():
            return replace(after, undo_asked_by=Side(event.side))
        case MergeUndone():
            return replace(after, status=MOVES["undo"][1])


def _sides(joining: Initiative, into: Initiative, person: UUID) -> set[Side]:
    sides = {side for side, one in ((Side.JOINING, joining), (Side.INTO, into)) if person in one.initiators}
    if not sides:
        raise Forbidden("not-yours", "Only the initiators of one of both initiatives may do this.")
    return sides


def _moved(merge: Merge, doing: str) -> None:
    sources, _ = MOVES[doing]
    if merge.status not in sources:
        raise Refused(
            "illegal-merge-move",
            f"This merge is {merge.status}; to {doing} it must be {' or '.join(sorted(sources))}.",
            found=merge.status,
        )


def _of(merge: Merge) -> dict[str, UUID]:
    return {"merge_id": merge.id, "initiative_id": merge.joining_id, "into_id": merge.into_id}
