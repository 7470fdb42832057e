"""Deliveries: what an endpoint's answer means, and when to try again.

Exponential backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter", 2015): the n-th wait is
drawn evenly from nothing up to first * 2**n, bounded, so that many that failed at once do not return at once.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

GONE = 410
MOST_DOUBLINGS = 30
OURS_TO_WAIT_FOR = frozenset({408, 425, 429})
"""Refusals that speak of the endpoint's state and not of this one event."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to try again and when to stop trying, in seconds."""

    first_s: float
    longest_s: float
    give_up_after_s: float

    def wait(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures (at least 1); `chance` is drawn evenly from [0, 1)."""
        doubled = self.first_s * 2.0 ** min(failures - 1, MOST_DOUBLINGS)
        return chance * min(self.longest_s, doubled)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscription.

    `attempts` came before this one; `failures` is how often in a row the endpoint itself has failed; `age_s` is
    how long ago the delivery was first due.
    """

    subscription_id: UUID
    position: int
    event_id: UUID
    document: str
    callback_url: str
    secret: str
    attempts: int
    failures: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: a status, or an error where nobody answered."""

    status: int | None = None
    error: str | None = None
    retry_after_s: float = 0.0


class Verdict(StrEnum):
    """What an attempt led to."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GAVE_UP = "gave-up"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A delivery, its answer, and what follows. `endpoint_failed`: others need not be tried there for now."""

    delivery: Delivery
    answer: Answer
    verdict: Verdict
    wait_s: float = 0.0
    endpoint_failed: bool = False


def judge(delivery: Delivery, answer: Answer, schedule: Schedule, chance: float) -> Outcome:
    """What follows from an answer."""
    status = answer.status
    if status is not None and 200 <= status < 300:
        return Outcome(delivery, answer, Verdict.DELIVERED)
    if status == GONE:
        return Outcome(delivery, answer, Verdict.GONE)
    endpoint_failed = status is None or status >= 500 or status in OURS_TO_WAIT_FOR
    failures = max(delivery.attempts, delivery.failures if endpoint_failed else 0) + 1
    wait_s = max(schedule.wait(failures, chance), min(answer.retry_after_s, schedule.longest_s))
    overdue = delivery.age_s >= schedule.give_up_after_s
    return Outcome(delivery, answer, Verdict.GAVE_UP if overdue else Verdict.AGAIN, wait_s, endpoint_failed)
