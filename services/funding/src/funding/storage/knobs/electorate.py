"""The electorate: residents who enrolled themselves to vote on knobs."""

from uuid import UUID

from dorpsplein.database import Transaction

ENROL = "insert into electorate (voter_id) values ($1) on conflict do nothing"
LEAVE = "delete from electorate where voter_id = $1"
ENROLLED = "select exists (select from electorate where voter_id = $1)"
SIZE = "select count(*) from electorate"


async def enrol(tx: Transaction, voter: UUID) -> None:
    """Enrol a voter; nothing where they are enrolled."""
    await tx.execute(ENROL, voter)


async def leave(tx: Transaction, voter: UUID) -> None:
    """Take a voter off; nothing where they are not enrolled. Rosters that were made stay as they are."""
    await tx.execute(LEAVE, voter)


async def is_enrolled(tx: Transaction, voter: UUID) -> bool:
    """Whether someone is in the electorate."""
    return bool(await tx.fetchval(ENROLLED, voter))


async def size(tx: Transaction) -> int:
    """How many are enrolled."""
    count: int = await tx.fetchval(SIZE)
    return count
