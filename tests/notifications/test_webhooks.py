"""Webhooks against a real receiver that verifies every signature, on real PostgreSQL."""

import asyncio
import random
import time
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.notifications.conftest import Receiver, Square, erased, eventually, proposed, receiving, state, support, told

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event, Recorded
from dorpsplein.telemetry import DELIVERIES
from notifications.webhooks import deliver


async def subscribed(square: Square, receiver: Receiver, *types: str) -> str:
    created = await square.subscribe(receiver.url, types)
    receiver.secret = created["secret"]
    subscription: str = created["id"]
    return subscription


def edited(garden: UUID, sequence: int) -> Recorded[Event]:
    return told(InitiativeEdited(initiative_id=garden, changed=["title"], theme="groen"), sequence)


async def test_a_subscriber_gets_the_types_it_asked_for_as_signed_cloudevents(
    square: Square, receiver: Receiver
) -> None:
    subscription = await subscribed(square, receiver, SupportGiven.type)
    garden = uuid4()
    events = [told(proposed(garden)), told(support(garden)), told(support(garden))]
    await square.tell(*events)
    async with square.at_work(deliver):
        await eventually(lambda: len(receiver.taken) == 2)
        await eventually(lambda: all_in(square, subscription, "delivered"))
    assert [event["id"] for event in receiver.taken] == [str(event.id) for event in events[1:]]
    first = receiver.taken[0]
    assert first["specversion"] == "1.0"
    assert first["type"] == SupportGiven.type
    assert first["subject"] == events[1].subject
    assert first["data"]["initiativeId"] == str(garden)
    (second_log, first_log) = await square.deliveries(subscription)
    assert (first_log["eventId"], first_log["attempts"], first_log["lastStatus"]) == (first["id"], 1, 204)
    assert second_log["position"] == 3


async def all_in(square: Square, subscription: str, wanted: str) -> bool:
    return {one["state"] for one in await square.deliveries(subscription)} == {wanted}


async def test_a_receiver_that_fails_and_recovers_has_everything_in_the_end_once(
    square: Square, receiver: Receiver
) -> None:
    subscription = await subscribed(square, receiver)
    receiver.answer = lambda _: 500
    garden = uuid4()
    events = [told(support(garden)) for _ in range(30)]
    await square.tell(*events)
    async with square.at_work(deliver):
        await eventually(lambda: len(receiver.attempts) >= 12)
        assert (await square.get(f"/subscriptions/{subscription}", by="saar"))["failures"] > 0
        receiver.answer = lambda _: 204
        await eventually(lambda: all_in(square, subscription, "delivered"))
    assert sorted(receiver.ids) == sorted(str(event.id) for event in events)
    shown = await square.get(f"/subscriptions/{subscription}", by="saar")
    assert (shown["failures"], shown["resumeAt"]) == (0, None)


async def test_an_endpoint_that_fails_is_tried_with_one_event_at_a_time_not_with_all(
    square: Square, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)
    await subscribed(square, receiver)
    receiver.answer = lambda _: 503
    await square.tell(*(support(uuid4()) for _ in range(100)))
    async with square.at_work(deliver, first_retry_s=0.3, longest_retry_s=0.3):
        await asyncio.sleep(1.5)
    assert 8 < len(receiver.attempts) <= 8 + 5


async def test_events_of_one_subject_arrive_in_order_though_attempts_fail_at_random(
    square: Square, receiver: Receiver
) -> None:
    subscription = await subscribed(square, receiver)
    failures = iter(range(10**6))

    async def moody(_: dict[str, Any]) -> int:
        await asyncio.sleep(0.001 * (next(failures) % 7))
        return (204, 422, 204, 400, 204)[next(failures) % 5]

    receiver.answer = moody
    gardens = [uuid4() for _ in range(4)]
    for sequence in range(1, 9):
        await square.tell(*(edited(garden, sequence) for garden in gardens))
    async with square.at_work(deliver):
        await eventually(lambda: all_in(square, subscription, "delivered"), 30)
    by_subject = defaultdict(list)
    for event in receiver.taken:
        by_subject[event["subject"]].append(int(event["sequence"]))
    assert dict(by_subject) == {str(garden): list(range(1, 9)) for garden in gardens}
    assert len(receiver.attempts) > len(receiver.taken)


