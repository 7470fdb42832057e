"""Public draws: a seed that is committed to before, revealed after, and gives one order that anyone can make again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draw:
    """A seed that was revealed, and all candidates in the order it gives."""

    seed: str
    order: tuple[str, ...]


def commitment(seed: str) -> str:
    """What is published of a seed before its draw: SHA-256, in hex, of its UTF-8."""
    return hashlib.sha256(seed.encode()).hexdigest()


def drawn(seed: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Candidates in the order a seed gives: by SHA-256 of the seed, a zero byte, and the candidate's id."""
    return tuple(sorted(candidates, key=lambda one: hashlib.sha256(f"{seed}\0{one}".encode()).digest()))
