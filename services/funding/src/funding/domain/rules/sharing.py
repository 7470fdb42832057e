"""Sharing an amount out by weight under one cap, so that no cent is lost.

Water-filling: the heaviest reach the cap first, and what they may not have goes to the others in proportion, in exact
fractions; then shares are rounded down, and the missing cents go one each by (largest fraction, smallest id). What is
given in all is min(amount, cap times the number of those with weight).
"""

from collections.abc import Mapping, Sequence

from funding.domain.rules.allocation import Reason


def share_out(cents: int, weights: Mapping[str, int], cap: int, code: str, told: dict[str, list[Reason]]) -> None:
    """Share out by weights of at least 0; adds to what was told of each, so that its reasons come to its share.

    `code` names the share before the cap counts.
    """
    whole = sum(weights.values())
    full, rest = _filled(cents, weights, cap)
    extra = _missing(cents - cap * len(full), weights, rest)
    for one, weight in weights.items():
        share = cents * weight // whole if whole else 0
        parts = [Reason(code, share - sum(reason.cents for reason in told[one]))]
        final = cap if one in full else rest[one]
        parts.append(Reason("cap-initiative" if one in full else "from-capped", final - share))
        parts.append(Reason("remainder", int(one in extra)))
        told[one] += [part for part in parts if part.cents] or ([] if told[one] else parts[:1])


def _filled(cents: int, weights: Mapping[str, int], cap: int) -> tuple[set[str], dict[str, int]]:
    """Who reaches the cap, and the others' shares of what that leaves, rounded down."""
    full: set[str] = set()
    left, weight_left = cents, sum(weights.values())
    for one in _heaviest_first(weights):
        if left * weights[one] < cap * weight_left:
            break
        full.add(one)
        left -= cap
        weight_left -= weights[one]
    others = [one for one in weights if one not in full]
    return full, {one: left * weights[one] // weight_left if weight_left else 0 for one in others}


def _missing(left: int, weights: Mapping[str, int], rest: Mapping[str, int]) -> set[str]:
    """Who gets a cent that rounding left."""
    weight_left = sum(weights[one] for one in rest)
    if not weight_left:
        return set()
    by_fraction = sorted(rest, key=lambda one: (-(left * weights[one] % weight_left), one))
    return set(by_fraction[: left - sum(rest.values())])


def _heaviest_first(weights: Mapping[str, int]) -> Sequence[str]:
    return sorted((one for one, weight in weights.items() if weight), key=lambda one: (-weights[one], one))
