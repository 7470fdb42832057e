"""Dividing cents so that none is lost: by largest remainder, and over the lines of a pot.

Largest remainder: shares are rounded down, and the missing cents go one each by (largest fraction, smallest id).
"""

from collections.abc import Sequence

from funding.domain.rules.allocation import Allocation, Reason


def split(cents: int, pot: Sequence[tuple[str, int]]) -> list[Reason]:
    """Divide a match over the pot lines in proportion to what each has left; cents ≤ what all have left.

    In proportion, not in order of adding, so that no co-financier pays before another: every line empties at the
    same pace, whoever came first. No line is taken below nothing: one missing cent goes to a line with a fraction,
    which has at least that cent left.
    """
    if cents == 0:
        return []
    whole = sum(left for _, left in pot)
    shares = [Reason("share", cents * left // whole, line) for line, left in pot if cents * left >= whole]
    missing = cents - sum(share.cents for share in shares)
    by_fraction = sorted(pot, key=lambda entry: (-(cents * entry[1] % whole), entry[0]))
    return shares + [Reason("remainder", 1, line) for line, _ in by_fraction[:missing]]


def gives(reasons: Sequence[Reason]) -> dict[str, int]:
    """What reasons of pot lines add up to, by line."""
    by: dict[str, int] = {}
    for reason in reasons:
        if reason.pot_line is not None:
            by[reason.pot_line] = by.get(reason.pot_line, 0) + reason.cents
    return {line: cents for line, cents in by.items() if cents}


def from_pot(reasons: Sequence[Reason], pot: Sequence[tuple[str, int]]) -> Allocation:
    """The amount that reasons add up to, taken from the lines of a pot."""
    cents = sum(reason.cents for reason in reasons)
    shares = split(cents, pot)
    return Allocation(cents, tuple(gives(shares).items()), (*reasons, *shares))
