"""The presence service, put together."""

import presence
from dorpsplein.contracts.presence import EVENTS
from dorpsplein.service import Service
from dorpsplein.settings import Settings
from presence.api import encounters, harvest, places, sessions, slots
from presence.events import PROJECTIONS

SERVICE = Service(
    package=presence,
    settings=Settings,
    routers=[places.router, slots.router, encounters.router, sessions.router, harvest.router],
    publishes=EVENTS,
    projections=PROJECTIONS,
)
