"""Events of the initiatives service: what residents want to make happen, and what becomes of it."""

from dorpsplein.contracts.initiatives import contributions, initiatives, supports
from dorpsplein.envelope import Event

EVENTS: tuple[type[Event], ...] = (
    *initiatives.EVENTS,
    *supports.EVENTS,
    *contributions.EVENTS,
)
