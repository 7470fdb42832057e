"""Versions of a dream vision: asking for one, publishing it, and taking it from view as soon as a consent is gone.

Locks are taken in one order: consents, the initiative, its dream vision, versions.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause
from dorpsplein.settings import NAMESPACE
from initiatives.commands.consents import standing
from initiatives.commands.dreams import SCENE_PART, both, keep
from initiatives.commands.initiatives import saved
from initiatives.commands.lineage import Link, link
from initiatives.domain.consents import Status as Answer
from initiatives.domain.consents import Use
from initiatives.domain.dreams import filling, showing, versions
from initiatives.domain.dreams.storyboard import Decided, Dream, Light, Seen, may_compose
from initiatives.domain.dreams.versions import Version
from initiatives.domain.initiative import Initiative, only_initiators
from initiatives.domain.life import publish_dream
from initiatives.storage import dream_pages as pages
from initiatives.storage import dream_versions as storage
from initiatives.storage import dreams, films


async def ask_render(
    tx: Transaction, dream_id: UUID, *, render_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Make a version of the storyboard as it is; a film of it follows.

    Raises NotFound, what `may_compose` raises, and what `versions.make` raises.
    """
    initiative, dream = await both(tx, dream_id)
    may_compose(initiative, person)
    known = await storage.of_dream(tx, dream_id)
    after, made = versions.make(dream, known[-1] if known else None, render_id, initiative.content.title)
    await keep(tx, dream, (after, []), now)
    await storage.insert(tx, made, now=now)
    location = f"/v1/dreams/{dream_id}/renders/{made.number}"
    return {**await pages.render(tx, dream_id, made.number), "location": location}


async def publish(tx: Transaction, dream_id: UUID, number: int, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Publish a version; the initiative moves on with the first.

    Raises NotFound, Forbidden("not-yours"), and what `showing.publish` and `publish_dream` raise.
    """
    initiative, dream = await both(tx, dream_id)
    only_initiators(initiative, person)
    await put_before_all(tx, initiative, dream, number, person=person, now=now)
    return await pages.shown(tx, dream_id)


async def put_before_all(
    tx: Transaction,
    initiative: Initiative,
    dream: Dream,
    number: int,
    *,
    person: UUID | None,
    now: datetime,
    cause: Cause | None = None,
) -> None:
    """Publish a version of a locked dream vision; without a person it follows by itself on one that was published."""
    after, changed = showing.publish(dream, await storage.of_dream(tx, dream.id), number)
    facts = publish_dream(initiative, dream_id=dream.id, version=number, person=person)
    await saved(tx, initiative, facts, now, cause)
    await keep(tx, dream, (after, []), now)
    await storage.save(tx, changed, now=now)
    published, *replaced = changed
    await films.show(tx, published)
    await films.discard(tx, dream.id, [one.number for one in replaced], now=now)
    shown = {part.scene_id for part in published.parts if part.light is Light.LIT}
    links = [Link("scene", scene_id, "dream", dream.id, "shown-in", initiative.id) for scene_id in sorted(shown)]
    await link(tx, links, now=now, cause=cause)


async def consents_changed(tx: Transaction, part_ids: Sequence[UUID], now: datetime) -> None:
    """People answered whether these parts may be used: the scenes follow. Their consents are locked."""
    for dream_id, parts in (await dreams.of_parts(tx, part_ids)).items():
        await _settle(tx, dream_id, partial(_shaded, tx, parts), now)


async def contributions_changed(tx: Transaction, contribution_ids: Sequence[UUID], now: datetime) -> None:
    """These contributions were taken back, hidden, or shown again: the scenes they are in follow."""
    for dream_id, parts in (await dreams.of_contributions(tx, contribution_ids)).items():
        await _settle(tx, dream_id, partial(_shaded, tx, parts), now)


async def scenes_changed(tx: Transaction, scene_ids: Sequence[UUID], now: datetime) -> None:
    """These scenes were hidden or shown again by moderation: films that show them are taken from view."""
    for dream_id, scenes in (await dreams.of_scenes(tx, scene_ids)).items():
        await _settle(tx, dream_id, partial(_hidden_or_shown, scenes), now)


async def _settle(
    tx: Transaction, dream_id: UUID, decide: Callable[[Dream], Awaitable[Decided]], now: datetime
) -> None:
    """Change a dream vision, and let its versions follow what may be shown of it after that."""
    dream = await dreams.lock(tx, dream_id)
    assert dream is not None
    changed, events = await decide(dream)
    render_id = uuid5(NAMESPACE, f"render/{dream_id}/{dream.newest + 1}")
    after, withdrawn, made = showing.settle(changed, await storage.of_dream(tx, dream_id), render_id)
    await keep(tx, dream, (after, events), now)
    await _replace(tx, withdrawn, made, now)


async def _replace(tx: Transaction, withdrawn: Sequence[Version], made: Version | None, now: datetime) -> None:
    """Take versions from view, their films for good, and store the one that is made in their place."""
    if withdrawn:
        await films.discard(tx, withdrawn[0].dream_id, [one.number for one in withdrawn], now=now)
        await storage.save(tx, withdrawn, now=now)
    if made is not None:
        await storage.insert(tx, made, now=now)


async def _shaded(tx: Transaction, part_ids: Sequence[UUID], dream: Dream) -> Decided:
    """Parts in the light they may be seen in: by what their contributors answered, while their words are there."""
    parts = [part for part in dream.parts if part.id in part_ids]
    there = await dreams.words(tx, [part.contribution_id for part in parts])
    answers = await standing(tx, SCENE_PART, [part.id for part in parts])
    seen = {
        part.id: _seen({one.use: one.status for one in answers[part.id]})
        if part.contribution_id in there
        else Seen(Light.DARK, reason="contribution-gone")
        for part in parts
    }
    return filling.shade(dream, seen)


async def _hidden_or_shown(scene_ids: Sequence[UUID], dream: Dream) -> Decided:
    return filling.hidden_or_shown(dream, scene_ids)


def _seen(answers: Mapping[str, Answer]) -> Seen:
    """How a part may be seen, by what its contributor answered for each use."""
    match answers.get(Use.DREAM_VISION):
        case Answer.GIVEN:
            return Seen(Light.LIT, answers.get(Use.CREDITS) == Answer.GIVEN)
        case Answer.ASKED:
            return Seen(Light.WAITING)
        case Answer.DECLINED:
            return Seen(Light.DARK, reason="consent-declined")
        case _:
            return Seen(Light.DARK, reason="consent-withdrawn")
