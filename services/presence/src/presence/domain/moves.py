"""Moves: what may be done with a thing, from which statuses, and where it leads."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from dorpsplein.errors import Refused

S = TypeVar("S", bound=StrEnum)


def led_to(moves: Mapping[str, tuple[frozenset[S], S | None]], verb: str, status: S, thing: str) -> S:
    """Where a move leads; one without a target leads nowhere else.

    Raises Refused("illegal-<thing>-<verb>") from a status in which it cannot be made.
    """
    sources, target = moves[verb]
    if status not in sources:
        code = f"illegal-{thing}-{verb.replace(' ', '-')}"
        needed = " or ".join(sorted(sources))
        raise Refused(code, f"To {verb}, this {thing} must be {needed}; it is {status}.")
    return status if target is None else target
