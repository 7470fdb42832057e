"""Who got what and who got nothing, by theme and neighbourhood, without telling on the few."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as some

from funding.domain.fair_share import FairShare, Group, fair_share
from funding.domain.rules import Ballot, Candidate, Gift, Pool, RoundSnapshot

CANDIDATES = (
    Candidate("a", 1_000, "groen", "noord"),
    Candidate("b", 2_000, "groen", "zuid"),
    Candidate("c", 4_000, "sport", "zuid"),
)


def gifts(**donors: int) -> tuple[Gift, ...]:
    """So many donors of ten cents for each candidate; those of one candidate give to no other."""
    return tuple(
        Gift(f"{candidate}{place}", f"donor {candidate}{place}", candidate, 10)
        for candidate, many in donors.items()
        for place in range(many)
    )


def report(amounts: Mapping[str, int], *, ballots: tuple[Ballot, ...] = (), **donors: int) -> FairShare:
    pools = (Pool("p", 6_000), Pool("q", 4_000))
    return fair_share(RoundSnapshot(CANDIDATES, pools, gifts(**donors), ballots), amounts)


def groups(told: tuple[Group, ...]) -> dict[str, Group]:
    return {group.name: group for group in told}


def test_it_says_who_got_nothing_and_what_each_theme_and_neighbourhood_got():
    told = report({"a": 1_000, "c": 2_000}, a=6, b=10, c=14)
    assert (told.given, told.left, told.people, told.nothing) == (3_000, 7_000, 30, ("b",))
    green, sport = told.themes
    assert (green.name, green.candidates, green.without, green.asked) == ("groen", 2, 1, 3_000)
    assert (green.crowd, green.given, green.people) == (160, 1_000, 16)
    assert (green.share_of_given, green.share_of_people) == (3_333, 5_333)
    assert (sport.given, sport.without, sport.share_of_given, sport.share_of_people) == (2_000, 0, 6_666, 4_666)
    assert {name: group.without for name, group in groups(told.neighbourhoods).items()} == {"noord": 0, "zuid": 1}


def test_someone_who_pledges_twice_is_one_person():
    both = (*gifts(a=5, b=5, c=5), Gift("again", "donor a0", "a", 10), Gift("other", "donor a0", "b", 10))
    told = fair_share(RoundSnapshot(CANDIDATES, (), both), {})
    assert (told.people, groups(told.themes)["groen"].people) == (15, 10)


def test_voters_count_where_they_gave_points_and_as_many_as_their_ballot_stands_for():
    ballots = (Ballot((("a", 1), ("c", 2)), 7), Ballot((("b", 3), ("c", 0)), 8), Ballot((("c", -1), ("a", 1)), 5))
    told = report({}, ballots=ballots)
    assert told.people == 20
    assert {name: group.people for name, group in groups(told.themes).items()} == {"groen": 20, "sport": 7}
    assert groups(told.themes)["sport"].share_of_given == 0


def test_fewer_than_five_people_are_not_shown_and_cannot_be_had_by_subtraction():
    told = report({"a": 1_000}, a=20, b=20, c=4)
    themes, places = groups(told.themes), groups(told.neighbourhoods)
    assert (themes["sport"].people, themes["groen"].people, told.people) == (None, None, None)
    assert all(group.share_of_people is None for group in (*told.themes, *told.neighbourhoods))
    assert places["noord"].people == 20
    assert report({}, a=5, b=5, c=5).people == 15


@given(
    some.lists(some.tuples(some.sampled_from("abc"), some.integers(0, 8)), max_size=12),
    some.dictionaries(some.sampled_from("abc"), some.integers(0, 3_000)),
)
def test_groups_add_up_and_no_small_number_is_ever_shown(pledged: list[tuple[str, int]], amounts: dict[str, int]):
    made = tuple(Gift(str(place), str(who), one, 10) for place, (one, who) in enumerate(pledged))
    told = fair_share(RoundSnapshot(CANDIDATES, (Pool("p", 10_000),), made), amounts)
    for dimension in (told.themes, told.neighbourhoods):
        assert sum(group.given for group in dimension) == told.given == sum(amounts.values())
        assert sum(group.candidates for group in dimension) == len(CANDIDATES)
        assert sum(group.without for group in dimension) == len(told.nothing)
        assert sum(group.crowd for group in dimension) == 10 * len(made)
        assert all(group.people is None or group.people >= 5 for group in dimension)
        hidden = [group for group in dimension if group.people is None]
        assert len(hidden) != 1
        assert not hidden or told.people is None
