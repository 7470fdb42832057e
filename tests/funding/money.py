"""An independent model of the means: exact fractions and plain sums, written apart from the service's code.

Nothing is kept as a running sum: every figure is added up anew from who promised what and what became of it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from uuid import UUID

EUROS, HOURS = "EUR/2", "TIME/timmeren"


@dataclass
class Terms:
    """A round's knobs: amounts in cents, `an_hour` is what an hour counts for."""

    share: Fraction
    per_pledge: int
    per_donor: int
    per_initiative: int
    an_hour: int
    minutes: int


@dataclass
class Line:
    """What was put into a pot, for which theme (None: any), and how much of it for one initiative (None: all)."""

    cents: int
    theme: str | None = None
    most: int | None = None


@dataclass
class Pot:
    """A round: its knobs, its pot lines, and until when it takes pledges."""

    terms: Terms
    until: datetime
    lines: dict[UUID, Line] = field(default_factory=dict)
    closed: bool = False


@dataclass
class Aim:
    """An initiative: what its proposal and its board (minimum and wish of each kind) say it needs."""

    proposal: int
    theme: str
    board: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    all_or_nothing: bool = True
    deadline: datetime | None = None
    days: int = 14
    withdrawn: bool = False
    reached: bool = False
    missed: bool = False
    window: datetime | None = None


@dataclass
class Asked:
    """So much of a kind, by someone for an initiative, in a round or outside of any."""

    donor: UUID
    initiative: UUID
    round: UUID | None
    kind: str
    amount: int


@dataclass
class Promise:
    """A pledge and what followed it by pot line, what came of it, what will not come, and what went back for that."""

    asked: Asked
    followed: dict[UUID, int] = field(default_factory=dict)
    state: str = "held"
    posted: bool = False
    came: int = 0
    gone: int = 0
    back: dict[UUID, int] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        return self.state in {"held", "committed", "delivered"}

    @property
    def open(self) -> int:
        return self.asked.amount - self.came - self.gone


@dataclass
class Reserved:
    """A quote: what it reserves by pot line, and until when."""

    asked: Asked
    until: datetime
    followed: dict[UUID, int]
    state: str = "reserved"


