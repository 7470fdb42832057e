"""The presence service, put together."""

import presence
from dorpsplein.contracts.presence import EVENTS
from dorpsplein.service import Service
from dorpsplein.timers import watch
from presence.api import encounters, harvest, places, sessions, slots
from presence.events import PROJECTIONS
from presence.settings import PresenceSettings
from presence.timers import HANDLERS

SERVICE = Service(
    package=presence,
    settings=PresenceSettings,
    routers=[
        places.router,
        slots.router,
        encounters.router,
        sessions.router,
        harvest.router,
    ],
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=[watch(HANDLERS)],
)
