"""What hiding something, and showing it again, means for the thing itself: its public state goes and comes back.

What leaves of the state of something hidden is a tombstone, whoever saves it: the database sees to that (see the
migration of moderation). Here each kind is told once more, one version on, so that readers of its state hear of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.moderation import InitiativeHidingChanged, StoryHidingChanged
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.commands.initiatives import locked, saved
from initiatives.commands.renders import contributions_changed, scenes_changed
from initiatives.commands.stories import republish_stories
from initiatives.commands.using import hide_or_show
from initiatives.domain.evolving import told
from initiatives.domain.moderation import Decision, Kind
from initiatives.storage import subjects


async def _initiative(tx: Transaction, decision: Decision, now: datetime) -> None:
    initiative = await locked(tx, decision.subject.id)
    fact = InitiativeHidingChanged(initiative_id=initiative.id, decision_id=decision.id, hidden=decision.hides)
    await saved(tx, initiative, told(initiative, fact, initiative.status), now)


async def _contribution(tx: Transaction, decision: Decision, now: datetime) -> None:
    """Scenes that show it go dark, and light up again."""
    contribution_id = decision.subject.id
    await hide_or_show(tx, contribution_id, decision_id=decision.id, hidden=decision.hides, now=now)
    await contributions_changed(tx, [contribution_id], now)


async def _story(tx: Transaction, decision: Decision, now: datetime) -> None:
    """Its retellings go and come back with it."""
    await _told_of_story(tx, decision.subject.id, None, decision)
    await republish_stories(tx, [decision.subject.id], now)


async def _retelling(tx: Transaction, decision: Decision, now: datetime) -> None:
    story_id = await subjects.story_of(tx, decision.subject.id)
    await _told_of_story(tx, story_id, decision.subject.id, decision)
    await republish_stories(tx, [story_id], now)


async def _scene(tx: Transaction, decision: Decision, now: datetime) -> None:
    """Films that show it are taken from view, and made again without it."""
    await scenes_changed(tx, [decision.subject.id], now)


async def _told_of_story(tx: Transaction, story_id: UUID, retelling_id: UUID | None, decision: Decision) -> None:
    fact = StoryHidingChanged(
        story_id=story_id, retelling_id=retelling_id, decision_id=decision.id, hidden=decision.hides
    )
    await tx.record([Fact(fact, await subjects.next_story_version(tx, story_id))])


CHANGED: Mapping[Kind, Callable[[Transaction, Decision, datetime], Awaitable[None]]] = {
    Kind.INITIATIVE: _initiative,
    Kind.CONTRIBUTION: _contribution,
    Kind.STORY: _story,
    Kind.RETELLING: _retelling,
    Kind.SCENE: _scene,
}
"""Who follows, by kind, that something is hidden or shown from now on; in the same transaction."""
