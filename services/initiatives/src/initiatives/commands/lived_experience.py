"""Claiming lived experience and taking it back: nobody does it for somebody else."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain import lived_experience as domain
from initiatives.domain.lived_experience import Claim
from initiatives.storage import experience as storage


async def claim(
    tx: Transaction, topic: str, words: str, *, claim_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Say of oneself that one knows a topic from experience. Raises what `domain.claim` raises."""
    claims = await storage.lock(tx, person)
    before = claims.get(topic) or Claim(claim_id, person, topic)
    if events := domain.claim(before, words, claims=len(claims)):
        after = replace(before, words=words, version=before.version + 1)
        facts = [Fact(event, after.version) for event in (*events, domain.state_of(after))]
        await storage.save(tx, after, facts, now=now)
    return {"topic": topic, "words": words}


async def withdraw(tx: Transaction, topic: str, *, person: UUID) -> None:
    """Take it back: it is gone at once, wherever it was shown. Raises what `domain.withdraw` raises."""
    before = (await storage.lock(tx, person)).get(topic)
    events = domain.withdraw(before)
    assert before is not None
    version = before.version + 1
    facts = [*(Fact(event, version) for event in events), Fact(domain.state_of(before), version, erases=True)]
    await storage.remove(tx, before, facts)
