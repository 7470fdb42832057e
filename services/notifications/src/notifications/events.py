"""The table of contents: which events move what here."""

from dorpsplein.consumer import Projection
from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.contracts.presence.places import PlaceState
from dorpsplein.contracts.presence.sessions import SessionState
from notifications.domain.subscriptions import DELIVERABLE
from notifications.projections.journal import journal
from notifications.projections.lineage import lineage, mail_lineage
from notifications.projections.notices import notices
from notifications.projections.subjects import subjects, supports

PROJECTIONS = {
    "journal": Projection(of=DELIVERABLE, react=journal),
    "lineage": Projection(
        of=[ContributionOffered, ContributionWithdrawn, ContributionLinked, ContributionUnlinked],
        apply=lineage,
        tables=["contributors", "links", "personal_lines"],
        react=mail_lineage,
        repeatable=True,
    ),
    "notices": Projection(of=[NoticeGiven], react=notices),
    "subjects": Projection(of=[InitiativeState, PlaceState, SessionState], apply=subjects, tables=["subjects"]),
    "supports": Projection(
        of=[SupportGiven, SupportWithdrawn, SupportMoved, SupportReturned],
        apply=supports,
        tables=["initiative_supports"],
    ),
}
