"""The initiatives service, put together."""

import initiatives
from dorpsplein.contracts.initiatives import EVENTS
from dorpsplein.service import Service
from initiatives.api import contributions, imports, people, supports
from initiatives.api import initiatives as initiatives_api
from initiatives.events import PROJECTIONS
from initiatives.settings import InitiativesSettings

SERVICE = Service(
    package=initiatives,
    settings=InitiativesSettings,
    routers=[imports.router, initiatives_api.router, contributions.router, supports.router, people.router],
    publishes=EVENTS,
    projections=PROJECTIONS,
)