async def test_a_slow_endpoint_does_not_delay_the_others(square: Square, receiver: Receiver) -> None:
    async with receiving() as slow:

        async def never(_: dict[str, Any]) -> int:
            await asyncio.sleep(60)
            return 204

        slow.answer = never
        await subscribed(square, slow)
        await subscribed(square, receiver)
        await square.tell(*(support(uuid4()) for _ in range(200)))
        started = time.monotonic()
        async with square.at_work(deliver):
            await eventually(lambda: len(receiver.taken) == 200)
            assert time.monotonic() - started < 1.9
            await eventually(lambda: slow_failed(square))
        assert len(slow.attempts) <= 10


async def slow_failed(square: Square) -> bool:
    rows = await square.rows("select 1 from deliveries where last_error = 'no answer in time'")
    return bool(rows)


async def test_gone_ends_the_subscription_and_drops_what_waits(square: Square, receiver: Receiver) -> None:
    subscription = await subscribed(square, receiver)
    receiver.answer = lambda _: 410
    garden = uuid4()
    await square.tell(*(edited(garden, sequence) for sequence in range(1, 5)))
    async with square.at_work(deliver):
        await eventually(lambda: all_in(square, subscription, "dropped"))
    shown = await square.get(f"/subscriptions/{subscription}", by="saar")
    assert (shown["status"], shown["endReason"]) == ("ended", "gone")
    facts = await square.facts()
    assert [(fact["type"], fact["sequence"]) for fact in facts] == [
        ("subscription-created", 1),
        ("subscription-ended", 2),
    ]
    await square.tell(support(garden))
    assert len(receiver.attempts) == 1
    assert len(await square.deliveries(subscription)) == 4


async def test_what_is_given_up_is_a_fact_each_stays_parked_and_can_be_replayed(
    square: Square, receiver: Receiver
) -> None:
    subscription = await subscribed(square, receiver)
    receiver.answer = lambda _: 500
    events = [told(support(uuid4())) for _ in range(3)]
    await square.tell(*events)
    given_up = DELIVERIES.labels("webhook", "gave-up")._value.get()
    async with square.at_work(deliver, give_up_after_s=0.3):
        await eventually(lambda: all_in(square, subscription, "parked"))
        facts = [fact for fact in await square.facts() if fact["type"] == "delivery-gave-up"]
        assert sorted(fact["data"]["eventId"] for fact in facts) == sorted(str(event.id) for event in events)
        assert [fact["sequence"] for fact in facts] == [2, 3, 4]
        assert max(fact["data"]["attempts"] for fact in facts) >= 1
        assert DELIVERIES.labels("webhook", "gave-up")._value.get() > given_up
        receiver.answer = lambda _: 204
        answer = await square.request("POST", f"/subscriptions/{subscription}/replay", {"afterPosition": 0}, by="saar")
        assert (answer.status_code, answer.json()) == (202, {"queued": 3, "throughPosition": 3, "complete": True})
        await eventually(lambda: all_in(square, subscription, "delivered"))
    assert sorted(receiver.ids) == sorted(str(event.id) for event in events)


async def test_a_later_event_of_a_subject_goes_on_when_the_earlier_one_was_given_up(
    square: Square, receiver: Receiver
) -> None:
    subscription = await subscribed(square, receiver)
    garden = uuid4()
    events = [edited(garden, 1), edited(garden, 2)]
    receiver.answer = lambda event: 400 if event["id"] == str(events[0].id) else 204
    await square.tell(*events)
    async with square.at_work(deliver, give_up_after_s=0.3):
        await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.ids == [str(events[1].id)]
    states = {one["eventId"]: one["state"] for one in await square.deliveries(subscription)}
    assert states[str(events[0].id)] == "parked"


