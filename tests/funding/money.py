"""An independent model of the money: exact fractions and plain sums, written apart from the service's code."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from uuid import UUID


@dataclass
class Terms:
    """A round's knobs, in cents."""

    share: Fraction
    per_pledge: int
    per_donor: int
    per_initiative: int


@dataclass
class Promise:
    """A pledge and what followed it, by pot line."""

    donor: str
    initiative: UUID
    round: UUID | None
    cents: int
    followed: dict[UUID, int] = field(default_factory=dict)
    state: str = "held"


@dataclass
class Pot:
    """A round's pot lines: what was put in."""

    terms: Terms
    lines: dict[UUID, int] = field(default_factory=dict)
    open: bool = True


@dataclass
class Money:
    """Everything promised so far. Nothing is kept as a running sum: every figure is added up anew."""

    pots: dict[UUID, Pot] = field(default_factory=dict)
    needed: dict[UUID, int] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    reached: set[UUID] = field(default_factory=set)
    promises: dict[UUID, Promise] = field(default_factory=dict)

    def standing(self) -> list[Promise]:
        return [promise for promise in self.promises.values() if promise.state != "withdrawn"]

    def left(self, round_id: UUID) -> dict[UUID, int]:
        taken = [promise.followed for promise in self.standing()]
        return {
            line: put_in - sum(one.get(line, 0) for one in taken) for line, put_in in self.pots[round_id].lines.items()
        }

    def pledged(self, initiative: UUID) -> int:
        return sum(one.cents for one in self.standing() if one.initiative == initiative)

    def matched(self, initiative: UUID) -> int:
        return sum(sum(one.followed.values()) for one in self.standing() if one.initiative == initiative)

    def given(self, donor: str, round_id: UUID) -> int:
        of_donor = [one for one in self.standing() if (one.donor, one.round) == (donor, round_id)]
        return sum(sum(one.followed.values()) for one in of_donor)

    def refuses(self, initiative: UUID, round_id: UUID | None) -> bool:
        return initiative in self.gone or (round_id is not None and not self.pots[round_id].open)

    def promise(self, pledge: UUID, donor: str, initiative: UUID, round_id: UUID | None, cents: int) -> Promise:
        """Take a promise, work out what follows it, and see whether the goal is reached."""
        one = Promise(donor, initiative, round_id, cents)
        if round_id is not None:
            one.followed = divide(self.follows(donor, initiative, round_id, cents), self.left(round_id))
        self.promises[pledge] = one
        self.settle(initiative)
        return one

    def follows(self, donor: str, initiative: UUID, round_id: UUID, cents: int) -> int:
        terms = self.pots[round_id].terms
        return max(
            0,
            min(
                floor(min(cents, terms.per_pledge) * terms.share),
                terms.per_donor - self.given(donor, round_id),
                terms.per_initiative - self.matched(initiative),
                sum(self.left(round_id).values()),
            ),
        )

    def settle(self, initiative: UUID) -> None:
        needed = self.needed[initiative]
        if 0 < needed <= self.pledged(initiative) + self.matched(initiative):
            self.reached.add(initiative)
        if initiative in self.reached:
            for one in self.standing():
                if one.initiative == initiative:
                    one.state = "committed"

    def accounts(self) -> dict[str, tuple[int, int]]:
        """Pending and posted cents that every account gained, less what it lost; accounts at nothing left out."""
        sums: dict[str, list[int]] = {}

        def move(source: str, target: str, cents: int, posted: bool) -> None:
            sums.setdefault(source, [0, 0])[posted] -= cents
            sums.setdefault(target, [0, 0])[posted] += cents

        for round_id, pot in self.pots.items():
            for line, cents in pot.lines.items():
                move("cofinanciers", f"pot:{round_id}:{line}", cents, True)
        for one in self.standing():
            posted = one.state == "committed"
            move(f"party:{one.donor}", f"escrow:{one.initiative}", one.cents, posted)
            for line, cents in one.followed.items():
                move(f"pot:{one.round}:{line}", f"escrow:{one.initiative}", cents, posted)
        return {account: (pending, posted) for account, (pending, posted) in sums.items() if pending or posted}


def divide(cents: int, left: dict[UUID, int]) -> dict[UUID, int]:
    """Divide in proportion to what is left: exact shares rounded down, missing cents by (largest fraction, id)."""
    if not cents:
        return {}
    exact = {line: Fraction(cents * cents_left, sum(left.values())) for line, cents_left in left.items()}
    shares = {line: floor(share) for line, share in exact.items()}
    queue = sorted(exact, key=lambda line: (floor(exact[line]) - exact[line], str(line)))
    for line in queue[: cents - sum(shares.values())]:
        shares[line] += 1
    return {line: share for line, share in shares.items() if share}
