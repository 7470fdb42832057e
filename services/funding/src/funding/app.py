"""The funding service, put together."""

import funding
from dorpsplein.contracts.funding import EVENTS
from dorpsplein.service import Service
from funding.api import funds, ledger, means, pledges, rounds
from funding.commands.audit import monitor
from funding.events import PROJECTIONS
from funding.settings import FundingSettings

SERVICE = Service(
    package=funding,
    settings=FundingSettings,
    routers=[funds.router, rounds.router, pledges.router, means.router, ledger.router],
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=[monitor],
)