async def test_a_replay_starts_after_a_position_or_at_a_moment_and_respects_types(
    square: Square, receiver: Receiver
) -> None:
    garden = uuid4()
    await square.tell(proposed(garden), support(garden), ThresholdReached(initiative_id=garden, threshold=1))
    subscription = await subscribed(square, receiver, SupportGiven.type, ThresholdReached.type)
    path = f"/subscriptions/{subscription}/replay"
    async with square.at_work(deliver):
        assert (await square.request("POST", path, {"afterPosition": 2}, by="saar")).json()["queued"] == 1
        await eventually(lambda: len(receiver.taken) == 1)
        since = {"since": "2020-01-01T00:00:00Z"}
        await eventually(lambda: all_in(square, subscription, "delivered"))
        assert (await square.request("POST", path, since, by="saar")).json()["queued"] == 2
        await eventually(lambda: len(receiver.taken) == 3)
    assert receiver.taken[0]["type"] == ThresholdReached.type
    later = {"since": "2999-01-01T00:00:00Z"}
    assert (await square.request("POST", path, later, by="saar")).json() == {
        "queued": 0,
        "throughPosition": None,
        "complete": True,
    }


async def test_words_erased_before_they_were_sent_are_never_sent(square: Square, receiver: Receiver) -> None:
    subscription = await subscribed(square, receiver)
    garden = uuid4()
    await square.tell(told(state(garden, "Geheime naam"), 1))
    await square.tell(erased(garden, 2))
    async with square.at_work(deliver):
        await eventually(lambda: waits_for_nothing(square, subscription))
    assert "Geheime naam" not in str(receiver.attempts)
    assert receiver.taken[0]["data"] is None
    states = [one["state"] for one in await square.deliveries(subscription)]
    assert states == ["delivered", "dropped"]
    answer = await square.request("POST", f"/subscriptions/{subscription}/replay", {"afterPosition": 0}, by="saar")
    assert answer.json()["queued"] == 1


async def waits_for_nothing(square: Square, subscription: str) -> bool:
    return not await square.deliveries(subscription, "&state=pending")


async def test_two_workers_share_the_work_and_send_nothing_twice(square: Square, receiver: Receiver) -> None:
    subscription = await subscribed(square, receiver)
    gardens = [uuid4() for _ in range(10)]
    for sequence in range(1, 11):
        await square.tell(*(edited(garden, sequence) for garden in gardens))
    async with square.at_work(deliver), square.at_work(deliver):
        await eventually(lambda: all_in(square, subscription, "delivered"), 30)
    assert len(receiver.attempts) == len(set(receiver.ids)) == 100
    by_subject = defaultdict(list)
    for event in receiver.taken:
        by_subject[event["subject"]].append(int(event["sequence"]))
    assert all(sequence == list(range(1, 11)) for sequence in by_subject.values())


async def test_a_worker_that_stops_gives_back_what_it_had_at_once(square: Square, receiver: Receiver) -> None:
    subscription = await subscribed(square, receiver)

    async def never(_: dict[str, Any]) -> int:
        await asyncio.sleep(60)
        return 204

    receiver.answer = never
    await square.tell(support(uuid4()))
    async with square.at_work(deliver, delivery_lease_s=3600.0, delivery_timeout_s=60.0):
        await eventually(lambda: len(receiver.attempts) == 1)
    receiver.answer = lambda _: 204
    async with square.at_work(deliver):
        await eventually(lambda: all_in(square, subscription, "delivered"), 3)


async def test_an_outcome_that_comes_after_its_lease_changes_nothing(square: Square, receiver: Receiver) -> None:
    subscription = await subscribed(square, receiver)
    await square.tell(support(uuid4()))
    release = asyncio.Event()

    async def held(_: dict[str, Any]) -> int:
        await release.wait()
        return 500

    receiver.answer = held
    async with square.at_work(deliver, delivery_timeout_s=30.0, delivery_lease_s=31.0):
        await eventually(lambda: len(receiver.attempts) == 1)
        async with square.runtime.database.transaction() as tx:
            await tx.execute("update deliveries set state = 'delivered', attempts = 1")
        release.set()
        await asyncio.sleep(0.3)
        (one,) = await square.deliveries(subscription)
    assert (one["state"], one["attempts"], one["lastStatus"]) == ("delivered", 1, None)
