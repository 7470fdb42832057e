"""Events of the funding service: means of many co-financiers, matched by rules that the community turns."""

from dorpsplein.contracts.funding import counts, knobs, means, payouts, pledges, rounds, transparency
from dorpsplein.envelope import Event

EVENTS: tuple[type[Event], ...] = (
    *rounds.EVENTS,
    *means.EVENTS,
    *pledges.EVENTS,
    *knobs.EVENTS,
    *counts.EVENTS,
    *payouts.EVENTS,
    *transparency.EVENTS,
)
