"""What an initiative says: proposing, editing, carrying it together; without any server."""

from dataclasses import replace
from typing import Any

from hypothesis import given as examples
from hypothesis import strategies as st
from tests.initiatives.lives import ANNA, BRAM, CARLA, GARDEN, ID, TERMS, given, reach, refusal, withdraw

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeProposed, InitiativeState
from dorpsplein.envelope import Event
from dorpsplein.errors import Conflict, Forbidden, NotFound, Refused, Stale
from initiatives.domain import edits, initiators, life
from initiatives.domain.challenge import CHALLENGE, QUESTIONS
from initiatives.domain.evolving import fold
from initiatives.domain.initiative import Content, Initiative, Status, refuse_support

ANSWERS = dict.fromkeys(QUESTIONS, "Samen, elke week.")


def edited(changes: dict[str, Any], before: Initiative | None = None) -> list[Event]:
    before = before or given()
    return edits.edit(before, changes, person=ANNA, version=before.version)


def proposed(content: Content) -> list[Event]:
    return life.propose(content, initiative_id=ID, initiator=ANNA, terms=TERMS, channel="web")


def test_a_proposal_says_who_and_how_many_and_keeps_its_words_out_of_the_fact() -> None:
    fact, state = proposed(GARDEN)
    assert isinstance(fact, InitiativeProposed)
    assert (fact.initiator_id, fact.threshold, fact.means_needed_cents, fact.latitude) == (ANNA, 3, 100, 52.0)
    assert fact.supports_close_at == TERMS.supports_close_at
    assert "buurttuin" not in fact.model_dump_json()
    assert isinstance(state, InitiativeState)
    assert (state.title, state.summary, state.status) == (GARDEN.title, GARDEN.summary, "proposed")
    assert given() == Initiative(ID, 1, Status.PROPOSED, GARDEN, (ANNA,), TERMS, "web")


def test_an_edit_names_what_changed_and_who_changed_it_and_makes_the_next_version() -> None:
    fact, state = edited({"title": "Een tuin", "means_needed_cents": 0, "theme": "groen"})
    assert isinstance(fact, InitiativeEdited)
    assert isinstance(state, InitiativeState)
    assert (fact.changed, fact.edited_by) == (["title", "meansNeededCents"], ANNA)
    after = fold(given(), [fact, state])
    assert (after.version, after.content) == (2, Content("Een tuin", GARDEN.summary, "groen", GARDEN.place, 0))


def test_a_neighbourhood_stands_in_every_event_and_can_be_taken_away() -> None:
    content = replace(GARDEN, neighbourhood="noord")
    assert [getattr(event, "neighbourhood", "") for event in proposed(content)] == ["noord", "noord"]
    fact, state = edited({"neighbourhood": None}, given(content=content))
    assert isinstance(fact, InitiativeEdited)
    assert isinstance(state, InitiativeState)
    assert (fact.changed, fact.neighbourhood, state.neighbourhood) == (["neighbourhood"], None, None)


def test_an_edit_that_changes_nothing_is_no_event_and_only_the_newest_version_is_edited() -> None:
    assert edited({"title": GARDEN.title, "place": GARDEN.place}) == []
    later = fold(given(), edited({"title": "Een tuin"}))
    assert refusal(Stale, lambda: edits.edit(later, {"title": "x"}, person=ANNA, version=1)) == "initiative-changed"


def test_nobody_but_the_initiators_edits() -> None:
    assert refusal(Forbidden, lambda: edits.edit(given(), {}, person=BRAM, version=1)) == "not-yours"


def test_what_is_withdrawn_takes_no_edit_and_no_support() -> None:
    gone = given(withdraw)
    assert refusal(Refused, lambda: edited({"title": "x"}, gone)) == "initiative-withdrawn"
    assert refusal(Refused, lambda: refuse_support(gone.status, ID)) == "initiative-withdrawn"


def test_support_is_taken_by_whatever_goes_on_until_it_closes() -> None:
    assert refusal(NotFound, lambda: refuse_support(None, ID)) == "initiative-unknown"
    refuse_support(Status.PROPOSED, ID)
    refuse_support(Status.UNDER_WAY, ID)
    assert refusal(Refused, lambda: refuse_support(Status.PAUSED, ID)) == "initiative-paused"
    assert refusal(Refused, lambda: refuse_support(Status.SUPPORTED, ID, closed=True)) == "support-closed"


