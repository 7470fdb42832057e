"""How an allocation is stored as JSON: its parts, wherever it is kept."""

from collections.abc import Sequence
from typing import Any

from funding.domain.rules import Allocation, Reason


def parts_of(allocation: Allocation) -> tuple[int, Sequence[Any], Sequence[Any]]:
    """Cents, what each pot line gives, and the reasons, as JSON takes them."""
    reasons = [(reason.code, reason.cents, reason.pot_line) for reason in allocation.reasons]
    return allocation.cents, allocation.by, reasons


def allocation_from(cents: int, by: Sequence[Any], reasons: Sequence[Any]) -> Allocation:
    """The allocation that was stored as these parts."""
    return Allocation(cents, tuple((line, part) for line, part in by), tuple(Reason(*reason) for reason in reasons))
