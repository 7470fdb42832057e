"""Events of the presence service: who is where in the community, and what comes of it."""

from dorpsplein.contracts.presence import (
    encounters,
    facilities,
    forms,
    harvest,
    members,
    notices,
    places,
    promises,
    requests,
    sessions,
    slots,
    visits,
)
from dorpsplein.envelope import Event

EVENTS: tuple[type[Event], ...] = (
    *places.EVENTS,
    *facilities.EVENTS,
    *slots.EVENTS,
    *encounters.EVENTS,
    *sessions.EVENTS,
    *harvest.EVENTS,
    *forms.EVENTS,
    *requests.EVENTS,
    *members.EVENTS,
    *visits.EVENTS,
    *promises.EVENTS,
    *notices.EVENTS,
)
