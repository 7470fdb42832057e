"""Which arrangers and requests go together: the weighing on its own."""

from dataclasses import replace
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from presence.api.matching import reasons_of
from presence.domain.matching import Fit, Why, ranked, score

THEMES = ("care", "green", "play", "sport")
FITS = st.builds(
    Fit,
    ref=st.uuids(),
    shared=st.lists(st.sampled_from(THEMES), unique=True, max_size=3).map(tuple),
    metres=st.none() | st.floats(0, 60_000),
    busy_minutes=st.integers(0, 20_000),
    hours_a_week=st.integers(1, 40),
)


def place(fit: Fit, others: list[Fit]) -> int:
    return ranked([*others, fit]).index(fit)


@given(FITS, st.lists(FITS, max_size=6), st.integers(1, 20_000), st.floats(0, 1))
def test_sharing_more_being_nearer_and_being_less_busy_never_lowers_anyone(
    fit: Fit, others: list[Fit], more: int, part: float
) -> None:
    others = [other for other in others if other.ref != fit.ref]
    better = [replace(fit, shared=(*fit.shared, next(theme for theme in THEMES if theme not in fit.shared)))]
    if fit.metres is not None:
        better.append(replace(fit, metres=fit.metres * part))
    better.append(replace(fit, busy_minutes=max(0, fit.busy_minutes - more)))
    for one in better:
        assert score(one) >= score(fit)
        assert place(one, others) <= place(fit, others)
    busier = replace(fit, busy_minutes=fit.busy_minutes + more)
    assert score(busier) <= score(fit)
    assert place(busier, others) >= place(fit, others)


@given(st.lists(FITS, max_size=8, unique_by=lambda fit: fit.ref), st.randoms(use_true_random=False))
def test_the_order_is_the_same_whatever_order_they_come_in(fits: list[Fit], random: Random) -> None:
    shuffled = list(fits)
    random.shuffle(shuffled)
    assert ranked(shuffled) == ranked(fits)


@given(FITS, st.integers(1, 40))
def test_a_longer_week_with_the_same_work_is_no_drawback(fit: Fit, hours: int) -> None:
    longer = replace(fit, hours_a_week=min(40, fit.hours_a_week + hours))
    assert score(longer) >= score(fit)


def test_figures_of_one_pair() -> None:
    fit = Fit(UUID(int=1), ("green",), 2_449.0, 12 * 60, 24)
    assert fit.distance == 2_400
    assert score(fit) == 40 + 22 + 22
    assert score(replace(fit, metres=None)) == 40 + 22
    assert score(replace(fit, shared=(), metres=10_000.0, busy_minutes=48 * 60)) == 0
    assert score(replace(fit, shared=(), metres=99_999.0, busy_minutes=99 * 60)) == 0


def test_of_equals_the_least_busy_comes_first_and_then_the_nearest() -> None:
    far = Fit(UUID(int=1), (), 20_000.0, 60, 40)
    further, busier = replace(far, ref=UUID(int=0), metres=30_000.0), replace(far, ref=UUID(int=2), busy_minutes=61)
    assert score(far) == score(further) == score(busier)
    assert ranked([busier, further, far]) == [far, further, busier]


def test_a_reason_is_given_for_what_is_known_and_for_nothing_else() -> None:
    fit = Fit(UUID(int=1), ("green",), 2_449.0, 90, 24)
    shared, distance, load = reasons_of(fit)
    assert (shared.code, shared.themes) == (Why.THEME_SHARED, ["green"])
    assert (distance.code, distance.meters) == (Why.DISTANCE, 2_400)
    assert (load.code, load.announced_hours, load.available_hours) == (Why.LOAD, 1.5, 48)
    assert [one.code for one in reasons_of(replace(fit, shared=(), metres=None))] == [Why.LOAD]