@dataclass
class Money:
    """Everything that was promised so far, and the time it is."""

    now: datetime
    pots: dict[UUID, Pot] = field(default_factory=dict)
    aims: dict[UUID, Aim] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)
    quotes: dict[UUID, Reserved] = field(default_factory=dict)

    def taken(self) -> list[tuple[Asked, dict[UUID, int]]]:
        """What follows standing pledges and is reserved by quotes, by pot line."""
        stand = [
            (one.asked, {line: cents - one.back.get(line, 0) for line, cents in one.followed.items()})
            for one in self.promises.values()
            if one.stands
        ]
        return stand + [(one.asked, one.followed) for one in self.quotes.values() if one.state == "reserved"]

    def left(self, round_id: UUID) -> dict[UUID, int]:
        taken = self.taken()
        return {
            line: put.cents - sum(by.get(line, 0) for _, by in taken) for line, put in self.pots[round_id].lines.items()
        }

    def given(self, donor: UUID, round_id: UUID) -> int:
        return sum(sum(by.values()) for of, by in self.taken() if (of.donor, of.round) == (donor, round_id))

    def gave(self, line: UUID, initiative: UUID) -> int:
        return sum(by.get(line, 0) for of, by in self.taken() if of.initiative == initiative)

    def matched(self, initiative: UUID) -> int:
        return sum(
            sum(one.followed.values()) - sum(one.back.values())
            for one in self.promises.values()
            if one.stands and one.asked.initiative == initiative
        )

    def reserved(self, initiative: UUID) -> int:
        of = [one for one in self.quotes.values() if one.state == "reserved" and one.asked.initiative == initiative]
        return sum(sum(one.followed.values()) for one in of)

    def pledged(self, initiative: UUID, kind: str) -> tuple[int, int]:
        """How much of a kind stands for an initiative, and of how many pledges."""
        of = [
            one.asked.amount - one.gone
            for one in self.promises.values()
            if one.stands and (one.asked.initiative, one.asked.kind) == (initiative, kind)
        ]
        return sum(of), len(of)

    def needs(self, initiative: UUID) -> dict[str, tuple[int, int | None]]:
        aim = self.aims[initiative]
        return ({EUROS: (aim.proposal, None)} if aim.proposal else {}) | aim.board

    def missing(self, initiative: UUID) -> bool:
        return any(
            self.pledged(initiative, kind)[0] + (self.matched(initiative) if kind == EUROS else 0) < minimum
            for kind, (minimum, _) in self.needs(initiative).items()
        )

    def enough(self, initiative: UUID) -> bool:
        return any(minimum for minimum, _ in self.needs(initiative).values()) and not self.missing(initiative)

    def over(self, initiative: UUID) -> bool:
        aim = self.aims[initiative]
        late = aim.deadline is not None and aim.deadline <= self.now
        return aim.missed or (late and aim.all_or_nothing and not aim.reached and self.missing(initiative))

    def worth(self, asked: Asked) -> int:
        assert asked.round
        an_hour = self.pots[asked.round].terms.an_hour
        return asked.amount if asked.kind == EUROS else floor(Fraction(asked.amount * an_hour, 60))

    def objections(self, asked: Asked, quote: UUID | None = None) -> set[str]:
        """All that speaks against a pledge, with a quote or without; nothing where it must be taken."""
        aim, codes = self.aims[asked.initiative], set()
        if aim.withdrawn:
            codes.add("initiative-withdrawn")
        if self.over(asked.initiative):
            codes.add("goal-missed")
        needs, pledged = self.needs(asked.initiative), self.pledged(asked.initiative, asked.kind)[0]
        if asked.kind not in needs and asked.kind != EUROS:
            codes.add("not-needed")
        wished = needs.get(asked.kind, (0, None))[1]
        if wished is not None and pledged + asked.amount > wished:
            codes.add("more-than-wished")
        return codes | (self.objections_to_quote(quote, asked) if quote else self.objections_of_round(asked))

    def objections_of_round(self, asked: Asked) -> set[str]:
        if asked.round is None:
            return set()
        pot = self.pots[asked.round]
        codes = {"round-closed"} if pot.closed or pot.until <= self.now else set()
        return codes if self.worth(asked) else codes | {"not-matched"}

    def objections_to_quote(self, quote: UUID, asked: Asked) -> set[str]:
        one = self.quotes[quote]
        codes = {"quote-for-another-pledge"} if one.asked != asked else set()
        if one.state == "used":
            codes.add("quote-used")
        elif one.state == "released" or one.until <= self.now:
            codes.add("quote-expired")
        return codes

    def objections_to_asking(self, asked: Asked) -> set[str]:
        """All that speaks against reserving a match."""
        of = [one for one in self.quotes.values() if one.state == "reserved"]
        held = [one for one in of if (one.asked.donor, one.asked.round) == (asked.donor, asked.round)]
        return self.objections(asked) | ({"too-many-quotes"} if len(held) >= 3 else set())

    def follows(self, asked: Asked) -> dict[UUID, int]:
        """What follows, by pot line."""
        if asked.round is None:
            return {}
        pot, aim = self.pots[asked.round], self.aims[asked.initiative]
        left = self.left(asked.round)
        room = {
            line: max(
                0, min(left[line], left[line] if put.most is None else put.most - self.gave(line, asked.initiative))
            )
            for line, put in pot.lines.items()
            if put.theme in {None, aim.theme}
        }
        terms = pot.terms
        cents = min(
            floor(min(self.worth(asked), terms.per_pledge) * terms.share),
            terms.per_donor - self.given(asked.donor, asked.round),
            terms.per_initiative - self.matched(asked.initiative) - self.reserved(asked.initiative),
            sum(room.values()),
        )
        return divide(max(0, cents), room)

    def promise(self, pledge: UUID, asked: Asked, quote: UUID | None = None) -> None:
        """Take a promise with what follows it, and see whether the goal is reached."""
        if quote:
            self.quotes[quote].state = "used"
        one = Promise(asked, self.quotes[quote].followed if quote else self.follows(asked))
        if self.aims[asked.initiative].reached:
            one.state, one.posted = "committed", True
        self.promises[pledge] = one
        self.settle(asked.initiative)

    def reserve(self, quote: UUID, asked: Asked) -> None:
        assert asked.round
        until = self.now + timedelta(minutes=self.pots[asked.round].terms.minutes)
        self.quotes[quote] = Reserved(asked, until, self.follows(asked))

    def of(self, initiative: UUID) -> list[Promise]:
        return [one for one in self.promises.values() if one.asked.initiative == initiative]

    def settle(self, initiative: UUID) -> None:
        """See whether a goal is reached, or a window filled."""
        aim = self.aims[initiative]
        if self.over(initiative) or not self.enough(initiative):
            return
        aim.window = None
        aim.reached = True
        self.commit(initiative)

    def commit(self, initiative: UUID) -> None:
        for one in self.of(initiative):
            if one.state == "held":
                one.state, one.posted = "committed", True

    def fall_out(self, one: Promise, ended: str) -> None:
        """What is open of a promise goes, with its part of the match."""
        part = Fraction(one.open, one.asked.amount)
        one.back = {line: floor(cents * part) for line, cents in one.followed.items() if floor(cents * part)}
        one.gone += one.open
        one.state = "delivered" if one.came else ended

    def lapse(self, one: Promise) -> None:
        """The initiator says that the rest will not come; a window opens where something is missing then."""
        self.fall_out(one, "lapsed")
        aim = self.aims[one.asked.initiative]
        can_open = aim.reached and not aim.withdrawn and aim.window is None and aim.days
        if can_open and self.missing(one.asked.initiative):
            aim.window = self.now + timedelta(days=aim.days)

    def started(self, initiative: UUID) -> bool:
        return any(one.came for one in self.of(initiative))

    def withdraw_initiative(self, initiative: UUID) -> None:
        self.aims[initiative].withdrawn = True
        if not self.started(initiative):
            self.send_back(initiative, "withdrawn")

    def send_back(self, initiative: UUID, held: str) -> None:
        for one in self.of(initiative):
            if one.state == "held" and held == "withdrawn":
                one.state = "withdrawn"
            elif one.state == "held":
                self.fall_out(one, held)
            elif one.state == "committed":
                self.fall_out(one, "refunded")

    def ring(self) -> None:
        """Do what is due by now: quotes expire, deadlines and windows end."""
        for quote in self.quotes.values():
            if quote.state == "reserved" and quote.until <= self.now:
                quote.state = "released"
        for initiative, aim in self.aims.items():
            if not (aim.missed or aim.withdrawn or self.enough(initiative)):
                self.end(initiative, aim)

    def end(self, initiative: UUID, aim: Aim) -> None:
        if aim.window:
            if self.now < aim.window:
                return
            all_back = aim.all_or_nothing and not self.started(initiative)
        elif aim.deadline and aim.deadline <= self.now and not aim.reached:
            all_back = aim.all_or_nothing
        else:
            return
        aim.window = None
        if all_back and self.missing(initiative):
            aim.missed = True
            self.send_back(initiative, "lapsed")
        else:
            aim.reached = True
            self.commit(initiative)

    def moves(self) -> Iterator[tuple[str, str, str, int, bool]]:
        """All that moved or is held: kind, from, to, how much, and whether it was posted."""
        for round_id, pot in self.pots.items():
            for line, put in pot.lines.items():
                yield EUROS, f"party:of-{line}", f"pot:{round_id}:{line}", put.cents, True
        for quote in self.quotes.values():
            for line, cents in quote.followed.items() if quote.state == "reserved" else ():
                of = quote.asked
                yield EUROS, f"pot:{of.round}:{line}", f"escrow:{of.initiative}", cents, False
        for one in self.promises.values():
            if one.posted or one.state == "held":
                yield from moves_of(one)

    def accounts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Held and posted amounts that every account gained in a resource, less what it lost; nothing left out."""
        sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for kind, source, target, amount, posted in self.moves():
            sums[source, kind][posted] -= amount
            sums[target, kind][posted] += amount
        return {account: (held, posted) for account, (held, posted) in sums.items() if held or posted}


def moves_of(one: Promise) -> Iterator[tuple[str, str, str, int, bool]]:
    of, escrow = one.asked, f"escrow:{one.asked.initiative}"
    yield of.kind, f"party:{of.donor}", escrow, of.amount, one.posted
    for line, cents in one.followed.items():
        yield EUROS, f"pot:{of.round}:{line}", escrow, cents, one.posted
    yield of.kind, escrow, f"delivered:{of.initiative}", one.came, True
    yield of.kind, escrow, f"returned:{of.donor}", one.gone, True
    for line, cents in one.back.items():
        yield EUROS, escrow, f"pot:{of.round}:{line}", cents, True


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
