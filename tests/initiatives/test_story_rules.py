"""The rules of consents and stories: who is asked, what a change of mind does, and what is public when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.initiatives.conftest import NOON, some_id

import initiatives
from dorpsplein.contracts.initiatives.initiatives import DreamVisionPublished, InitiativeCelebrated
from dorpsplein.contracts.initiatives.milestones import MilestoneReached
from dorpsplein.contracts.initiatives.stories import (
    RetellingState,
    RetellingTold,
    RetellingWithdrawn,
    StoryConsented,
    StoryConsentLost,
    StoryEdited,
    StoryPublished,
    StoryRetold,
    StoryState,
    StoryTold,
    StoryUnpublished,
    StoryWithdrawn,
)
from dorpsplein.errors import Conflict, Forbidden, NotFound, Refused, Rejected, Stale
from dorpsplein.migrating import migrations_of
from initiatives.domain import consents
from initiatives.domain.consents import Consent
from initiatives.domain.stories import decisions
from initiatives.domain.stories.shown import Shown, shown_of
from initiatives.domain.stories.story import (
    MOVES,
    RETELLING_MOVES,
    Retelling,
    RetellingStatus,
    Status,
    Story,
    Words,
    fold,
)
from initiatives.domain.stories.told import facts
from initiatives.domain.stories.worth import MEANINGS, OF_FACTS, Candidate, Happened, Reason, Worth, worth_retelling

TELLER, ANNA, BORIS, DORA = some_id(1), some_id(2), some_id(3), some_id(4)
PLACE, TUIN = some_id(10), some_id(11)
EVERYONE = frozenset({TELLER, ANNA, BORIS})
NOBODY: frozenset[UUID] = frozenset()
WORDS = Words("De tuin", "Hoe de tuin er kwam.", (some_id(50),))


Act = Callable[[], object]


def asked(status: consents.Status = consents.Status.ASKED, subject_version: int = 1) -> Consent:
    return Consent(some_id(9), "story", some_id(8), subject_version, PLACE, ANNA, "story", status, version=1)


def told() -> Story:
    story = Story(some_id(8), PLACE, TELLER, WORDS, (ANNA, BORIS), (some_id(40),))
    return fold(story, decisions.tell(story))


def consented() -> Story:
    return fold(told(), decisions.weigh(told(), EVERYONE, NOBODY))


def published() -> Story:
    return fold(consented(), decisions.publish(consented(), person=TELLER))


def retold() -> Story:
    """A public story with a retelling that can be read."""
    after, events = decisions.retell(published(), Retelling(some_id(30), DORA, Words(None, "Mooi.", (some_id(51),))))
    after = fold(after, events)
    return fold(after, decisions.weigh(after, EVERYONE, EVERYONE))


def refused(code: str, kind: type[Rejected] = Refused) -> Any:
    return pytest.raises(kind, match=code)


def kinds(events: Any) -> list[type]:
    return [type(event) for event in events]


def test_a_consent_is_given_to_the_version_that_was_seen_and_to_no_other() -> None:
    (given,) = consents.give(asked(subject_version=2), 2, person=ANNA)
    after = consents.evolve(asked(subject_version=2), given)
    assert after.stands_for(2)
    assert not after.stands_for(3)
    for seen in (1, 3):
        with refused("subject-changed", Stale):
            consents.give(asked(subject_version=2), seen, person=ANNA)


def test_asking_again_changes_nothing_until_there_is_something_new_to_agree_to() -> None:
    given = asked(consents.Status.GIVEN)
    assert consents.ask(given, 1, by_themselves=False) == []
    (again,) = consents.ask(given, 2, by_themselves=False)
    assert consents.evolve(given, again) == replace(asked(subject_version=2), version=2)
    assert len(consents.ask(given, 2, by_themselves=True)) == 2
    assert consents.ask(asked(consents.Status.DECLINED), 1, by_themselves=False) == []
    lapsed = asked(consents.Status.LAPSED)
    assert len(consents.ask(lapsed, 1, by_themselves=False)) == 1


def test_who_said_no_or_took_their_yes_back_may_still_say_yes() -> None:
    for status in (consents.Status.DECLINED, consents.Status.WITHDRAWN):
        assert len(consents.give(asked(status), 1, person=ANNA)) == 1


def test_an_answer_that_stands_already_is_given_again_without_effect() -> None:
    assert consents.give(asked(consents.Status.GIVEN), 1, person=ANNA) == []
    assert consents.decline(asked(consents.Status.DECLINED), person=ANNA) == []
    assert consents.withdraw(asked(consents.Status.WITHDRAWN), person=ANNA) == []
    assert consents.lapse(asked(consents.Status.LAPSED)) == []


def test_nobody_answers_for_somebody_else_nor_hears_that_they_are_asked() -> None:
    answers: list[Act] = [
        lambda: consents.give(asked(), 1, person=BORIS),
        lambda: consents.decline(asked(), person=BORIS),
        lambda: consents.withdraw(asked(consents.Status.GIVEN), person=BORIS),
    ]
    for answer in answers:
        with refused("consent-unknown", NotFound):
            answer()


@pytest.mark.parametrize("status", consents.Status)
def test_a_consent_moves_only_as_its_table_says(status: consents.Status) -> None:
    answers: dict[str, Callable[[], list[consents.ConsentEvent]]] = {
        "give": lambda: consents.give(asked(status), 1, person=ANNA),
        "decline": lambda: consents.decline(asked(status), person=ANNA),
        "withdraw": lambda: consents.withdraw(asked(status), person=ANNA),
    }
    for verb, answer in answers.items():
        sources, target = consents.MOVES[verb]
        if status in sources:
            assert consents.evolve(asked(status), answer()[-1]).status == target
        elif status != target:
            with refused("illegal-consent-move"):
                answer()


def test_a_story_waits_until_everyone_in_it_agrees_its_teller_too() -> None:
    assert decisions.weigh(told(), frozenset({TELLER, ANNA}), NOBODY) == []
    assert decisions.weigh(told(), frozenset({ANNA, BORIS}), NOBODY) == []
    assert kinds(decisions.weigh(told(), EVERYONE, NOBODY)) == [StoryConsented]
    assert kinds(decisions.weigh(consented(), EVERYONE - {BORIS}, NOBODY)) == [StoryConsentLost]


def test_a_story_is_published_by_its_teller_once_all_agree() -> None:
    with refused("consent-missing"):
        decisions.publish(told(), person=TELLER)
    with refused("not-yours", Forbidden):
        decisions.publish(consented(), person=ANNA)
    assert kinds(decisions.publish(consented(), person=TELLER)) == [StoryPublished]
    with refused("illegal-story-move"):
        decisions.publish(published(), person=TELLER)


def test_one_who_withdraws_takes_the_story_from_view_with_all_that_was_retold_of_it() -> None:
    events = decisions.weigh(retold(), EVERYONE - {ANNA}, EVERYONE)
    assert kinds(events) == [StoryUnpublished, RetellingWithdrawn]
    after = fold(retold(), events)
    assert (after.status, after.retellings[0].status) == (Status.TOLD, RetellingStatus.WITHDRAWN)
    erased = [(type(fact.event), fact.erases) for fact in facts(retold(), events, NOON)]
    assert erased == [
        (StoryUnpublished, False),
        (StoryState, True),
        (RetellingWithdrawn, False),
        (RetellingState, True),
    ]


def test_one_who_no_longer_agrees_to_a_retelling_leaves_the_story_where_it_is() -> None:
    events = decisions.weigh(retold(), EVERYONE, EVERYONE - {BORIS})
    assert [(type(one), getattr(one, "reason", None)) for one in events] == [(RetellingWithdrawn, "consent-withdrawn")]
    assert fold(retold(), events).status == Status.PUBLISHED


def test_a_retelling_waits_until_everyone_in_the_story_agrees_to_it() -> None:
    with refused("illegal-story-move"):
        decisions.retell(consented(), Retelling(some_id(30), DORA, WORDS))
    after, events = decisions.retell(published(), Retelling(some_id(30), DORA, WORDS))
    assert kinds(events) == [RetellingTold]
    after = fold(after, events)
    assert decisions.weigh(after, EVERYONE, EVERYONE - {TELLER}) == []
    assert kinds(decisions.weigh(after, EVERYONE, EVERYONE)) == [StoryRetold]
    with refused("retold-already", Conflict):
        decisions.retell(after, Retelling(some_id(31), DORA, WORDS))


def test_only_who_retold_it_takes_a_retelling_back_and_only_once() -> None:
    with refused("not-yours", Forbidden):
        decisions.withdraw_retelling(retold(), some_id(30), person=TELLER)
    with refused("retelling-unknown", NotFound):
        decisions.withdraw_retelling(retold(), some_id(31), person=DORA)
    after = fold(retold(), decisions.withdraw_retelling(retold(), some_id(30), person=DORA))
    assert after.retellings[0].words is None
    with refused("illegal-retelling-move"):
        decisions.withdraw_retelling(after, some_id(30), person=DORA)


def test_other_words_are_asked_anew_and_are_not_public_meanwhile() -> None:
    story = retold()
    after, events = decisions.edit(story, {"text": "Anders."}, person=TELLER, version=story.version)
    assert kinds(events) == [StoryEdited, RetellingWithdrawn]
    after = fold(after, events)
    assert (after.status, after.words_version) == (Status.TOLD, 2)
    assert after.words == Words("De tuin", "Anders.", WORDS.media_ids)


def test_who_is_taken_out_stops_nobody_and_who_comes_in_is_asked() -> None:
    story = published()
    after, events = decisions.edit(story, {"people": (ANNA,)}, person=TELLER, version=story.version)
    assert (fold(after, events).status, fold(after, events).words_version) == (Status.PUBLISHED, 1)
    after, events = decisions.edit(story, {"people": (ANNA, BORIS, DORA)}, person=TELLER, version=story.version)
    assert (fold(after, events).status, fold(after, events).words_version) == (Status.TOLD, 1)


def test_an_edit_is_refused_to_others_on_an_old_version_and_of_what_was_withdrawn() -> None:
    with refused("not-yours", Forbidden):
        decisions.edit(told(), {"text": "x"}, person=ANNA, version=1)
    with refused("story-changed", Stale):
        decisions.edit(consented(), {"text": "x"}, person=TELLER, version=1)
    assert decisions.edit(told(), {"text": WORDS.text}, person=TELLER, version=1) == (told(), [])
    gone = fold(published(), decisions.withdraw(published(), person=TELLER))
    acts: list[Act] = [
        lambda: decisions.edit(gone, {"text": "x"}, person=TELLER, version=gone.version),
        lambda: decisions.withdraw(gone, person=TELLER),
        lambda: decisions.publish(gone, person=TELLER),
    ]
    for act in acts:
        with refused("illegal-story-move"):
            act()


def test_a_story_that_is_withdrawn_has_no_words_left() -> None:
    events = decisions.withdraw(retold(), person=TELLER)
    after = fold(retold(), events)
    assert kinds(events) == [StoryWithdrawn, RetellingWithdrawn]
    assert (after.words, after.retellings[0].words) == (None, None)
    assert shown_of(after) == Shown()


def test_every_move_of_the_tables_starts_and_ends_at_a_status_and_none_leads_back_from_withdrawn() -> None:
    assert {source for sources, _ in MOVES.values() for source in sources} == set(Status) - {Status.WITHDRAWN}
    assert {target for _, target in MOVES.values()} == set(Status)
    assert {target for _, target in RETELLING_MOVES.values()} == set(RetellingStatus) - {RetellingStatus.WAITING}


def test_each_fact_has_the_next_version_and_its_state_the_same() -> None:
    story = Story(some_id(8), PLACE, TELLER, WORDS)
    events = [*decisions.tell(story)]
    events += decisions.weigh(fold(story, events), frozenset({TELLER}), NOBODY)
    events += decisions.publish(fold(story, events), person=TELLER)
    assert [(type(fact.event), fact.sequence) for fact in facts(story, events, NOON)] == [
        (StoryTold, 1),
        (StoryConsented, 2),
        (StoryPublished, 3),
        (StoryState, 3),
    ]


def test_what_stands_in_a_story_is_linked_while_it_is_public_and_only_then() -> None:
    assert shown_of(consented()) == Shown()
    shown = shown_of(retold())
    assert {(one.kind, one.from_id, one.to_id) for one in shown.links} == {
        ("told-in", PLACE, some_id(8)),
        ("used-in", some_id(40), some_id(8)),
        ("retold-in", some_id(8), some_id(30)),
    }
    assert shown.media == {("story", some_id(8), some_id(50)), ("retelling", some_id(30), some_id(51))}


def happened(kind: Any, initiative: UUID, days: float) -> Happened:
    return Happened(initiative, kind.type, NOON - timedelta(days=days))


def candidate(number: int, initiative: UUID, days: float, *, free: bool = False, retold: bool = False) -> Candidate:
    return Candidate(some_id(number), initiative, NOON - timedelta(days=days), free, retold)


def codes(worth: Worth) -> list[str]:
    return [reason.value for reason, _ in worth.reasons]


def test_what_is_worth_retelling_says_why_and_adds_up() -> None:
    ranked = worth_retelling(
        [
            happened(MilestoneReached, PLACE, 1),
            happened(MilestoneReached, PLACE, 3),
            happened(DreamVisionPublished, TUIN, 2),
            happened(InitiativeCelebrated, TUIN, 8),
        ],
        [
            candidate(1, PLACE, 30, free=True),
            candidate(2, PLACE, 2, free=True, retold=True),
            candidate(3, some_id(12), 30, free=True),
        ],
        NOON,
    )
    assert [(one.story_id, codes(one), one.score) for one in ranked] == [
        (some_id(1), ["may-be-retold", "milestone-reached"], 6),
        (some_id(2), ["milestone-reached", "new-story"], 5),
        (None, ["dream-published", "untold"], 5),
    ]
    assert all(one.score == sum(MEANINGS[Reason(code)].weight for code in codes(one)) for one in ranked)
    assert ranked[0].reasons[1] == (Reason.MILESTONE_REACHED, NOON - timedelta(days=1))


def test_the_same_facts_in_any_order_give_the_same_list() -> None:
    facts_there = [happened(MilestoneReached, some_id(n), 1) for n in range(6)]
    stories = [candidate(100 + n, some_id(n), 2) for n in range(3)]
    expected = worth_retelling(facts_there, stories, NOON)
    assert worth_retelling(facts_there[::-1], stories[::-1], NOON) == expected
    assert len({one.story_id or one.initiative_id for one in expected}) == 6


def test_the_index_of_the_migration_names_the_facts_that_make_something_worth_telling() -> None:
    (migration,) = (file for file in migrations_of(initiatives) if file.name == "0009_stories.sql")
    assert all(f"'{kind}'" in migration.read_text() for kind in OF_FACTS)
