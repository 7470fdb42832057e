"""The rules of contributions and lived experience: given, when, then; without any server."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.initiatives.conftest import some_id

from dorpsplein.contracts.initiatives.contributions import (
    ContributionOffered,
    ContributionPlaced,
    ContributionSetAside,
    ContributionUsed,
    ContributionWithdrawn,
)
from dorpsplein.errors import Forbidden, NotFound, Refused
from initiatives.domain import contributions as domain
from initiatives.domain import lived_experience
from initiatives.domain.contributions import MOVES, Contribution, Kind, SetAsideReason, Status
from initiatives.domain.initiative import Content, Initiative, Terms
from initiatives.domain.initiative import Status as Life
from initiatives.domain.lineage import Link
from initiatives.domain.lived_experience import Claim

ANNA, BORIS, CARLA = some_id(1), some_id(2), some_id(3)
GARDEN = Initiative(
    id=uuid4(),
    version=1,
    status=Life.IN_CO_CREATION,
    content=Content("Een buurttuin", "Samen groen maken.", "groen"),
    initiators=(ANNA,),
    terms=Terms(threshold=3),
    channel="web",
)


def bench(**other: Any) -> Contribution:
    """What Boris brings in."""
    return Contribution(**{"id": uuid4(), "initiative_id": GARDEN.id, "person_id": BORIS, "words": "Een bank", **other})


def as_it_is(status: Status, **other: Any) -> Contribution:
    return bench(status=status, version=1, reason="other" if status == Status.SET_ASIDE else None, **other)


def test_what_a_resident_offers_waits_for_an_initiator() -> None:
    contribution = bench(kind=Kind.IMAGE, scene_id=some_id(9))
    (offered,) = domain.offer(contribution, GARDEN)
    assert offered == ContributionOffered(
        contribution_id=contribution.id,
        initiative_id=GARDEN.id,
        origin="resident",
        contributor_id=BORIS,
        kind="image",
        scene_id=some_id(9),
    )
    assert domain.evolve(contribution, offered).status == Status.OFFERED


def test_what_an_initiator_offers_is_placed_at_once_but_not_where_that_would_say_who_they_are() -> None:
    own = domain.offer(bench(person_id=ANNA), GARDEN)
    assert [type(event) for event in own] == [ContributionOffered, ContributionPlaced]
    (hidden,) = domain.offer(bench(person_id=ANNA, anonymous=True), GARDEN)
    assert str(ANNA) not in hidden.model_dump_json()


def test_anonymous_lived_experience_is_refused_as_the_claim_may_stand_under_a_name_elsewhere() -> None:
    with pytest.raises(Refused, match="claim-is-named"):
        domain.offer(bench(anonymous=True, claim_id=uuid4()), GARDEN)


@pytest.mark.parametrize("status", [Life.CELEBRATED, Life.JOINED, Life.WITHDRAWN, Life.EXPIRED, Life.HALTED])
def test_nothing_is_offered_to_what_has_ended(status: Life) -> None:
    with pytest.raises(Refused, match=f"initiative-{status}"):
        domain.offer(bench(), replace(GARDEN, status=status))


def test_only_an_initiator_places_or_sets_aside_and_only_whose_it_is_takes_it_back() -> None:
    offered = as_it_is(Status.OFFERED)
    for stranger in (BORIS, CARLA):
        with pytest.raises(Forbidden, match="not-yours"):
            domain.place(offered, GARDEN, scene_id=None, session_id=None, person=stranger)
        with pytest.raises(Forbidden, match="not-yours"):
            domain.set_aside(offered, GARDEN, SetAsideReason.OTHER, person=stranger)
    for other in (ANNA, CARLA):
        with pytest.raises(Forbidden, match="not-yours"):
            domain.withdraw(offered, person=other)


def done(doing: str, contribution: Contribution) -> list[domain.ContributionFact]:
    match doing:
        case "place":
            return domain.place(contribution, GARDEN, scene_id=some_id(9), session_id=None, person=ANNA)
        case "use":
            return domain.use(contribution)
        case "set aside":
            return domain.set_aside(contribution, GARDEN, SetAsideReason.NO_ROOM_NOW, person=ANNA)
        case _:
            return domain.withdraw(contribution, person=BORIS)


@pytest.mark.parametrize("doing", MOVES)
@pytest.mark.parametrize("status", Status)
def test_every_move_leads_where_the_table_says_and_every_other_is_refused(doing: str, status: Status) -> None:
    contribution, (sources, target) = as_it_is(status), MOVES[doing]
    through_place = (doing, status) == ("use", Status.OFFERED)
    if status in sources or through_place:
        assert domain.fold(contribution, done(doing, contribution)).status == target
    else:
        with pytest.raises(Refused, match="not-now"):
            done(doing, contribution)


def test_what_is_used_before_it_was_placed_gets_its_place_by_that_and_is_used_once() -> None:
    offered = as_it_is(Status.OFFERED)
    events = domain.use(offered)
    assert [type(event) for event in events] == [ContributionPlaced, ContributionUsed]
    assert domain.use(domain.fold(offered, events)) == []


def test_placing_it_where_it_is_already_is_nothing() -> None:
    placed = as_it_is(Status.PLACED, scene_id=some_id(9))
    assert domain.place(placed, GARDEN, scene_id=some_id(9), session_id=None, person=ANNA) == []
    (moved,) = domain.place(placed, GARDEN, scene_id=None, session_id=some_id(8), person=ANNA)
    assert (moved.scene_id, moved.session_id) == (None, some_id(8))  # type: ignore[union-attr]


def test_what_was_set_aside_says_so_until_it_is_placed_after_all() -> None:
    aside = domain.fold(as_it_is(Status.OFFERED), done("set aside", as_it_is(Status.OFFERED)))
    assert (aside.status, aside.reason) == (Status.SET_ASIDE, "no-room-now")
    placed = domain.fold(aside, done("place", aside))
    assert (placed.status, placed.reason, placed.answer) == (Status.PLACED, None, None)


def test_nothing_of_what_was_taken_back_is_left_but_that_it_was_there() -> None:
    whole = as_it_is(Status.USED, media_id=uuid4(), claim_id=uuid4(), kind=Kind.IMAGE)
    gone = domain.fold(whole, domain.withdraw(whole, person=BORIS))
    assert (gone.words, gone.person_id, gone.media_id, gone.claim_id) == (None, None, None, None)
    assert domain.state_of(gone) is None
    with pytest.raises(Refused, match="not-now"):
        domain.withdraw(gone, person=BORIS)


def test_what_was_told_has_its_place_at_once_and_its_words_stand_elsewhere() -> None:
    told = Contribution(uuid4(), GARDEN.id, origin="session", origin_id=some_id(5))
    after = domain.evolve(told, domain.told(told, CARLA))
    assert (after.status, domain.state_of(after)) == (Status.PLACED, None)
    (gone,) = domain.words_gone(after)
    assert isinstance(gone, ContributionWithdrawn)
    assert domain.words_gone(domain.evolve(after, gone)) == []


def test_the_answer_to_the_contributor_is_in_no_fact() -> None:
    (aside,) = done("set aside", as_it_is(Status.OFFERED))
    assert set(ContributionSetAside.model_fields) == {"contribution_id", "initiative_id", "reason"}
    assert isinstance(aside, ContributionSetAside)


def test_a_claim_is_made_once_until_its_words_change() -> None:
    claim = Claim(uuid4(), BORIS, "mantelzorg")
    assert len(lived_experience.claim(claim, "Zeven jaar", claims=0)) == 1
    made = replace(claim, words="Zeven jaar", version=1)
    assert lived_experience.claim(made, "Zeven jaar", claims=1) == []
    assert len(lived_experience.claim(made, "Acht jaar", claims=20)) == 1
    with pytest.raises(Refused, match="too-many-claims"):
        lived_experience.claim(claim, "Zeven jaar", claims=20)


def test_what_was_never_claimed_is_not_taken_back() -> None:
    with pytest.raises(NotFound, match="claim-unknown"):
        lived_experience.withdraw(None)


def test_the_facts_of_a_claim_say_that_there_is_one_and_its_state_does_not_say_whose() -> None:
    claim = Claim(uuid4(), BORIS, "schulden", "Ik weet hoe het is", version=1)
    for fact in (
        *lived_experience.claim(replace(claim, version=0), "Anders", claims=0),
        *lived_experience.withdraw(claim),
    ):
        assert set(fact.model_dump()) == {"claimId"}
    assert str(BORIS) not in lived_experience.state_of(claim).model_dump_json()


def test_a_link_is_the_same_for_the_same_ends_and_kind_and_no_other() -> None:
    one, two = UUID(int=1), UUID(int=2)
    link = Link("contribution", one, "scene", two, "used-in")
    assert link.id == replace(link, initiative_id=one).id
    others = [replace(link, kind="shown-in"), replace(link, from_id=two), replace(link, to_kind="story")]
    assert len({link.id, *(other.id for other in others)}) == 4
