"""A support: one resident's free yes to one initiative, public or anonymous, and an aggregate of its own.

It stands as long as there is a ground for it: its giver said so themselves, a paper batch names it, or a merge brought
it. So whoever takes one ground away takes nobody's own yes with it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.envelope import coarse
from dorpsplein.errors import NotFound, Refused
from dorpsplein.identity import pseudonym
from dorpsplein.settings import NAMESPACE

PAPER, MERGE = "paper", "merge"
RECOUNTED, UNDONE, LEFT = "paper-recounted", "paper-undone", "merge-left"


@dataclass(frozen=True, slots=True)
class Support:
    """A support as its events left it: `sequence` counts them, 0 before the first; `at` is the moment of the last.

    Its grounds are `own`, `papers` (how many batches name it) and `merged_by`. One that moved with a merge (`moved_by`)
    is not given here: it counts as the support `moved_to`. Of an anonymous one `supporter_id` is its own id.
    """

    id: UUID
    initiative_id: UUID
    supporter_id: UUID
    anonymous: bool = False
    given: bool = False
    sequence: int = 0
    at: datetime | None = None
    own: bool = False
    papers: int = 0
    merged_by: UUID | None = None
    moved_by: UUID | None = None
    moved_to: UUID | None = None

    @property
    def grounded(self) -> bool:
        """Whether anything is left to stand on."""
        return self.own or self.papers > 0 or self.merged_by is not None


@dataclass(frozen=True, slots=True)
class By:
    """How a yes comes in: through which `channel`, and of paper from which batch, of a merge by which."""

    channel: str = "web"
    batch_id: UUID | None = None
    merge_id: UUID | None = None


ON_SCREEN = By()
SupportEvent = SupportGiven | SupportWithdrawn | SupportMoved | SupportReturned
Change = tuple[Support, SupportEvent | None]
"""A support after what was done with it, and the fact of it, if that is one: what it stands on is nobody's news."""


def support_id(secret: str, initiative_id: UUID, person_id: UUID) -> UUID:
    """The id of a person's support of an initiative: always the same, so there is never a second one.

    Only who has the deployment's secret can compute it: from a pseudonym alone nobody finds out whether an anonymous
    support is that person's.
    """
    return pseudonym(secret, f"support/{initiative_id}", str(person_id))


def former_id(initiative_id: UUID, person_id: UUID) -> UUID:
    """The id that supports had which were given before ids were made with the secret; they keep it."""
    return uuid5(NAMESPACE, f"support/{initiative_id}/{person_id}")


def give(support: Support, by: By, now: datetime, *, anonymous: bool | None = False) -> Change:
    """Say yes, or give one more ground for a yes that stands already.

    A support is of one kind for its whole life, as the log keeps it for ever; with None as `anonymous` it keeps its
    kind, whichever that is. Raises Refused("support-was-public") or ("support-is-anonymous") where it is of the other.
    """
    if anonymous is None:
        anonymous = support.anonymous
    if support.sequence > 0 and anonymous != support.anonymous:
        raise _other_kind(support)
    grounded = _with_ground(support, by)
    if support.given:
        return grounded, None
    kind = replace(grounded, anonymous=anonymous, supporter_id=support.id if anonymous else support.supporter_id)
    given = replace(_next(kind, now), given=True, moved_by=None, moved_to=None)
    event = SupportGiven(
        support_id=given.id,
        initiative_id=given.initiative_id,
        supporter_id=given.supporter_id,
        channel=by.channel,
        anonymous=given.anonymous,
        batch_id=None if given.anonymous else by.batch_id,
        merge_id=by.merge_id,
    )
    return given, event


def take_back(support: Support, now: datetime) -> Change:
    """Take a yes back, whatever it stood on; no fact when it was taken back already.

    Raises NotFound when there never was one.
    """
    if support.sequence == 0:
        raise NotFound("support-unknown", "You have not supported this initiative.")
    if not support.given:
        return support, None
    return _withdraw(replace(support, own=False, merged_by=None), now, reason=None)


def leave_batch(support: Support, now: datetime, reason: str) -> Change:
    """Take away the ground that one paper batch gave; the yes goes with it when it stood on nothing else."""
    left = replace(support, papers=support.papers - 1)
    return _withdraw(left, now, reason) if left.given and not left.grounded else (left, None)


def leave_merge(support: Support, now: datetime) -> Change:
    """Take away the ground that a merge gave; the yes goes with it when it stood on nothing else."""
    left = replace(support, merged_by=None)
    return _withdraw(left, now, LEFT) if left.given and not left.grounded else (left, None)


def move(support: Support, into: Support, merge_id: UUID, now: datetime) -> tuple[Change, Change]:
    """Let a yes go along with a merge: it counts as `into`, unless its giver supports that initiative already.

    Nothing happens when it went along before. Raises NotFound("support-unknown") where there is no yes to move, and
    Refused("support-was-public") or ("support-is-anonymous") where their other support is of another kind: moving would
    tell whose it is.
    """
    if support.moved_by == merge_id:
        return (support, None), (into, None)
    if not support.given:
        raise NotFound("support-unknown", "You do not support the initiative that joined, so there is nothing to move.")
    arrived = give(into, By(MERGE, merge_id=merge_id), now, anonymous=support.anonymous)
    moved = replace(_next(support, now), given=False, own=True, moved_by=merge_id, moved_to=into.id)
    event = SupportMoved(
        support_id=support.id,
        initiative_id=support.initiative_id,
        supporter_id=support.supporter_id,
        into_id=into.initiative_id,
        merge_id=merge_id,
        anonymous=support.anonymous,
    )
    return (moved, event), arrived


def move_back(support: Support, into: Support, merge_id: UUID, now: datetime) -> tuple[Change, Change]:
    """Let a yes that moved count where it was given again; at the other it stays only where it stands on more.

    Who took it back there since has no yes to return: nothing happens.
    """
    if support.moved_by != merge_id or not into.given:
        return (support, None), (into, None)
    returned = replace(_next(support, now), given=True, moved_by=None, moved_to=None)
    event = SupportReturned(
        support_id=support.id,
        initiative_id=support.initiative_id,
        supporter_id=support.supporter_id,
        into_id=into.initiative_id,
        merge_id=merge_id,
        anonymous=support.anonymous,
    )
    left = leave_merge(into, now) if into.merged_by == merge_id else (into, None)
    return (returned, event), left


def refuse_closed(*, closed: bool) -> None:
    """Raises Refused("support-closed") where the supports that count are fixed already."""
    if closed:
        raise Refused("support-closed", "The time to support this initiative, or to take support back, is over.")


def _with_ground(support: Support, by: By) -> Support:
    if by.channel == PAPER:
        return replace(support, papers=support.papers + 1)
    if by.channel == MERGE and not support.given:
        return replace(support, merged_by=by.merge_id)
    return replace(support, own=True)


def _withdraw(support: Support, now: datetime, reason: str | None) -> Change:
    event = SupportWithdrawn(
        support_id=support.id,
        initiative_id=support.initiative_id,
        supporter_id=support.supporter_id,
        anonymous=support.anonymous,
        reason=reason,
    )
    return replace(_next(support, now), given=False), event


def _next(support: Support, now: datetime) -> Support:
    """One fact further. Of an anonymous one only the hour is kept."""
    return replace(support, sequence=support.sequence + 1, at=coarse(now) if support.anonymous else now)


def _other_kind(support: Support) -> Refused:
    if support.anonymous:
        return Refused("support-is-anonymous", "You support this anonymously, and that never becomes named.")
    return Refused("support-was-public", "You have supported this publicly, and the log keeps that for ever.")
