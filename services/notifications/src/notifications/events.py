"""The table of contents: which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.places import PlaceState
from notifications import projections
from notifications.domain.subscriptions import DELIVERABLE

PROJECTIONS = {
    "journal": Projection(of=DELIVERABLE, react=projections.journal),
    "lineage": Projection(
        of=[ContributionOffered, ContributionWithdrawn, ContributionLinked, ContributionUnlinked],
        apply=projections.lineage,
        tables=["contributors", "links", "personal_lines"],
        react=projections.mail_lineage,
        repeatable=True,
    ),
    "subjects": Projection(of=[InitiativeState, PlaceState], apply=projections.subjects, tables=["subjects"]),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn, SupportMoved, SupportReturned],
        apply=projections.supports,
        tables=["initiative_supports"],
    ),
}
