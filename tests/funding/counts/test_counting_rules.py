"""The life of an official count, without a database: draw, witness, dispute, override."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dorpsplein.contracts.funding.counts import (
    CountAbandoned,
    CountDisputed,
    CountPublished,
    CountStarted,
    CountTied,
    DrawHeld,
    OutcomeCounted,
    OutcomeOverridden,
)
from dorpsplein.envelope import Event, Fact
from dorpsplein.errors import Refused, Rejected
from funding.domain import counts, draws, overrides
from funding.domain.counts import Count, Witness
from funding.domain.draws import commitment, drawn
from funding.domain.overrides import Override
from funding.domain.rules import Allocation, Reason, RoundAllocation

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OTTO, SAAR, ERIK = uuid4(), uuid4(), uuid4()
SEED = "een lang en willekeurig zaad"
ASKED = Count(
    id=uuid4(),
    election=uuid4(),
    round=None,
    rule="greedy",
    knobs={"ties": "draw"},
    rule_version="a" * 64,
    input_root="b" * 64,
    input_digest="c" * 64,
    seed_commitment=commitment(SEED),
    started_by=OTTO,
    started_at=NOON,
)
WON = RoundAllocation(lines=(("a", Allocation(500, (("pot", 500),), (Reason("cost", 500),))),))
OUTCOME = replace(WON, left_out=(("b", Allocation(0, (), (Reason("cost", 300), Reason("does-not-fit", -300)))),))
TIED = RoundAllocation(lines=(), unresolved_ties=(("a", "b"),))


def started(asked: Count = ASKED, known: Sequence[Count] = ()) -> Count:
    return counts.start(asked, known)[0]


def counted(asked: Count = ASKED) -> Count:
    return counts.finish(started(asked), OUTCOME, NOON)[0]


def tied() -> Count:
    return counts.finish(started(), TIED, NOON)[0]


def published() -> Count:
    count = counted()
    return counts.bear_witness(count, Witness(SAAR, str(count.outcome_digest), NOON))[0]


def events(facts: Sequence[Fact]) -> list[Event]:
    return [fact.event for fact in facts]


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Rejected) as caught:
        yield
    assert caught.value.code == code


def test_a_count_says_on_what_and_by_what_it_counts_before_it_does():
    count, facts = counts.start(ASKED, [])
    [event] = events(facts)
    assert isinstance(event, CountStarted)
    assert (event.input_root, event.rule_version, event.seed_commitment) == ("b" * 64, "a" * 64, commitment(SEED))
    assert (event.knobs, event.choices) == ({}, {"ties": "draw"})
    assert (count.status, count.version, facts[0].sequence) == ("started", 1, 1)


def test_a_rule_that_leaves_ties_to_a_draw_needs_a_commitment_first():
    with refused("seed-commitment-missing"):
        started(replace(ASKED, seed_commitment=None))
    assert started(replace(ASKED, seed_commitment=None, knobs={"ties": "fixed"})).status == "started"


def test_one_count_under_a_rule_version_stands_at_a_time():
    for count in (started(), tied(), counted(), published()):
        with refused("count-stands"):
            started(replace(ASKED, id=uuid4()), [count])
        assert started(replace(ASKED, id=uuid4(), rule_version="d" * 64), [count]).status == "started"


def test_a_disputed_or_abandoned_count_makes_room_for_another():
    disputed, _ = counts.bear_witness(counted(), Witness(SAAR, "f" * 64, NOON))
    abandoned, _ = counts.abandon(started(), Refused("no", "it does not fit"))
    assert started(replace(ASKED, id=uuid4()), [disputed, abandoned]).status == "started"


def test_nobody_counts_with_seed_after_seed_until_one_pleases():
    other = replace(ASKED, id=uuid4(), rule_version="d" * 64, seed_commitment=commitment("another seed"))
    with refused("seed-committed-before"):
        started(other, [counted()])
    assert started(replace(other, seed_commitment=None), [counted()]).seed_commitment == ASKED.seed_commitment


def test_a_draw_that_was_held_holds_for_later_counts_of_the_same():
    settled, _ = counts.hold_draw(tied(), SEED, ["a", "b"])
    later = started(replace(ASKED, id=uuid4(), rule_version="d" * 64, seed_commitment=None), [settled])
    assert later.draw == settled.draw
    fixed = started(replace(ASKED, id=uuid4(), rule_version="d" * 64, knobs={"ties": "fixed"}), [settled])
    assert fixed.draw is None


def test_a_tie_stops_the_count_without_an_outcome():
    count, facts = counts.finish(started(), TIED, NOON)
    assert (count.status, count.ties, count.lines) == ("tied", (("a", "b"),), None)
    assert events(facts) == [CountTied(count_id=count.id, ties=1)]
    with refused("not-counted"):
        counts.bear_witness(count, Witness(SAAR, "f" * 64, NOON))


def test_only_the_seed_that_was_committed_to_settles_a_tie():
    with refused("seed-differs"):
        counts.hold_draw(tied(), SEED + ".", ["a", "b"])
    count, facts = counts.hold_draw(tied(), SEED, ["a", "b"])
    [event] = events(facts)
    assert isinstance(event, DrawHeld)
    assert count.draw == draws.Draw(SEED, drawn(SEED, ["b", "a"]))
    assert counts.hold_draw(count, SEED, ["a", "b"]) == (count, [])


def test_a_seed_is_revealed_for_a_tie_only_and_needs_its_commitment():
    for count in (started(), counted(), published()):
        with refused("nothing-to-draw"):
            counts.hold_draw(count, SEED, ["a", "b"])
    with refused("seed-not-committed"):
        counts.hold_draw(replace(tied(), seed_commitment=None), SEED, ["a", "b"])


def test_a_draw_that_leaves_a_tie_is_refused():
    drawn_once, _ = counts.hold_draw(tied(), SEED, ["a", "b"])
    with refused("still-tied"):
        counts.finish(drawn_once, TIED, NOON)


def test_the_order_of_a_draw_is_that_of_the_published_recipe():
    import hashlib

    names = ["1", "2", "10", "é"]
    recipe = {hashlib.sha256(b"zaad\x00" + name.encode()).hexdigest(): name for name in names}
    assert drawn("zaad", names) == tuple(recipe[key] for key in sorted(recipe))
    assert commitment("zaad") == hashlib.sha256(b"zaad").hexdigest()


@given(some.text(), some.lists(some.text(), unique=True), some.randoms(use_true_random=False))
def test_a_draw_has_every_candidate_once_whatever_order_they_stand_in(seed, names, shuffler):
    shuffled = list(names)
    shuffler.shuffle(shuffled)
    assert drawn(seed, shuffled) == drawn(seed, names)
    assert sorted(drawn(seed, names)) == sorted(names)


def test_an_outcome_is_counted_but_its_digest_is_in_no_fact_yet():
    count, facts = counts.finish(started(), OUTCOME, NOON)
    assert events(facts) == [OutcomeCounted(count_id=count.id)]
    assert count.status == "counted"
    assert not count.is_open
    assert count.lines == (*OUTCOME.lines, *OUTCOME.left_out)


def test_the_digest_of_an_outcome_is_about_amounts_rule_and_input_and_not_about_order():
    digest = counts.outcome_digest("v", "r", {"b": 2, "a": 1, "c": 0})
    import hashlib

    assert digest == hashlib.sha256(b'{"inputRoot":"r","outcome":[["a",1],["b",2]],"ruleVersion":"v"}').hexdigest()
    assert digest == counts.outcome_digest("v", "r", {"a": 1, "b": 2})
    others = [("w", "r", {"a": 1, "b": 2}), ("v", "s", {"a": 1, "b": 2}), ("v", "r", {"a": 2, "b": 1})]
    assert digest not in {counts.outcome_digest(*other) for other in others}


def test_who_started_a_count_is_not_its_witness():
    count = counted()
    with refused("witness-is-starter"):
        counts.bear_witness(count, Witness(OTTO, str(count.outcome_digest), NOON))


def test_a_witness_who_finds_the_same_publishes():
    count = counted()
    witness = Witness(SAAR, str(count.outcome_digest), NOON)
    after, facts = counts.bear_witness(count, witness)
    [event] = events(facts)
    assert isinstance(event, CountPublished)
    assert (event.winners, event.amount_cents, event.witness_id) == (1, 500, SAAR)
    assert (event.outcome_digest, event.input_root) == (count.outcome_digest, "b" * 64)
    assert (after.status, after.is_open, after.lines) == ("published", True, count.lines)
    assert counts.bear_witness(after, witness) == (after, [])


def test_a_witness_who_finds_something_else_blocks_the_outcome_for_good():
    count = counted()
    after, facts = counts.bear_witness(count, Witness(SAAR, "f" * 64, NOON))
    [event] = events(facts)
    assert isinstance(event, CountDisputed)
    assert (event.outcome_digest, event.witness_digest) == (count.outcome_digest, "f" * 64)
    assert after.status == "disputed"
    with refused("count-disputed"):
        counts.bear_witness(after, Witness(ERIK, str(count.outcome_digest), NOON))


def test_nothing_is_witnessed_before_there_is_an_outcome_or_after_it_was_published():
    with refused("not-counted"):
        counts.bear_witness(started(), Witness(SAAR, "f" * 64, NOON))
    with refused("count-published"):
        counts.bear_witness(published(), Witness(ERIK, "f" * 64, NOON))


def test_an_abandoned_count_says_why():
    count, facts = counts.abandon(started(), Refused("floors-beyond-pot", "The pot no longer holds it."))
    assert events(facts) == [CountAbandoned(count_id=count.id, code="floors-beyond-pot")]
    assert count.abandoned_because == "floors-beyond-pot: The pot no longer holds it."


def an_override(*changes: tuple[str, int], override_id: UUID | None = None) -> Override:
    return Override(override_id or uuid4(), ASKED.id, "Het dak moet eerst.", changes, ERIK, NOON)


def test_an_override_stands_beside_the_outcome_and_changes_nothing_of_it():
    count = published()
    after, facts = overrides.override(count, an_override(("a", 0), ("b", 300)), [], ["a", "b"], 500)
    [event] = events(facts)
    assert isinstance(event, OutcomeOverridden)
    assert (event.changes, event.outcome_digest) == ({"a": 0, "b": 300}, count.outcome_digest)
    assert after == replace(count, version=count.version + 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((("x", 1),), "candidate-unknown"),
        ((("a", 500),), "nothing-overridden"),
        ((("b", 0),), "nothing-overridden"),
        ((("b", 1),), "over-budget"),
    ],
)
def test_an_override_fits_the_count_and_its_budget(changes: tuple[tuple[str, int], ...], code: str):
    with refused(code):
        overrides.override(published(), an_override(*changes), [], ["a", "b"], 500)


def test_a_second_override_stands_on_the_first():
    first = an_override(("a", 100), ("b", 400))
    with refused("nothing-overridden"):
        overrides.override(published(), an_override(("a", 100)), [first], ["a", "b"], 500)
    with refused("over-budget"):
        overrides.override(published(), an_override(("a", 101)), [first], ["a", "b"], 500)
    overrides.override(published(), an_override(("a", 99)), [first], ["a", "b"], 500)


def test_only_a_published_outcome_is_overridden():
    for count in (started(), tied(), counted()):
        with refused("not-published"):
            overrides.override(count, an_override(("a", 0)), [], ["a", "b"], 500)


def test_an_id_stands_for_one_count_and_one_override():
    assert counts.same(started(), replace(ASKED, seed_commitment=None)) == started()
    for other in (
        replace(ASKED, rule_version="d" * 64),
        replace(ASKED, election=uuid4()),
        replace(ASKED, seed_commitment="e" * 64),
    ):
        with refused("id-taken"):
            counts.same(started(), other)
    made = an_override(("a", 0))
    assert overrides.same(made, replace(made, at=NOON.replace(hour=13))) == made
    with refused("id-taken"):
        overrides.same(made, replace(made, reason="Om een andere reden."))
