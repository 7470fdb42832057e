"""What residents bring in: offering it, finding it a place, setting it aside.

Whoever changes a contribution holds its initiative first, so that everything about one happens in some order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Refused
from dorpsplein.web import found
from initiatives.commands import media
from initiatives.commands.initiatives import locked
from initiatives.commands.lineage import link, unlink_from
from initiatives.commands.using import keep, places
from initiatives.domain import contributions as domain
from initiatives.domain.contributions import Contribution, Kind, SetAsideReason, Status
from initiatives.domain.initiative import Initiative
from initiatives.storage import contributions as storage
from initiatives.storage import experience


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody brings in: words, and with them perhaps an image, a sound or a film of their own.

    `topic` is one they claimed lived experience of, to be shown beside it.
    """

    words: str
    media_id: UUID | None = None
    anonymous: bool = False
    topic: str | None = None
    scene_id: UUID | None = None
    session_id: UUID | None = None


async def offer(
    tx: Transaction, initiative_id: UUID, wish: Offer, *, contribution_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Offer something to an initiative.

    Raises NotFound for an unknown initiative or somebody else's media, Refused("claim-unknown") for a topic one has
    not claimed oneself, and what `domain.offer` raises.
    """
    initiative = await locked(tx, initiative_id)
    contribution = Contribution(
        id=contribution_id,
        initiative_id=initiative_id,
        kind=await _kind(tx, wish.media_id, person),
        person_id=person,
        anonymous=wish.anonymous,
        words=wish.words,
        media_id=wish.media_id,
        scene_id=wish.scene_id,
        session_id=wish.session_id,
        claim_id=await _own_claim(tx, wish.topic, person),
    )
    events = domain.offer(contribution, initiative)
    after = domain.fold(contribution, events)
    await keep(tx, [(contribution, events, after)], now=now)
    if wish.media_id is not None:
        await media.use(tx, wish.media_id, "contribution", contribution_id)
    if after.status == Status.PLACED:
        await link(tx, places(after), now=now)
    return {**await storage.shown(tx, contribution_id), "location": f"/v1/contributions/{contribution_id}"}


async def place(
    tx: Transaction,
    contribution_id: UUID,
    *,
    scene_id: UUID | None,
    session_id: UUID | None,
    person: UUID,
    now: datetime,
) -> dict[str, Any]:
    """Take a contribution in. Raises NotFound and what `domain.place` raises."""
    initiative, contribution = await both_locked(tx, contribution_id)
    events = domain.place(contribution, initiative, scene_id=scene_id, session_id=session_id, person=person)
    if events:
        after = domain.fold(contribution, events)
        await keep(tx, [(contribution, events, after)], now=now)
        await link(tx, places(after), now=now)
    return await storage.shown(tx, contribution_id)


async def set_aside(
    tx: Transaction, contribution_id: UUID, reason: SetAsideReason, answer: str, *, person: UUID, now: datetime
) -> dict[str, Any]:
    """Leave a contribution out and tell its contributor why. Raises NotFound and what `domain.set_aside` raises."""
    initiative, contribution = await both_locked(tx, contribution_id)
    events = domain.set_aside(contribution, initiative, reason, person=person)
    after = replace(domain.fold(contribution, events), answer=answer)
    await keep(tx, [(contribution, events, after)], now=now)
    await unlink_from(tx, "contribution", contribution_id, now=now, only="placed")
    return await storage.shown(tx, contribution_id)


async def both_locked(tx: Transaction, contribution_id: UUID) -> tuple[Initiative, Contribution]:
    """A contribution and its initiative, which nobody else changes until the transaction ends.

    Raises NotFound("contribution-unknown").
    """
    initiative = await locked(tx, found(await storage.about(tx, contribution_id), "contribution", contribution_id))
    return initiative, (await storage.lock(tx, [contribution_id]))[contribution_id]


async def announce_contributions(
    tx: Transaction, causes: Mapping[UUID, Cause | None], *, about: UUID | None = None, now: datetime
) -> None:
    """Say, once, of each of these that was told in a talk or a session that it was brought in, and link it.

    It is for the initiative it was told for, or for the one it is `about` from now on. Those for no known initiative
    are passed by.
    """
    begun = [_told(row) for row in await storage.announce(tx, list(causes), about)]
    tellers = await storage.tellers(tx, [told.id for told in begun])
    await tx.record([Fact(domain.told(told, tellers.get(told.id)), 1, causes[told.id]) for told in begun])
    why = {one: causes[told.id] for told in begun for one in places(told)}
    await link(tx, list(why), now=now, causes={one.id: cause for one, cause in why.items()})


def _told(row: asyncpg.Record) -> Contribution:
    return Contribution(
        row["id"], row["initiative_id"], Kind.TEXT, row["origin"], row["origin_id"], session_id=row["session_id"]
    )


async def _kind(tx: Transaction, media_id: UUID | None, person: UUID) -> Kind:
    """What kind of contribution some media make; text where there are none."""
    if media_id is None:
        return Kind.TEXT
    ready = await media.ready(tx, media_id, person)
    assert ready.found is not None
    return Kind(ready.found.kind)


async def _own_claim(tx: Transaction, topic: str | None, person: UUID) -> UUID | None:
    if topic is None:
        return None
    claim_id = await experience.claim_id(tx, person, topic)
    if claim_id is None:
        raise Refused(
            "claim-unknown",
            f"You have not claimed lived experience of {topic}; only you can, with PUT /me/lived-experience/{topic}.",
        )
    return claim_id
