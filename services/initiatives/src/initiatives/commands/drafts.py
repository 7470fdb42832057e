"""Writing an initiative before anybody sees it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.commands.contributions import announce_contributions
from initiatives.commands.initiatives import propose
from initiatives.domain import drafts as domain
from initiatives.domain.drafts import Draft
from initiatives.domain.encounters import contribution_id
from initiatives.domain.initiative import Content
from initiatives.settings import InitiativesSettings
from initiatives.storage import drafts as storage


async def begin(tx: Transaction, draft: Draft, *, now: datetime) -> dict[str, Any]:
    """Begin a draft. Raises Refused("too-many-drafts")."""
    domain.refuse_more(await storage.count(tx, draft.owner_id))
    await storage.save(tx, draft, now=now)
    return {**_shown(draft, now), "location": f"/v1/drafts/{draft.id}"}


async def keep(
    tx: Transaction, draft_id: UUID, content: Mapping[str, Any], *, person: UUID, version: int, now: datetime
) -> dict[str, Any]:
    """Put other content in a draft. Raises NotFound("draft-unknown") and Stale("draft-changed")."""
    draft = domain.only_owner(await storage.lock(tx, draft_id), draft_id, person)
    domain.refuse_stale(draft, version)
    after = replace(draft, content=content, version=draft.version + 1)
    await storage.save(tx, after, now=now)
    return _shown(after, now)


async def drop(tx: Transaction, draft_id: UUID, *, person: UUID) -> None:
    """Throw a draft away. Raises NotFound("draft-unknown")."""
    domain.only_owner(await storage.lock(tx, draft_id), draft_id, person)
    await storage.drop(tx, draft_id)


async def propose_draft(
    tx: Transaction,
    draft: Draft,
    content: Content,
    *,
    initiative_id: UUID,
    settings: InitiativesSettings,
    now: datetime,
) -> dict[str, Any]:
    """Make an initiative of a draft, which is gone then; `content` is what the draft says, found whole.

    Where it began with a talk, what was told there is its first contribution, in its place at once.
    Raises NotFound("draft-unknown"), Stale("draft-changed") where it was kept again meanwhile, and what proposing does.
    """
    current = domain.only_owner(await storage.lock(tx, draft.id), draft.id, draft.owner_id)
    domain.refuse_stale(current, draft.version)
    await storage.drop(tx, draft.id)
    answer = await propose(
        tx, content, initiative_id=initiative_id, initiator=draft.owner_id, settings=settings, now=now
    )
    if current.encounter_id is not None:
        await announce_contributions(tx, {contribution_id(current.encounter_id): None}, about=initiative_id, now=now)
    return answer


def _shown(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "id": str(draft.id),
        "version": draft.version,
        "content": dict(draft.content),
        "changedAt": now.isoformat(),
        "encounterId": draft.encounter_id and str(draft.encounter_id),
    }
