"""Counts of people: of fewer than five one could tell who they are, so those are never said in public."""

LEAST_SHOWN = 5
"""Fewer people than this are never counted in public."""


def shown(people: int) -> int | None:
    """A number of people as far as it is said in public: None under LEAST_SHOWN."""
    return people if people >= LEAST_SHOWN else None
