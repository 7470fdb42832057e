"""The table of contents: which events move what here."""

from collections.abc import Sequence
from typing import Any

from dorpsplein.consumer import Projection
from dorpsplein.contracts.funding.means import (
    InitiativeMatched,
    InitiativeMatchReturned,
    MeansGoalMissed,
    MeansGoalReached,
    MeansTaken,
    NeedsSet,
    TopUpFilled,
    TopUpOpened,
)
from dorpsplein.contracts.funding.payouts import PayoutBooked
from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeMatched,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.contracts.initiatives.contributions import ContributionOffered
from dorpsplein.contracts.initiatives.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeWithdrawn,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.contracts.presence import EncounterNoted, EncounterState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from initiatives.commands.contributions import announce_contributions
from initiatives.commands.initiatives import reach_thresholds
from initiatives.projections import contributions, page


async def reach(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Supports were counted: initiatives that came to their threshold are supported from now on.

    It asks the counts, so it also sees those that a rebuild has counted before.
    """
    causes = {event.event.initiative_id: event.cause for event in events if isinstance(event.event, SupportGiven)}
    if causes:
        await reach_thresholds(tx, causes, now=events[-1].time)


async def announce(tx: Transaction, events: Sequence[Recorded[EncounterState]]) -> None:
    """Encounters were kept as contributions: the new ones are told to everyone."""
    await announce_contributions(
        tx, {contributions.contribution_id(event.event.encounter_id): event.cause for event in events}
    )


PROJECTIONS = {
    "page": Projection(
        of=[
            InitiativeProposed,
            InitiativeEdited,
            ThresholdReached,
            InitiativeWithdrawn,
            SupportGiven,
            SupportWithdrawn,
            ContributionOffered,
            NeedsSet,
            PledgeMade,
            PledgeMatched,
            PledgeCommitted,
            PledgeDelivered,
            PledgeWithdrawn,
            PledgeLapsed,
            PledgeRefunded,
            MeansGoalReached,
            MeansGoalMissed,
            MeansTaken,
            TopUpOpened,
            TopUpFilled,
            InitiativeMatched,
            InitiativeMatchReturned,
            PayoutBooked,
            EncounterNoted,
        ],
        apply=page.page,
        tables=["support_counts", "means", "promised", "timeline"],
        react=reach,
        repeatable=True,
    ),
    "contributions": Projection(
        of=[EncounterState],
        apply=contributions.contributions,
        tables=["contributions"],
        react=announce,
        repeatable=True,
    ),
}
