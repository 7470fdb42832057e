"""How much initiatives are alike: a sum of four parts that everyone can check, each with its reason.

Words that stand in both count for as much as they are rare; titles by their letters, which forgives a typo; then how
near they are, and whether they have the same theme. Nothing is hidden in the sum, and nobody is turned away by it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

OF_WORDS, OF_TITLE, OF_NEARNESS, OF_THEME = 0.45, 0.35, 0.15, 0.05
"""The most that each part adds; together 1."""
NEAR_M = 1_000.0
"""From this distance on nearness adds nothing."""
LEAST = 0.15
"""Below this sum two initiatives are not called alike."""
LEAST_TITLE = 0.3
"""Below this likeness two titles have letters in common as any two titles do, and it adds nothing."""
RAREST = 0.001
"""How often a word comes that is too rare for anything to be known of it: once in a thousand."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An initiative that may be like another: which of its lexemes are shared, how like the titles are (0 to 1)."""

    id: UUID
    shared: frozenset[str]
    title: float
    distance_m: float | None
    same_theme: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much an initiative is like another (0 to 1), and why: what is None or empty added nothing."""

    id: UUID
    score: float
    words: tuple[str, ...]
    title: float | None
    distance_m: int | None
    same_theme: bool


def ranked(
    candidates: Iterable[Candidate], words: Mapping[str, str], share: Mapping[str, float], most: int
) -> list[Likeness]:
    """The `most` that are most alike, the most alike first.

    `words` gives the words that were asked with by their lexeme, in their order; `share` in which share of all
    initiatives a lexeme stands (0 to 1), where that is known.
    """
    weights = {lexeme: -math.log(min(1.0, share.get(lexeme, RAREST))) for lexeme in words}
    found = [_likeness(candidate, words, weights) for candidate in candidates]
    alike = sorted((one for one in found if one.score >= LEAST), key=lambda one: (-one.score, one.id))
    return alike[:most]


def _likeness(candidate: Candidate, words: Mapping[str, str], weights: Mapping[str, float]) -> Likeness:
    rarest = sorted(weights, key=lambda lexeme: -weights[lexeme])
    shared = [lexeme for lexeme in rarest if lexeme in candidate.shared and weights[lexeme]]
    of_words = sum(weights[lexeme] for lexeme in shared) / (sum(weights.values()) or 1)
    title = candidate.title if candidate.title >= LEAST_TITLE else 0.0
    near = 0.0 if candidate.distance_m is None else max(0.0, 1 - candidate.distance_m / NEAR_M)
    score = OF_WORDS * of_words + OF_TITLE * title + OF_NEARNESS * near + OF_THEME * candidate.same_theme
    return Likeness(
        id=candidate.id,
        score=round(score, 3),
        words=tuple(words[lexeme] for lexeme in shared),
        title=round(title, 2) if title else None,
        distance_m=round(candidate.distance_m) if near and candidate.distance_m is not None else None,
        same_theme=candidate.same_theme,
    )
