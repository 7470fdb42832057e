"""Subscriptions: another system is sent events of the types it asked for, until it or we end that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dorpsplein.contracts import funding, initiatives, presence
from dorpsplein.contracts.funding.transparency import TreeHeadSigned
from dorpsplein.contracts.notifications import DeliveryGaveUp, SubscriptionCreated, SubscriptionEnded
from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.envelope import Event
from dorpsplein.errors import Conflict, Refused

MOST_SUBSCRIPTIONS = 20
PRIVATE: tuple[type[Event], ...] = (NoticeGiven,)
"""What concerns one person alone, and goes to nobody else."""
DELIVERABLE: tuple[type[Event], ...] = tuple(
    event for service in (initiatives, funding, presence) for event in service.EVENTS if event not in PRIVATE
)
"""What is sent to others. Our own events are not: a delivery that is given up must not make a new one."""
ONLY_IF_NAMED: tuple[type[Event], ...] = (TreeHeadSigned,)
"""What comes every second, for machines: kept and sent only while someone asks for it by name."""
TYPES = frozenset(event.type for event in DELIVERABLE)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription, as its rules see it."""

    id: UUID
    version: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """A system asks to be sent events; where it names no types, of all but those that are sent only if named."""

    id: UUID
    owner_id: UUID
    callback_url: str
    types: tuple[str, ...]
    description: str | None
    secret: str


SubscriptionEvent = SubscriptionCreated | SubscriptionEnded | DeliveryGaveUp


def create(command: Create, owned: int) -> list[SubscriptionEvent]:
    """Subscribe. Raises Refused for types nobody publishes and beyond MOST_SUBSCRIPTIONS active ones."""
    unknown = sorted(set(command.types) - TYPES)
    if unknown:
        raise Refused("type-unknown", f"No such event type: {', '.join(unknown)}.", known=sorted(TYPES))
    if owned >= MOST_SUBSCRIPTIONS:
        raise Refused("too-many-subscriptions", f"You have {MOST_SUBSCRIPTIONS} subscriptions; end one first.")
    return [SubscriptionCreated(subscription_id=command.id, types=list(command.types))]


def end(subscription: Subscription, reason: str) -> list[SubscriptionEvent]:
    """End it; nothing is sent any more. Raises Conflict when it has ended already."""
    if subscription.ended:
        raise Conflict("subscription-ended", "This subscription has ended already.")
    return [SubscriptionEnded(subscription_id=subscription.id, reason=reason)]


@dataclass(frozen=True, slots=True)
class Lost:
    """An event that could not be delivered in all the time it was tried."""

    event_id: UUID
    attempts: int
    last_status: int | None


def give_up(subscription: Subscription, lost: Sequence[Lost]) -> list[SubscriptionEvent]:
    """Say which events were given up; an ended subscription has nothing left to lose."""
    if subscription.ended:
        return []
    return [
        DeliveryGaveUp(
            subscription_id=subscription.id,
            event_id=one.event_id,
            attempts=one.attempts,
            last_status=one.last_status,
        )
        for one in lost
    ]


def evolve(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    """The subscription after an event."""
    ended = subscription.ended or isinstance(event, SubscriptionEnded)
    return replace(subscription, version=subscription.version + 1, ended=ended)
