"""Which events move what here."""

from dorpsplein import knobs
from dorpsplein.consumer import Projection
from dorpsplein.contracts.funding.knobs import KnobTurned
from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from presence.projections.frontrunners import REASONS, frontrunners
from presence.projections.initiatives import initiatives

PROJECTIONS = {
    "initiatives": Projection(of=[InitiativeState, InitiativeWithdrawn], apply=initiatives, tables=["initiatives"]),
    "frontrunners": Projection(of=list(REASONS), apply=frontrunners, tables=["frontrunners"]),
    "knobs": Projection(of=[KnobTurned], apply=knobs.follow, tables=["knobs"]),
}
