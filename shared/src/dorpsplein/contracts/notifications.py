"""Events of the notifications service: who follows what, and what did not arrive."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class FollowStarted(Event, type="nl.participatie.follows.follow-started.v1", topic="notifications.follow"):
    """Someone wants to hear of a subject: `subject_kind` is `initiative`, `theme` or `radius`."""

    follow_id: Annotated[UUID, Key, NotPersonal]
    follower_id: Annotated[UUID, Pseudonym]
    subject_kind: Annotated[str, NotPersonal]
    subject: Annotated[str, NotPersonal]


class FollowStopped(Event, type="nl.participatie.follows.follow-stopped.v1", topic="notifications.follow"):
    """Someone has heard enough."""

    follow_id: Annotated[UUID, Key, NotPersonal]
    follower_id: Annotated[UUID, Pseudonym]


class SubscriptionCreated(
    Event, type="nl.participatie.subscriptions.subscription-created.v1", topic="notifications.subscription"
):
    """Another system will be sent events of these types (all when empty)."""

    subscription_id: Annotated[UUID, Key, NotPersonal]
    types: Annotated[list[str], NotPersonal]


class SubscriptionEnded(
    Event, type="nl.participatie.subscriptions.subscription-ended.v1", topic="notifications.subscription"
):
    """Another system is sent nothing any more; `reason` is a code."""

    subscription_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]


class DeliveryGaveUp(
    Event, type="nl.participatie.subscriptions.delivery-gave-up.v1", topic="notifications.subscription"
):
    """An event could not be delivered in all the time it was tried; it stays parked and can be replayed."""

    subscription_id: Annotated[UUID, Key, NotPersonal]
    event_id: Annotated[UUID, NotPersonal]
    attempts: Annotated[int, NotPersonal]
    last_status: Annotated[int | None, NotPersonal] = None


class ReachMeasured(Event, type="nl.participatie.reach.reach-measured.v1", topic="notifications.reach"):
    """How far something came by now, all its news together; `subject_kind` is `story` or `session`.

    `people` is how many different people were mailed about it, `mails` how many mails were handed to a mail server,
    `deliveries` how many sendings to other systems were confirmed. Who read it in the feed is not measured. Of a
    session its announcement is counted.
    """

    subject_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    people: Annotated[int, NotPersonal]
    mails: Annotated[int, NotPersonal]
    deliveries: Annotated[int, NotPersonal]


EVENTS = (FollowStarted, FollowStopped, SubscriptionCreated, SubscriptionEnded, DeliveryGaveUp, ReachMeasured)
