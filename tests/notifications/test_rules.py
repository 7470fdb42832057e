"""The rules of notifications: given, when, then; without any server."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dorpsplein.contracts.funding.pledges import (
    PledgeMade,
)
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import EVENTS
from dorpsplein.errors import Conflict, NotFound, Refused
from notifications.domain import deliveries, follows, lines, subscriptions
from notifications.domain.deliveries import Answer, Delivery, Schedule, Verdict, judge

ANNA, GARDEN = uuid4(), uuid4()
SCHEDULE = Schedule(first_s=5, longest_s=3600, give_up_after_s=76 * 3600)


def following(subject: follows.Subject) -> follows.Start:
    return follows.Start(uuid4(), "key", ANNA, subject)


def test_following_an_initiative_is_a_fact_that_names_it() -> None:
    command = following(follows.Initiative(GARDEN))
    fact = follows.start(command, follows.Known(follows=0, status="proposed"))
    assert (fact.follow_id, fact.follower_id) == (command.follow_id, ANNA)
    assert (fact.subject_kind, fact.subject) == ("initiative", str(GARDEN))


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(100, 50_000))
def test_the_fact_about_a_radius_says_its_size_and_never_where_it_lies(
    latitude: float, longitude: float, metres: int
) -> None:
    fact = follows.start(following(follows.Radius(latitude, longitude, metres)), follows.Known(follows=0))
    assert fact.subject == f"{round(metres / 100) * 100} m"


def test_an_unknown_initiative_cannot_be_followed() -> None:
    with pytest.raises(NotFound, match="initiative-unknown"):
        follows.start(following(follows.Initiative(GARDEN)), follows.Known(follows=0))


def test_a_withdrawn_initiative_cannot_be_followed() -> None:
    with pytest.raises(Refused, match="initiative-withdrawn"):
        follows.start(following(follows.Initiative(GARDEN)), follows.Known(follows=0, status="withdrawn"))


def test_nobody_follows_more_than_the_most() -> None:
    with pytest.raises(Refused, match="too-many-follows"):
        follows.start(following(follows.Theme("groen")), follows.Known(follows=follows.MOST_FOLLOWS))


def test_a_subscription_to_a_type_nobody_publishes_is_refused_and_names_those_there_are() -> None:
    command = subscriptions.Create(uuid4(), ANNA, "https://a.example", ("nl.participatie.what.ever.v1",), None, "s")
    with pytest.raises(Refused, match="type-unknown") as refusal:
        subscriptions.create(command, owned=0)
    assert SupportGiven.type in refusal.value.facts["known"]


def test_our_own_events_are_not_sent_to_others_as_giving_up_would_make_new_deliveries() -> None:
    assert not any(name.startswith("nl.participatie.subscriptions") for name in subscriptions.TYPES)


def test_a_subscription_ends_once() -> None:
    here = subscriptions.Subscription(uuid4(), version=1)
    (event,) = subscriptions.end(here, "stopped")
    ended = subscriptions.evolve(here, event)
    assert (ended.ended, ended.version) == (True, 2)
    with pytest.raises(Conflict, match="subscription-ended"):
        subscriptions.end(ended, "stopped")


def delivery(attempts: int = 0, failures: int = 0, age_s: float = 0) -> Delivery:
    return Delivery(uuid4(), 1, uuid4(), "{}", "https://a.example", "whsec_", attempts, failures, age_s)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_a_delivery(status: int) -> None:
    assert judge(delivery(), Answer(status), SCHEDULE, 0.5).verdict is Verdict.DELIVERED


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    assert judge(delivery(), Answer(status), SCHEDULE, 0.5).verdict is Verdict.AGAIN


def test_gone_ends_the_subscription() -> None:
    assert judge(delivery(), Answer(410), SCHEDULE, 0.5).verdict is Verdict.GONE


@pytest.mark.parametrize("status", [None, 500, 503, 408, 429])
def test_an_endpoint_that_fails_is_held_off(status: int | None) -> None:
    assert judge(delivery(), Answer(status), SCHEDULE, 0.5).endpoint_failed


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_an_event_that_is_refused_does_not_hold_off_the_others(status: int) -> None:
    assert not judge(delivery(), Answer(status), SCHEDULE, 0.5).endpoint_failed


def test_what_has_failed_all_the_time_is_given_up() -> None:
    assert judge(delivery(attempts=20, age_s=76 * 3600), Answer(500), SCHEDULE, 0.5).verdict is Verdict.GAVE_UP


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_waits_are_drawn_between_nothing_and_a_doubling_bound(failures: int, chance: float) -> None:
    bound = 5.0
    for _ in range(min(failures, 20) - 1):
        bound *= 2
    bound = min(bound, 3600.0)
    assert SCHEDULE.wait(failures, chance) == pytest.approx(bound * chance)


def test_an_endpoint_that_asks_for_time_gets_it_up_to_the_longest_wait() -> None:
    assert judge(delivery(), Answer(503, retry_after_s=120), SCHEDULE, 0.0).wait_s == 120
    assert judge(delivery(), Answer(503, retry_after_s=1e8), SCHEDULE, 0.0).wait_s == 3600


def test_a_wait_grows_with_the_failures_of_the_endpoint_whichever_event_was_tried() -> None:
    assert judge(delivery(attempts=0, failures=6), Answer(500), SCHEDULE, 1.0).wait_s == 5 * 2**6


def test_every_line_says_its_title_and_amounts_as_dutch_people_write_them() -> None:
    made = PledgeMade(pledge_id=uuid4(), initiative_id=GARDEN, pledger_id=ANNA, amount_cents=125_000_005)
    assert lines.line(made, "Buurttuin") == "€ 1.250.000,05 toegezegd aan «Buurttuin»"
    assert lines.line(made, None) == "€ 1.250.000,05 toegezegd aan iets dat verwijderd is"


def test_what_the_feed_shows_of_an_event_names_no_people() -> None:
    made = PledgeMade(pledge_id=uuid4(), initiative_id=GARDEN, pledger_id=ANNA, amount_cents=1)
    assert str(ANNA) not in str(lines.public_data(made))
    assert UUID(lines.public_data(made)["initiativeId"]) == GARDEN


def test_everything_with_a_line_is_an_event_that_is_delivered_too() -> None:
    assert set(lines.LINES) <= set(subscriptions.DELIVERABLE)
    assert lines.MAILED.issubset(EVENTS)
    assert deliveries.GONE == 410
