"""What an initiative needs of each resource, what was promised to it, and when that is enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.funding.means import (
    InitiativeMatched,
    InitiativeMatchReturned,
    MeansGoalMissed,
    MeansGoalReached,
    MeansTaken,
    NeedsSet,
    TopUpFilled,
    TopUpOpened,
)
from dorpsplein.errors import Forbidden, Refused
from funding.domain.ledger import EUR

GOING_ON = "proposed"
GONE = frozenset({"withdrawn", "expired"})
"""What becomes of an initiative that nothing more is needed for."""
MOST_NEEDS = 50
LONGEST_DEADLINE = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Need:
    """What is needed of a resource at least, and wished at most (None: as much as comes), in its own unit."""

    resource: str
    minimum: int
    wished: int | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """The needs board of an initiative, as its initiator set it.

    At `deadline` all goes back where a minimum is missing (`all_or_nothing`), or what there is, is taken. A promise
    that falls out after the goal was reached opens a window of `top_up_days`.
    """

    needs: tuple[Need, ...] = ()
    all_or_nothing: bool = True
    deadline: datetime | None = None
    top_up_days: int = 14


@dataclass(frozen=True, slots=True)
class Means:
    """What stands for an initiative.

    `pledged` is what was promised of each resource; `matched` are the cents that followed, `reserved` those that
    are quoted. `needed_cents` is what its proposal said it costs, for where the board has no line in euros.
    """

    initiative: UUID
    status: str
    needed_cents: int
    initiators: tuple[UUID, ...] = ()
    theme: str = ""
    neighbourhood: str = ""
    board: Board = field(default_factory=Board)
    pledged: Mapping[str, int] = field(default_factory=dict)
    pledges: Mapping[str, int] = field(default_factory=dict)
    matched: int = 0
    reserved: int = 0
    reached_at: datetime | None = None
    missed_at: datetime | None = None
    top_up_until: datetime | None = None
    version: int = 0

    @property
    def needs(self) -> tuple[Need, ...]:
        """All needs: those of the board, and in euros by the proposal where the board does not say."""
        if any(need.resource == EUR for need in self.board.needs) or self.needed_cents <= 0:
            return self.board.needs
        return (Need(EUR, self.needed_cents), *self.board.needs)

    @property
    def goal(self) -> int:
        """The cents that are needed at least; 0 where that is not known."""
        return next((need.minimum for need in self.needs if need.resource == EUR), 0)

    def has(self, resource: str) -> int:
        """What there is of a resource, matches included."""
        return self.pledged.get(resource, 0) + (self.matched if resource == EUR else 0)

    @property
    def missing(self) -> dict[str, int]:
        """What is missing to each minimum."""
        short = {need.resource: need.minimum - self.has(need.resource) for need in self.needs}
        return {resource: quantity for resource, quantity in short.items() if quantity > 0}

    @property
    def has_enough(self) -> bool:
        """Whether every minimum is there; never for an initiative that needs nothing."""
        return any(need.minimum for need in self.needs) and not self.missing

    def is_over(self, now: datetime) -> bool:
        """Whether its deadline came while something was missing, so that all goes back; by the clock, timer or not."""
        if self.missed_at or self.reached_at or not self.board.all_or_nothing or self.board.deadline is None:
            return self.missed_at is not None
        return now >= self.board.deadline and bool(self.missing)

    def refuse_more(self, resource: str, quantity: int) -> None:
        """Refuse what nobody asked for.

        Raises Refused("not-needed") for means other than euros that are not on the needs board, or
        ("more-than-wished") beyond what the board wishes.
        """
        need = next((one for one in self.needs if one.resource == resource), None)
        if need is None:
            if resource != EUR:
                raise Refused("not-needed", f"{resource} is not on the needs board; look at what the initiative needs.")
            return
        room = quantity if need.wished is None else need.wished - self.pledged.get(resource, 0)
        if quantity > room:
            raise Refused(
                "more-than-wished", f"No more than {max(0, room)} of {resource} is still wished.", most=max(0, room)
            )


MeansEvent = (
    NeedsSet
    | MeansGoalReached
    | MeansGoalMissed
    | MeansTaken
    | TopUpOpened
    | TopUpFilled
    | InitiativeMatched
    | InitiativeMatchReturned
)


def set_needs(means: Means, board: Board, caller: UUID, now: datetime) -> list[NeedsSet]:
    """Set the needs board; nothing where it is as it was.

    Raises Forbidden("not-your-initiative"), Refused("initiative-withdrawn") and its like, ("goal-reached") once it was
    reached or missed, ("need-twice") for a resource that stands twice, ("wished-below-minimum"), or
    ("deadline-not-valid").
    """
    if caller not in means.initiators:
        raise Forbidden("not-your-initiative", "Only who carries an initiative says what it needs.")
    refuse_stopped(means)
    if means.reached_at or means.is_over(now):
        raise Refused("goal-reached", "Its goal was reached or missed: what it needs can no longer be changed.")
    if len({need.resource for need in board.needs}) < len(board.needs):
        raise Refused("need-twice", "A resource stands on the needs board once; add the lines up.")
    if any(need.wished is not None and need.wished < need.minimum for need in board.needs):
        raise Refused("wished-below-minimum", "What is wished is at least what is needed; raise it, or leave it out.")
    if board.deadline and not now < board.deadline <= now + LONGEST_DEADLINE:
        raise Refused("deadline-not-valid", "The deadline must be in the future, within ten years.")
    if board == means.board:
        return []
    return [
        NeedsSet(
            initiative_id=means.initiative,
            minimum={need.resource: need.minimum for need in board.needs},
            wished={need.resource: need.wished for need in board.needs if need.wished is not None},
            all_or_nothing=board.all_or_nothing,
            deadline=board.deadline,
            top_up_days=board.top_up_days,
        )
    ]


def refuse_stopped(means: Means) -> None:
    """Raises Refused("initiative-withdrawn"), ("initiative-joined"), ... of one that does not go on by itself."""
    if means.status != GOING_ON:
        raise Refused(
            f"initiative-{means.status}", f"Initiative {means.initiative} is {means.status}; pledge to another."
        )


def reach(means: Means) -> list[MeansGoalReached | TopUpFilled]:
    """Say that an initiative has the means it needs, the first time that it has; or that a top-up was filled."""
    if not means.has_enough:
        return []
    if means.top_up_until:
        return [TopUpFilled(initiative_id=means.initiative)]
    if means.reached_at or means.missed_at:
        return []
    return [MeansGoalReached(initiative_id=means.initiative, goal_cents=means.goal)]


def fall_short(means: Means, now: datetime) -> list[TopUpOpened]:
    """Open a top-up window where a promise fell out of an initiative that had enough; one at a time."""
    if means.status in GONE or not means.reached_at or means.top_up_until:
        return []
    if not means.missing or not means.board.top_up_days:
        return []
    closes_at = now + timedelta(days=means.board.top_up_days)
    return [TopUpOpened(initiative_id=means.initiative, missing=means.missing, closes_at=closes_at)]


def end_waiting(means: Means, now: datetime, *, started: bool) -> list[MeansGoalMissed | MeansTaken]:
    """What the deadline, or the end of a top-up window, means for an initiative; nothing while neither has come.

    `started`: something was delivered or paid out already, so that nothing goes back any more.
    """
    if means.missed_at or means.has_enough or means.status in GONE:
        return []
    if means.top_up_until is not None:
        if now < means.top_up_until:
            return []
        all_back = means.board.all_or_nothing and not started
    elif means.reached_at is None and means.board.deadline is not None and now >= means.board.deadline:
        all_back = means.board.all_or_nothing
    else:
        return []
    kind = MeansGoalMissed if all_back and means.missing else MeansTaken
    return [kind(initiative_id=means.initiative, missing=means.missing)]


def evolve(means: Means, event: MeansEvent, now: datetime) -> Means:
    """The means after an event about them."""
    means = replace(means, version=means.version + 1)
    match event:
        case NeedsSet():
            needs = tuple(
                Need(resource, minimum, event.wished.get(resource)) for resource, minimum in event.minimum.items()
            )
            board = Board(needs, event.all_or_nothing, event.deadline, event.top_up_days)
            return replace(means, board=board)
        case MeansGoalReached():
            return replace(means, reached_at=now)
        case MeansTaken():
            return replace(means, reached_at=means.reached_at or now, top_up_until=None)
        case MeansGoalMissed():
            return replace(means, missed_at=now, top_up_until=None)
        case TopUpOpened(closes_at=closes_at):
            return replace(means, top_up_until=closes_at)
        case TopUpFilled():
            return replace(means, top_up_until=None)
        case InitiativeMatched(amount_cents=cents):
            return replace(means, matched=means.matched + cents)
        case InitiativeMatchReturned(amount_cents=cents):
            return replace(means, matched=means.matched - cents)
