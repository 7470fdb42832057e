"""Telling how far stories and invitations to sessions came."""

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from notifications.domain import reach as domain
from notifications.domain.reach import Reach
from notifications.storage import reach as storage


async def measure_reach(tx: Transaction) -> int:
    """Count how far the news of these days came and tell what has grown; of how many subjects that was.

    While another process counts, this one leaves it to that.
    """
    if not await storage.take_turn(tx):
        return 0
    told: list[Reach] = []
    facts: list[Fact] = []
    for before, now in await storage.counted(tx):
        if event := domain.measure(before, now):
            told.append(domain.evolve(before, event))
            facts.append(Fact(event, told[-1].version))
    if told:
        await storage.save(tx, told, facts)
    return len(told)
