"""Which events move what here."""

from dorpsplein import knobs
from dorpsplein.consumer import Projection
from dorpsplein.contracts.funding.knobs import KnobTurned
from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from dorpsplein.contracts.notifications import ReachMeasured
from presence.projections.facilities import facility_bookings
from presence.projections.frontrunners import REASONS, frontrunners
from presence.projections.initiatives import initiatives
from presence.projections.reach import session_reach

PROJECTIONS = {
    "initiatives": Projection(of=[InitiativeState, InitiativeWithdrawn], apply=initiatives, tables=["initiatives"]),
    "frontrunners": Projection(of=list(REASONS), apply=frontrunners, tables=["frontrunners"]),
    "facility_bookings": Projection(
        of=[PledgeMade, PledgeCommitted, PledgeDelivered, PledgeWithdrawn, PledgeLapsed, PledgeRefunded],
        apply=facility_bookings,
        tables=["facility_bookings"],
    ),
    "knobs": Projection(of=[KnobTurned], apply=knobs.follow, tables=["knobs"]),
    "reach": Projection(of=[ReachMeasured], apply=session_reach, tables=["session_reach"]),
}
