"""The presence service, put together."""

import presence
from dorpsplein.contracts.presence import EVENTS
from dorpsplein.service import Service
from dorpsplein.timers import watch
from presence.api import (
    arrivals,
    calendars,
    council,
    encounters,
    facilities,
    field,
    forms,
    harvest,
    hosting,
    lone_visits,
    matching,
    members,
    nearby,
    officers,
    place_imports,
    places,
    posters,
    promises,
    requests,
    seats,
    series,
    sessions,
    slots,
    visits,
)
from presence.commands.place_imports import import_places
from presence.events import PROJECTIONS
from presence.settings import PresenceSettings
from presence.timers import HANDLERS

SERVICE = Service(
    package=presence,
    settings=PresenceSettings,
    routers=[
        places.router,
        place_imports.router,
        facilities.router,
        slots.router,
        arrivals.router,
        nearby.router,
        series.router,
        lone_visits.router,
        encounters.router,
        field.router,
        forms.router,
        requests.router,
        officers.router,
        matching.router,
        sessions.router,
        hosting.router,
        seats.router,
        harvest.router,
        calendars.router,
        posters.router,
        council.router,
        members.router,
        visits.router,
        promises.router,
    ],
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=[watch(HANDLERS), import_places],
    large_bodies={
        "/place-imports": place_imports.MOST_FILE_BYTES,
        "/field-commands": field.MOST_BATCH_BYTES,
    },
)
