"""Following and stopping, grouped: those who ask at the same time share one transaction, each with its own answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dorpsplein.contracts.notifications import FollowStarted
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Forbidden, NotFound, Rejected
from notifications.domain import follows as domain
from notifications.storage import follows as storage

STARTED = 1
STOPPED = 2
"""The versions of a follow: it starts and stops once; following again is another follow."""


@dataclass(frozen=True, slots=True)
class Started:
    """A follow, and whether it is new."""

    follow: storage.Follow
    new: bool


async def start_follows(tx: Transaction, commands: Sequence[domain.Start]) -> Sequence[Started | Exception]:
    """Follow. Following the same again answers the follow there is, and tells nobody."""
    known = await storage.known(tx, commands)
    decided = [_decide(command, known) for command, known in zip(commands, known, strict=True)]
    started = {
        command.follow_id: (command, event)
        for command, event in zip(commands, decided, strict=True)
        if not isinstance(event, Rejected)
    }
    wanted = [command for command, _ in started.values()]
    new = await storage.insert(tx, wanted) if wanted else set()
    if new:
        causes = _causes(tx, commands)
        facts = [
            Fact(event, STARTED, causes.get(follow_id)) for follow_id, (_, event) in started.items() if follow_id in new
        ]
        await storage.tell(tx, facts, {command.follower_id for command in wanted})
    kept = await storage.same(tx, commands)
    return [_started(c, event, kept, c.follow_id in new) for c, event in zip(commands, decided, strict=True)]


def _causes(tx: Transaction, commands: Sequence[domain.Start | domain.Stop]) -> dict[UUID, Cause | None]:
    return dict(zip((command.follow_id for command in commands), tx.causes, strict=False))


def _decide(command: domain.Start, known: domain.Known) -> FollowStarted | Rejected:
    try:
        return domain.start(command, known)
    except Rejected as refusal:
        return refusal


def _started(
    command: domain.Start,
    event: FollowStarted | Rejected,
    kept: dict[tuple[UUID, str, str], storage.Follow],
    new: bool,
) -> Started | Exception:
    """What is followed already may be asked for again, whatever the rules would say of a new follow."""
    follow = kept.get((command.follower_id, command.subject.kind, command.subject.key))
    if follow is not None:
        return Started(follow, new)
    assert isinstance(event, Rejected)
    return event


async def stop_follows(tx: Transaction, commands: Sequence[domain.Stop]) -> Sequence[Exception | None]:
    """Stop following. Answers NotFound for what nobody follows, Forbidden for what someone else follows."""
    gone = await storage.delete(tx, commands)
    if gone:
        causes = _causes(tx, commands)
        facts = [
            Fact(domain.stop(follow_id, follower), STOPPED, causes.get(follow_id))
            for follow_id, follower in gone.items()
        ]
        await storage.tell(tx, facts, set(gone.values()))
    left = [command.follow_id for command in commands if command.follow_id not in gone]
    others = await storage.existing(tx, left) if left else set()
    return [_stopped(command, gone, others) for command in commands]


def _stopped(command: domain.Stop, gone: dict[UUID, UUID], others: set[UUID]) -> Exception | None:
    if command.follow_id in gone and command.follower_id in {None, gone[command.follow_id]}:
        return None
    if command.follow_id in others:
        return Forbidden("not-yours", "This is a follow of someone else.")
    return NotFound("follow-unknown", f"There is no follow {command.follow_id}.")
