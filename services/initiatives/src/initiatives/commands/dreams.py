"""Making a storyboard together. Commands answer with the dream vision as readers see it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Conflict, Forbidden
from dorpsplein.web import found
from initiatives.commands.consents import Ask, ask_consents, lapse_consents, lock_consents
from initiatives.commands.initiatives import locked
from initiatives.commands.lineage import Link, link, unlink
from initiatives.domain.consents import Use
from initiatives.domain.dreams import filling, storyboard
from initiatives.domain.dreams.filling import Offered
from initiatives.domain.dreams.storyboard import Decided, Dream, Light, Scene, Seen
from initiatives.domain.dreams.versions import RENDER_FACTS
from initiatives.domain.initiative import Initiative
from initiatives.storage import dream_pages as pages
from initiatives.storage import dreams as storage
from initiatives.storage import translations

SCENE_PART = "scene-part"


async def open_storyboard(
    tx: Transaction, initiative_id: UUID, *, dream_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Open the storyboard of an initiative, which has one.

    Raises NotFound, Conflict("dream-exists") and what `storyboard.open_storyboard` raises.
    """
    initiative = await locked(tx, initiative_id)
    dream, events = storyboard.open_storyboard(initiative, dream_id, person)
    if there := await storage.of_initiative(tx, initiative_id):
        raise Conflict("dream-exists", "This initiative has a dream vision already.", dreamId=str(there))
    await keep(tx, Dream(dream_id, initiative_id), (dream, events), now)
    return {**await pages.shown(tx, dream_id), "location": f"/v1/dreams/{dream_id}"}


async def add_scene(tx: Transaction, dream_id: UUID, scene: Scene, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Add a scene at the end. Raises what `storyboard.may_compose` and `storyboard.add_scene` raise."""
    answer = await _composed(tx, dream_id, lambda dream: storyboard.add_scene(dream, scene), person, now)
    return {**answer, "sceneId": str(scene.id)}


async def change_scene(
    tx: Transaction, dream_id: UUID, scene_id: UUID, changes: Mapping[str, Any], *, person: UUID, now: datetime
) -> dict[str, Any]:
    """Let a scene say or ask something else. Raises NotFound, Forbidden, Refused."""
    return await _composed(tx, dream_id, lambda dream: storyboard.change_scene(dream, scene_id, changes), person, now)


async def remove_scene(
    tx: Transaction, dream_id: UUID, scene_id: UUID, *, person: UUID, now: datetime
) -> dict[str, Any]:
    """Take a scene out. Raises NotFound, Forbidden, Refused."""
    parts = await storage.parts_of(tx, scene_id)
    await lock_consents(tx, SCENE_PART, parts)
    answer = await _composed(tx, dream_id, lambda dream: storyboard.remove_scene(dream, scene_id), person, now)
    await _forget_unused(tx, dream_id, parts, now)
    return answer


async def reorder(
    tx: Transaction, dream_id: UUID, scene_ids: Sequence[UUID], *, person: UUID, now: datetime
) -> dict[str, Any]:
    """Put the scenes in another order. Raises NotFound, Forbidden, Invalid, Refused."""
    return await _composed(tx, dream_id, lambda dream: storyboard.reorder(dream, scene_ids), person, now)


async def fill(
    tx: Transaction,
    scene_id: UUID,
    contribution_id: UUID,
    *,
    part_id: UUID,
    named: bool,
    person: UUID,
    now: datetime,
) -> dict[str, Any]:
    """Fill a scene with a contribution: an initiator does, or whose it is.

    Who fills it with their own agrees by doing so, and is named where they say so; else they are asked for both.
    Raises NotFound, Forbidden("not-yours") and what `filling.fill` raises.
    """
    dream_id: UUID = found(await storage.of_scene(tx, scene_id), "scene", scene_id)
    initiative, dream = await both(tx, dream_id)
    storyboard.only_while_co_creating(initiative)
    offered: Offered = found(await storage.offered(tx, contribution_id), "contribution", contribution_id)
    if person not in (*initiative.initiators, offered.contributor_id):
        raise Forbidden("not-yours", "An initiator fills a scene, or whose contribution it is.")
    own = person == offered.contributor_id
    seen = Seen(Light.LIT, named) if own else Seen(Light.WAITING)
    decided = filling.fill(dream, scene_id, part_id, offered, seen)
    assert offered.contributor_id is not None
    uses = (Use.DREAM_VISION, Use.CREDITS) if named or not own else (Use.DREAM_VISION,)
    asks = [Ask(SCENE_PART, part_id, initiative.id, offered.contributor_id, use) for use in uses]
    await ask_consents(tx, asks, now=now, given_by=person)
    await keep(tx, dream, decided, now)
    used = Link("contribution", contribution_id, "scene", scene_id, "used-in", initiative.id)
    await link(tx, [used], now=now)
    return {**await pages.shown(tx, dream_id), "partId": str(part_id)}


async def clear(tx: Transaction, part_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take a part out of its scene. Raises NotFound and what `filling.clear` raises."""
    dream_id: UUID = found(await storage.of_part(tx, part_id), "part", part_id)
    await lock_consents(tx, SCENE_PART, [part_id])
    initiative, dream = await both(tx, dream_id)
    await keep(tx, dream, filling.clear(dream, part_id, initiative, person), now)
    await _forget_unused(tx, dream_id, [part_id], now)
    return await pages.shown(tx, dream_id)


async def both(tx: Transaction, dream_id: UUID) -> tuple[Initiative, Dream]:
    """A dream vision and its initiative, locked in that order: the initiative first. Raises NotFound."""
    initiative = await locked(tx, found(await storage.initiative_of(tx, dream_id), "dream", dream_id))
    dream = await storage.lock(tx, dream_id)
    assert dream is not None
    return initiative, dream


async def keep(tx: Transaction, before: Dream, decided: Decided, now: datetime, cause: Cause | None = None) -> Dream:
    """Store a dream vision after a decision: its facts, and after them what everybody may know of it now."""
    after, events = decided
    facts = [Fact(event, before.version + place, cause) for place, event in enumerate(events, start=1)]
    if not all(isinstance(event, RENDER_FACTS) for event in events):
        words = await storage.words(tx, [part.contribution_id for part in after.parts if part.light is Light.LIT])
        facts.append(Fact(storyboard.state(after, words), after.version, cause))
    if after != before:
        await storage.save(tx, after, facts, now=now)
    return after


async def _forget_unused(tx: Transaction, dream_id: UUID, part_ids: Sequence[UUID], now: datetime) -> None:
    """What no version shows was never used: nobody is asked about it any more, and nothing came of it."""
    unused = await storage.never_shown(tx, dream_id, part_ids)
    await lapse_consents(tx, SCENE_PART, list(unused), now=now)
    await translations.forget(tx, list(unused))
    await unlink(tx, [Link("contribution", one, "scene", scene, "used-in") for scene, one in unused.values()], now=now)


async def _composed(
    tx: Transaction, dream_id: UUID, decide: Callable[[Dream], Decided], person: UUID, now: datetime
) -> dict[str, Any]:
    """Carry out an initiator's decision on the storyboard."""
    initiative, dream = await both(tx, dream_id)
    storyboard.may_compose(initiative, person)
    await keep(tx, dream, decide(dream), now)
    return await pages.shown(tx, dream_id)
