"""The table of contents: which events move what here."""

from collections.abc import Sequence
from typing import Any

from dorpsplein import knobs
from dorpsplein.consumer import Projection
from dorpsplein.contracts.funding.knobs import KnobTurned
from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeMatched,
)
from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportReturned
from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.contracts.presence.harvest import HarvestState
from dorpsplein.contracts.presence.sessions import SessionState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Recorded
from initiatives.commands import encounters
from initiatives.commands.contributions import announce_contributions
from initiatives.commands.life import reach_thresholds
from initiatives.commands.lineage import Link, link
from initiatives.commands.withdrawing import follow_erasures
from initiatives.domain.encounters import SHARED
from initiatives.projections import activity, contributions, page, timeline
from initiatives.projections.reach import story_reach
from initiatives.projections.sessions import sessions


async def reach(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Supports were given: initiatives that came to their threshold are supported from now on.

    It asks the counts, which are those of this moment, so it may be asked about an event again. An anonymous support is
    named as the cause of nothing: the exact time of what follows would be its own.
    """
    causes = {
        event.event.initiative_id: Cause(str(event.event.initiative_id)) if event.event.anonymous else event.cause
        for event in events
        if isinstance(event.event, SupportGiven | SupportReturned)
    }
    if causes:
        await reach_thresholds(tx, causes, now=events[-1].time)


async def announce(tx: Transaction, events: Sequence[Recorded[EncounterState | HarvestState]]) -> None:
    """What was told is kept as contributions: the new ones are told to everyone, and those whose words went too.

    Drafts and sounds of talks come and go with that.
    """
    now = events[-1].time
    causes = {contributions.contribution_of(event.event): event.cause for event in events}
    talks = [(event.event, event.erased) for event in events if isinstance(event.event, EncounterState)]
    ids = [talk.encounter_id for talk, _ in talks]
    await encounters.follow(tx, [talk for talk, gone in talks if not gone and talk.consent in SHARED], now=now)
    await encounters.end_drafts(tx, ids)
    await announce_contributions(tx, causes, now=now)
    await follow_erasures(tx, causes, now=now)
    await encounters.remove_sounds(tx, ids, now=now)


async def pay(tx: Transaction, events: Sequence[Recorded[PledgeMatched | PledgeCommitted]]) -> None:
    """Means were found for an initiative: they came of what made it."""
    paid = {_paid(event.event): event for event in events}
    causes = {link.id: event.cause for link, event in paid.items()}
    await link(tx, list(paid), now=events[-1].time, causes=causes)


def _paid(event: PledgeMatched | PledgeCommitted) -> Link:
    about = event.initiative_id
    return Link("initiative", about, "pledge", event.pledge_id, "paid-for", about)


async def keep_page(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Keep what pages show of these facts, and what lists are ordered by of facts and states."""
    await page.page(tx, [event for event in events if not isinstance(event.event, InitiativeState)])
    await activity.activity(tx, events)


PROJECTIONS = {
    "page": Projection(
        of=[*timeline.FACTS, InitiativeState],
        apply=keep_page,
        tables=["means", "promised", "timeline", "activity"],
        react=reach,
        repeatable=True,
    ),
    "contributions": Projection(
        of=[EncounterState, HarvestState],
        apply=contributions.contributions,
        tables=["contributions"],
        react=announce,
        repeatable=True,
    ),
    "payments": Projection(of=[PledgeMatched, PledgeCommitted], react=pay, repeatable=True),
    "sessions": Projection(of=[SessionState], apply=sessions, tables=["sessions"]),
    "knobs": Projection(of=[KnobTurned], apply=knobs.follow, tables=["knobs"]),
    "reach": Projection(of=[ReachMeasured], apply=story_reach, tables=["story_reach"]),
}
