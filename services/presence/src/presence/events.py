"""Which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from presence import projections

PROJECTIONS = {
    "initiatives": Projection(
        of=[InitiativeState, InitiativeWithdrawn],
        apply=projections.initiatives,
        tables=["initiatives"],
    ),
}
