"""Which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.initiatives import (
    CoInitiatorJoined,
    CoInitiatorLeft,
    HaltLifted,
    InitiativeCelebrated,
    InitiativeEdited,
    InitiativeExpired,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
    InitiativeProposed,
    InitiativeWithdrawn,
)
from dorpsplein.contracts.initiatives.merges import MergeClosed
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.facilities import FacilityWithdrawn
from dorpsplein.contracts.presence.members import CouncilMemberJoined, CouncilMemberLeft
from funding import projections

PROJECTIONS = {
    "initiatives": Projection(
        of=[
            InitiativeProposed,
            InitiativeEdited,
            InitiativeWithdrawn,
            InitiativeExpired,
            InitiativeCelebrated,
            InitiativeJoined,
            InitiativeParted,
            InitiativeHalted,
            HaltLifted,
            CoInitiatorJoined,
            CoInitiatorLeft,
            MergeClosed,
        ],
        apply=projections.initiatives,
        tables=["initiatives"],
        react=projections.act_on_initiatives,
    ),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn, SupportMoved, SupportReturned],
        apply=projections.supports,
        tables=["support_counts"],
    ),
    "council": Projection(of=[CouncilMemberJoined, CouncilMemberLeft], apply=projections.council, tables=["council"]),
    "facilities": Projection(of=[FacilityWithdrawn], apply=projections.facilities, tables=["withdrawn_facilities"]),
}
