"""Which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeProposed, InitiativeWithdrawn
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from funding import projections

PROJECTIONS = {
    "initiatives": Projection(
        of=[InitiativeProposed, InitiativeEdited, InitiativeWithdrawn],
        apply=projections.initiatives,
        tables=["initiatives"],
        react=projections.act_on_initiatives,
    ),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn],
        apply=projections.supports,
        tables=["support_counts"],
    ),
}
