"""The table of contents: which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.contracts.presence import PlaceState
from notifications import projections
from notifications.domain.subscriptions import DELIVERABLE

PROJECTIONS = {
    "journal": Projection(of=DELIVERABLE, react=projections.journal),
    "subjects": Projection(of=[InitiativeState, PlaceState], apply=projections.subjects, tables=["subjects"]),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn], apply=projections.supports, tables=["initiative_supports"]
    ),
}