def test_an_edit_keeps_a_supported_initiative_supported() -> None:
    reached = given(reach)
    assert fold(reached, edited({"title": "x"}, reached)).status == Status.SUPPORTED


def test_a_challenge_answers_all_its_questions_and_nothing_else_does() -> None:
    challenge = replace(GARDEN, kind=CHALLENGE, answers=ANSWERS)
    fact, state = proposed(challenge)
    assert isinstance(fact, InitiativeProposed)
    assert isinstance(state, InitiativeState)
    assert (fact.kind, state.answers) == (CHALLENGE, ANSWERS)
    assert "elke week" not in fact.model_dump_json()
    assert given(content=challenge).content == challenge
    for code in QUESTIONS:
        partly = {other: answer for other, answer in ANSWERS.items() if other != code}
        assert refusal(Refused, lambda p=partly: proposed(replace(challenge, answers=p))) == "questions-open"  # type: ignore[misc]
    assert refusal(Refused, lambda: proposed(replace(challenge, answers=ANSWERS | {"x": "y"}))) == "question-unknown"
    assert refusal(Refused, lambda: proposed(replace(GARDEN, answers=ANSWERS))) == "not-a-challenge"


def invited(it: Initiative) -> list[Event]:
    return initiators.invite(it, BRAM, person=ANNA)


def accepted(it: Initiative) -> list[Event]:
    return initiators.accept(it, person=BRAM)


def test_who_was_invited_and_says_yes_may_all_that_an_initiator_may() -> None:
    together = given(invited, accepted)
    assert (together.initiators, together.invited, together.version) == ((ANNA, BRAM), (), 3)
    assert edits.edit(together, {"title": "x"}, person=BRAM, version=3)
    assert initiators.invite(together, CARLA, person=BRAM)
    assert initiators.invite(given(invited), BRAM, person=ANNA) == []


def test_nobody_carries_it_without_an_invitation_and_nobody_else_invites() -> None:
    assert refusal(NotFound, lambda: initiators.accept(given(), person=BRAM)) == "invitation-unknown"
    assert refusal(Forbidden, lambda: initiators.invite(given(), CARLA, person=BRAM)) == "not-yours"
    assert refusal(Conflict, lambda: initiators.invite(given(), ANNA, person=ANNA)) == "is-initiator"
    assert refusal(NotFound, lambda: initiators.accept(given(invited, accepted), person=BRAM)) == "invitation-unknown"


def test_an_invitation_is_declined_by_who_was_asked_or_taken_back_by_an_initiator() -> None:
    for who in (BRAM, ANNA):
        after = given(invited, lambda it, who=who: initiators.decline(it, BRAM, person=who))  # type: ignore[misc]
        assert (after.invited, after.initiators) == ((), (ANNA,))
    assert refusal(Forbidden, lambda: initiators.decline(given(invited), BRAM, person=CARLA)) == "not-yours"


def test_everybody_may_leave_but_the_last() -> None:
    together = given(invited, accepted)
    alone = fold(together, initiators.leave(together, person=ANNA))
    assert (alone.initiators, alone.initiator_id) == ((BRAM,), BRAM)
    assert refusal(Refused, lambda: initiators.leave(alone, person=BRAM)) == "last-initiator"
    assert refusal(Forbidden, lambda: initiators.leave(alone, person=ANNA)) == "not-yours"


def test_at_most_twenty_carry_it() -> None:
    crowded = replace(given(), invited=tuple(replace(TERMS, threshold=n) for n in range(19)))  # type: ignore[misc]
    assert refusal(Refused, lambda: initiators.invite(crowded, BRAM, person=ANNA)) == "too-many-initiators"


@examples(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_a_difference_gives_back_both_texts(before: str, after: str) -> None:
    pieces = edits.difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)


def test_a_difference_is_read_by_the_word() -> None:
    pieces = edits.difference("Samen groen maken.", "Samen blauw maken.")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("kept", "Samen "),
        ("removed", "groen "),
        ("added", "blauw "),
        ("kept", "maken."),
    ]
