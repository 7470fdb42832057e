"""Events of the initiatives service: what residents want to make happen, and what becomes of it."""

from dorpsplein.contracts.initiatives import (
    consents,
    contributions,
    dreams,
    experience,
    halts,
    initiatives,
    links,
    merges,
    milestones,
    moderation,
    responses,
    stories,
    supports,
)
from dorpsplein.envelope import Event

EVENTS: tuple[type[Event], ...] = (
    *initiatives.EVENTS,
    *milestones.EVENTS,
    *supports.EVENTS,
    *merges.EVENTS,
    *contributions.EVENTS,
    *experience.EVENTS,
    *links.EVENTS,
    *dreams.EVENTS,
    *consents.EVENTS,
    *stories.EVENTS,
    *halts.EVENTS,
    *moderation.EVENTS,
    *responses.EVENTS,
)
