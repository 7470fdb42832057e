"""The funding service, put together."""

import funding
from dorpsplein.contracts.funding import EVENTS
from dorpsplein.service import Service
from dorpsplein.timers import watch
from funding.api import (
    bank_accounts,
    counts,
    deliveries,
    elections,
    estimates,
    explanations,
    exports,
    fair_share,
    funds,
    knobs,
    ledger,
    means,
    payouts,
    pledges,
    quotes,
    rounds,
    statements,
    transparency,
)
from funding.commands.audit import monitor
from funding.commands.transparency import sequence
from funding.events import PROJECTIONS
from funding.sepa import MOST_STATEMENT_BYTES
from funding.settings import FundingSettings
from funding.timers import HANDLERS

SERVICE = Service(
    package=funding,
    settings=FundingSettings,
    routers=[
        funds.router,
        knobs.router,
        rounds.router,
        pledges.router,
        quotes.router,
        deliveries.router,
        explanations.router,
        means.router,
        ledger.router,
        transparency.router,
        exports.router,
        elections.router,
        counts.router,
        estimates.router,
        fair_share.router,
        bank_accounts.router,
        payouts.router,
        statements.router,
    ],
    publishes=EVENTS,
    projections=PROJECTIONS,
    workers=[monitor, sequence, watch(HANDLERS)],
    large_bodies={"/bank-statements": MOST_STATEMENT_BYTES, "/elections": elections.MOST_FILE_BYTES},
)
