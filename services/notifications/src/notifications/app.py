"""The notifications service, described."""

import notifications
from dorpsplein.contracts.notifications import EVENTS
from dorpsplein.service import Service
from notifications.api import ROUTERS
from notifications.events import PROJECTIONS
from notifications.mail import post
from notifications.measuring import measure
from notifications.settings import Settings
from notifications.webhooks import deliver

SERVICE = Service(
    package=notifications,
    settings=Settings,
    routers=ROUTERS,
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=(deliver, post, measure),
)
