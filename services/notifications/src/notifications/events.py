"""The table of contents: which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives import SupportGiven, SupportWithdrawn
from notifications import projections
from notifications.domain.subscriptions import DELIVERABLE

PROJECTIONS = {
    "square": Projection(of=DELIVERABLE, apply=projections.subjects, tables=["subjects"], react=projections.journal),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn], apply=projections.supports, tables=["initiative_supports"]
    ),
}
