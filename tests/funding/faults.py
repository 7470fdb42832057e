"""Seeded faults: funding with one thing wrong in it, each with the test that must notice.

`python -m tests.funding.faults [NAME …]` runs that test with the fault in place and says killed or survived; it fails
when one survives. Most of them are faults that real systems of this kind have had: caps per call instead of in all, a
unit lost in rounding, floats. A fault is put in place by changing a piece of one function's source, in the test's
process only; what has several, or is no function, has a callable of its own.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from tests.seeded import Seeded, SeededList

from funding import storage
from funding.domain import books, fates, ledger, means, quotes, rounds
from funding.domain.rules import (
    allocation,
    batch,
    buying,
    counting,
    electorate,
    equal_shares,
    greedy,
    levelling,
    placing,
    pro_rata,
    quadratic,
    ratio,
    registry,
    sharing,
    splitting,
    streaming,
    threshold,
)


def changed(function: Any, before: str, after: str) -> Callable[[], None]:
    """Put one piece of a function's source in place of another, for everyone who has that function."""

    def put_in() -> None:
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(before) == 1, f"{before!r} is not there once in {function}"
        space = dict(function.__globals__)
        exec(compile(source.replace(before, after), "<fault>", "exec"), space)
        made: Any = space[function.__name__]
        function.__code__ = getattr(made, "__func__", getattr(made, "fget", made)).__code__

    return put_in


def changed_text(module: Any, name: str, before: str, after: str) -> Callable[[], None]:
    """Put one piece of a statement in place of another, where a module has it under a name."""

    def put_in() -> None:
        statement = getattr(module, name)
        assert statement.count(before) == 1, f"{before!r} is not there once in {name}"
        setattr(module, name, statement.replace(before, after))

    return put_in


INVARIANTS, REAL, STREAMING, SHARES, QUADRATIC, KNOBS = (
    f"tests/funding/rules/test_{name}.py"
    for name in ("invariants", "real_elections", "streaming", "equal_shares", "quadratic", "knobs")
)
REASONS = f"{INVARIANTS}::test_reasons_add_up_to_the_amount_and_to_what_each_pool_gives"
ALL_THERE_IS_ROOM_FOR = f"{INVARIANTS}::test_i2_a_split_gives_all_that_pot_caps_and_conditions_leave_room_for"
NO_POOL = f"{INVARIANTS}::test_i2_i3_no_pool_gives_more_than_it_holds_or_its_conditions_allow"
A_CENT = f"{INVARIANTS}::test_i4_without_caps_an_amount_is_less_than_a_cent_from_its_exact_share"
FLOOR = f"{INVARIANTS}::test_a_floor_is_kept_when_the_crowd_goes_elsewhere_and_the_others_share_the_rest"
RISING = f"{INVARIANTS}::test_floors_never_fall_fit_in_the_pot_and_follow_the_estimate"
CAPS = f"{STREAMING}::test_the_caps_of_donor_and_initiative_hold_for_all_pledges_of_a_round_together"
TO_THE_CENT = f"{STREAMING}::test_a_cap_of_a_pledge_holds_to_the_cent"
LEAST_SCORE = "tests/funding/rules/test_greedy.py::test_a_score_that_is_the_least_score_is_enough"
FRACTION = f"{STREAMING}::test_no_fraction_is_rounded_on_the_way"
THRESHOLD = f"{STREAMING}::test_a_threshold_pays_once_the_crowd_has_brought_enough_this_pledge_included"
LEVEL = f"{INVARIANTS}::test_cents_that_a_cut_leaves_go_by_largest_fraction_then_smallest_id"
MOST_OF_POOL = f"{STREAMING}::test_a_pool_gives_to_one_initiative_no_more_than_its_condition_says"
POT_LEFT = f"{STREAMING}::test_the_last_match_takes_what_is_left_in_the_pot"
ONCE = f"{STREAMING}::test_a_threshold_pays_once_per_initiative"
SPLIT = f"{STREAMING}::test_a_missing_cent_goes_to_the_largest_fraction_then_the_smallest_id"
PART = f"{STREAMING}::test_first_come_pays_the_last_match_in_part_only_where_its_knob_says_so"
PUBLISHED = f"{QUADRATIC}::test_the_published_cases_come_out_to_the_last_unit"
LONE = f"{QUADRATIC}::test_i7_a_lone_donor_earns_nothing_and_pairs_weigh_less_than_their_most"
LONE_QUADRATIC = f"{QUADRATIC}::test_a_lone_donor_earns_nothing_under_quadratic"
CUT = f"{QUADRATIC}::test_a_gift_cut_in_two_earns_what_it_earned_whole"
COVERED = f"{SHARES}::test_i8_payments_cover_costs_with_less_than_a_millionth_of_a_cent_a_payer_too_much"
REPLAYED = f"{SHARES}::test_i8_no_voter_pays_more_than_its_share_and_an_unselected_initiative_could_not_be_paid"
OUTCOMES = f"{REAL}::test_equal_shares_gives_the_outcome_worked_out_for_a_file"
GREEDY = f"{REAL}::test_greedy_gives_the_outcome_worked_out_for_a_file"
WINNERS = f"{REAL}::test_the_published_winners_win"
COMPARED = f"{REAL}::test_the_comparison_takes_the_outcome_that_more_voters_have_more_of"
VOTES = f"{SHARES}::test_of_equals_the_one_with_more_votes_goes_first"
POOR = f"{SHARES}::test_who_has_less_pays_all_it_has_and_the_others_the_rest_alike"
DECLARED = f"{SHARES}::test_a_tie_is_declared_only_where_the_order_decides"
START = f"{SHARES}::test_the_start_can_be_whole_units_of_currency"
VERSIONS = f"{KNOBS}::test_rules_have_the_same_version_only_when_they_are_the_same"

MONEY, NEEDS, QUOTES, KINDS, DELIVERIES, DEADLINES, CONDITIONS, GRANTS = (
    f"tests/funding/test_{name}.py"
    for name in ("ledger", "needs", "quotes", "kinds", "deliveries", "deadlines", "conditions", "grants")
)
MACHINE = "tests/funding/test_money_machine.py"
BY_RESOURCE = f"{MONEY}::test_hours_are_never_added_to_euros"
FRESH_ACCOUNT = f"{MONEY}::test_hours_in_an_account_are_no_euros_to_take_from_it"
UNDER_CAPS = f"{QUOTES}::test_quotes_count_under_every_cap_and_room_comes_back_with_them"
GIVEN_BACK = f"{QUOTES}::test_a_quote_is_given_back_by_hand_by_who_asked_for_it_only"
TWO_ROUNDS = f"{QUOTES}::test_one_id_for_quotes_of_two_rounds_at_once_reserves_in_one_of_them"
USED_ONCE = f"{QUOTES}::test_a_quote_is_used_by_exactly_one_of_many_requests_at_once"
NO_FALL = f"{QUOTES}::test_a_quote_is_reserved_and_does_not_fall_when_the_pot_empties_meanwhile"
ANOTHERS = f"{QUOTES}::test_a_quote_is_for_the_pledge_it_was_made_for_and_for_no_other"
MERE_QUOTES = f"{NEEDS}::test_a_match_in_euros_makes_up_for_no_hours_and_a_quote_for_nothing"
PINNED = (
    "tests/funding/test_rules_pinned.py::"
    "test_pledges_and_quotes_of_an_old_round_keep_its_version_and_a_new_round_gets_the_new_one"
)
SLOTS = f"{KINDS}::test_one_of_twenty_gets_a_hall_that_all_promise_at_once"
SLOT_FREED = f"{KINDS}::test_a_facility_is_promised_once_for_a_time_and_touching_times_are_fine"
LAPSE = f"{DELIVERIES}::test_what_will_not_come_lapses_with_its_part_of_the_match"
PARTS = f"{DELIVERIES}::test_what_was_not_promised_or_not_committed_is_not_delivered"
MISSED = f"{DEADLINES}::test_a_missed_deadline_gives_everything_back_in_one_group"
LATE = f"{DEADLINES}::test_after_a_miss_nothing_is_taken_set_or_quoted_any_more"
STARTED = f"{DEADLINES}::test_nothing_is_refunded_once_something_was_delivered"
MOST = f"{CONDITIONS}::test_one_initiative_gets_no_more_of_a_line_than_it_says_over_all_pledges_and_quotes"
GRANTED = f"{GRANTS}::test_grants_go_back_to_their_pot_lines_with_all_else"
KNOBS_IN_EFFECT = """(jsonb_populate_record(r, jsonb_build_object('knobs', (
    select jsonb_object_agg(name, s.knob_values -> name) from jsonb_object_keys(r.knobs) as name, (
        select knob_values from knob_sets where fund_id = r.fund_id order by number desc limit 1
    ) as s
)))).* from rounds r"""

FAULTS = (
    # Rules that answer pledge by pledge
    Seeded("cap-donor-per-call", "the cap of a donor holds for each pledge apart", CAPS,
          changed(ratio.Ratio.wanted, "self.cap_donor_cents - snapshot.given_to_donor", "self.cap_donor_cents")),
    Seeded("cap-initiative-per-call", "the cap of an initiative holds for each pledge apart", CAPS,
          changed(ratio.Ratio.wanted, " - snapshot.given_to_initiative", "")),
    Seeded("cap-off-by-one", "a cent more of a pledge counts than its cap", TO_THE_CENT,
          changed(ratio.Ratio.wanted, "self.cap_pledge_cents)", "self.cap_pledge_cents + 1)")),
    Seeded("float-factor", "the ratio is a float", FRACTION,
          changed(ratio.Ratio.part, "cents * self.numerator // self.denominator",
                  "int(cents * (self.numerator / self.denominator))")),
    Seeded("ceil-for-floor", "a match is rounded up", FRACTION,
          changed(ratio.Ratio.part, "cents * self.numerator // self.denominator",
                  "-(-cents * self.numerator // self.denominator) + 1")),
    Seeded("pot-forgotten", "a match does not look at what the pot has left", POT_LEFT,
          changed(ratio.Ratio.answer, "limited(reasons,", "limited([],")),
    Seeded("partial-swapped", "a last match is paid in part where it must not", PART,
          changed(ratio.FirstCome.answer, "if self.partial:", "if not self.partial:")),
    Seeded("start-strict", "the crowd has to pass the start of a threshold where reaching it is enough", THRESHOLD,
          changed(threshold.Threshold.stop, "* 100 < snapshot.goal", "* 100 <= snapshot.goal")),
    Seeded("this-pledge-forgotten", "the pledge that is answered is not of the crowd", THRESHOLD,
          changed(threshold.Threshold.crowd, " + snapshot.pledge", "")),
    Seeded("threshold-again", "a threshold pays at every pledge", ONCE,
          changed(threshold.Threshold.stop, "snapshot.given_to_initiative > 0", "False")),
    Seeded("lost-reason", "what a limit takes off is not told", REASONS,
          changed(allocation.limited, "reasons.append(Reason(code, limit - cents))", "pass")),
    Seeded("most-per-call", "what a pool gives to one initiative at most holds for each pledge apart", MOST_OF_POOL,
          changed(streaming.Course.room, "most - self.by_pool[pool, candidate.id]", "most")),
    # Cents that rounding leaves
    Seeded("dropped-remainder", "cents that rounding leaves are not given to a pot line", SPLIT,
          changed(splitting.split, "by_fraction[:missing]", "by_fraction[:0]")),
    Seeded("remainder-by-id", "the missing cents go by id, not by fraction", SPLIT,
          changed(splitting.split, "(-(cents * entry[1] % whole), entry[0])", "entry[0]")),
    Seeded("lost-unit", "the cents that rounding leaves stay in the pot", PUBLISHED,
          changed(sharing._missing, "by_fraction[: left - sum(rest.values())]", "by_fraction[:0]")),
    Seeded("smallest-fraction", "the missing cents go by the smallest fraction", A_CENT,
          changed(sharing._missing, "(-(left * weights[one] % weight_left), one)",
                  "(left * weights[one] % weight_left, one)")),
    Seeded("lightest-first", "the cap is filled from the lightest", ALL_THERE_IS_ROOM_FOR,
          changed(sharing._heaviest_first, "(-weights[one], one)", "(weights[one], one)")),
    # Rules that answer at the close
    Seeded("gifts-overwritten", "only the last gift of a donor counts", CUT,
          changed(pro_rata.by_donor, "[gift.donor] += gift.cents", "[gift.donor] = gift.cents")),
    Seeded("float-root", "a root is a float", f"{QUADRATIC}::test_roots_are_exact_however_large_the_amount",
          changed(quadratic.root, "isqrt(cents * FINE)", "int((cents * FINE) ** 0.5)")),
    Seeded("lone-donor-paid", "what donors gave themselves is not taken off the square", LONE_QUADRATIC,
          changed(quadratic.Quadratic.weights, " - sum(donors.values()) * FINE", "")),
    Seeded("pairs-unbound", "a pair of donors may weigh as much as it likes", LONE,
          changed(quadratic._raw, "(most + row[other])", "most")),
    Seeded("expand-swapped", "the whole pot is paid out where only what was earned should be", PUBLISHED,
          changed(quadratic.shared, "if expand and raw", "if not expand and raw")),
    Seeded("floors-forgotten", "what was promised during the round is not kept", FLOOR,
          changed(batch._settled, "if not below:", "if True:")),
    Seeded("floors-beside-the-pot", "floors are not taken off what the others share", FLOOR,
          changed(batch._settled, "snapshot.budget - sum(_cents(reasons) for reasons in fixed.values())",
                  "snapshot.budget")),
    Seeded("floors-fall", "a new floor forgets the old one", RISING,
          changed(batch.floors, "old + placement.place", "placement.place")),
    Seeded("conditions-forgotten", "a pot line pays for any theme", NO_POOL,
          changed(placing.Placement._most, "if not one.takes(candidate):", "if False:")),
    Seeded("level-cents-lost", "cents that rounding leaves when conditions cut are given to nobody", LEVEL,
          changed(levelling.levelled, "+= placement.place(one.candidate, 1)", "+= 0")),
    # Ballots
    Seeded("voters-once", "like ballots count as one voter", GREEDY,
          changed(counting.scores, "points * ballot.voters", "points")),
    Seeded("greedy-by-cost", "greedy goes by cost first", GREEDY,
          changed(greedy.in_order, "(-score[one.id], one.cost, ties", "(one.cost, -score[one.id], ties")),
    Seeded("misfit-skipped", "greedy_no_skip goes on after a misfit", WINNERS,
          changed(greedy.fill, "stopped = not skip", "stopped = False")),
    Seeded("least-score-strict", "a score has to be above the least score", LEAST_SCORE,
          changed(greedy.GreedyThreshold.bar, "score >= self.least_score", "score > self.least_score")),
    Seeded("payment-rounded-down", "supporters pay a little less than the cost", COVERED,
          changed(electorate.Price.each, "-(-self.rest * points // self.weight)",
                  "self.rest * points // self.weight")),
    Seeded("payments-unequal", "a supporter loses all it has", REPLAYED,
          changed(electorate.Electorate.pay, "left if left > 0 else 0", "0")),
    Seeded("poor-forgotten", "what those with less can pay is not taken off the others' price", POOR,
          changed(electorate.Electorate.price, "rest -= budget * number", "rest -= 0")),
    Seeded("utility-swapped", "cost utilities are taken for cardinality", OUTCOMES,
          changed(electorate.Electorate.rho, 'utility == "cost"', 'utility != "cost"')),
    Seeded("stale-price", "a price is not worked out anew when budgets fell", OUTCOMES,
          changed(buying.Market.run, "!= len(run.bought.won)", "is None")),
    Seeded("votes-tie-swapped", "of equals the one with fewer votes goes first", VOTES,
          changed(buying.Market.waiting, "-self.electorate.scores", "self.electorate.scores")),
    Seeded("start-swapped", "exact and whole shares are taken for each other", START,
          changed(equal_shares.EqualShares.bought, 'self.start == "whole"', 'self.start == "exact"')),
    Seeded("add-one-stops-early", "add-one stops at the first exhaustive outcome, asked or not", OUTCOMES,
          changed(equal_shares.EqualShares.bought, "self.stop_when_exhaustive and exhaustive", "exhaustive")),
    Seeded("add-one-too-far", "add-one keeps the outcome that costs more than the budget", OUTCOMES,
          changed(buying.Market.run, "elif candidate.cost > run.purse.left:", "elif False:")),
    Seeded("comparison-weak", "the comparison prefers greedy when as many voters are better off", COMPARED,
          changed(equal_shares.EqualShares.preferred, "balance > 0", "balance >= 0")),
    Seeded("tie-kept-silent", "a tie that only a draw can settle is settled by id", DECLARED,
          changed(counting.Ties.open_between, "self.mode == \"draw\" and", "False and")),
    Seeded("draw-ignored", "a draw was made and does not count", DECLARED,
          changed(counting.Ties.key, "self.draw.get(candidate, len(self.draw))", "0")),
    # Versions
    Seeded("version-by-name", "the version of a rule is that of its name", VERSIONS,
          changed(registry.version, '"knobs": rule.knobs()', '"knobs": {}')),
    Seeded("version-in-effect", "pledges in an old round are matched by the knobs its fund has now", PINNED,
          changed_text(storage.books.locking, "LOCK_ROUNDS", "* from rounds", KNOBS_IN_EFFECT)),
    # The ledger
    Seeded("resource-mixed", "what arrives in an account is added to its euros", BY_RESOURCE,
          changed(ledger.Entries.changes, "sums[one.credit, one.resource][2 + place]",
                  "sums[one.credit, EUR][2 + place]")),
    Seeded("fresh-overdrawn", "an account that is new may start below nothing", FRESH_ACCOUNT,
          changed_text(storage.ledger, "WRITE", "where account like 'party:%' or credits_posted",
                       "where true or credits_posted")),
    Seeded("commit-twice", "a commit posts what is held and moves it once more", MACHINE,
          changed(books.Books.follow, "self.entries.resolutions += post(pledge.holds)",
                  "self.entries.resolutions += post(pledge.holds); self.entries.transfers += [transfer("
                  "pledge.id, one.kind, one.resource, one.debit, one.credit, one.amount, step=1)"
                  " for one in pledge.holds]")),
    Seeded("match-returned-twice", "what follows a promise goes back twice when it lapses", LAPSE,
          changed(books.Books._give_back, "source, account, cents, step=step)",
                  "source, account, 2 * cents, step=step)")),
    Seeded("lapse-rounded-up", "a promise that falls out takes a cent more of its match than its part", LAPSE,
          changed(fates.match_going, "cents * pledge.open // pledge.quantity",
                  "-(-cents * pledge.open // pledge.quantity)")),
    Seeded("cap-kept", "room under a pledger's cap does not come back with a match", MACHINE,
          changed(books.Books._move, "sign * sum(by.values())", "max(0, sign) * sum(by.values())")),
    # Quotes
    Seeded("quote-uncapped", "a quote is not counted under caps", UNDER_CAPS,
          changed(books.Books.quote, "self._draw(quote, match, 1)", "pass")),
    Seeded("quote-unreserved", "what is quoted to one may be matched to another of the same initiative", UNDER_CAPS,
          changed(books.Books._follow, "means.matched + means.reserved", "means.matched")),
    Seeded("quote-released-twice", "a quote that was released is released again", GIVEN_BACK,
          changed(quotes.release, 'quote.status != "reserved"', "False")),
    Seeded("quote-used-twice", "a quote that was used is used again", USED_ONCE,
          changed(quotes.use, 'quote.status == "used"', "False")),
    Seeded("quote-late", "a quote is used at the moment it expires", ANOTHERS,
          changed(quotes.use, "pledge.at >= quote.expires_at", "pledge.at > quote.expires_at")),
    Seeded("quote-falls", "a pledge with a quote is matched by what the pot has then", NO_FALL,
          changed(books.Books.make, "match: Match | None = quote.match", "match = self._follow(means, command)")),
    Seeded("quote-counts", "a goal is reached by what is only quoted", MERE_QUOTES,
          changed(means.Means.has, "self.matched if", "self.matched + self.reserved if")),
    Seeded("quote-overwritten", "of two quotes with one id the second is taken for the first", TWO_ROUNDS,
          changed_text(storage.books.keeping, "KEEP_QUOTES", "$11::uuid[]\n    )",
                       "$11::uuid[]\n    )\n    on conflict (id) do update set status = excluded.status")),
    # Means
    Seeded("slot-unguarded", "nothing keeps a hall from being promised twice", SLOTS,
          changed_text(storage.books.keeping, "TAKE_SLOTS", "as s(id, facility, starts_at, ends_at)",
                       "as s(id, facility, starts_at, ends_at) on conflict do nothing")),
    Seeded("slot-kept", "a hall stays taken when its promise is withdrawn", SLOT_FREED,
          changed_text(storage.books.keeping, "CHANGE_PLEDGES",
                       "'committed', 'delivered')", "'committed', 'withdrawn')")),
    Seeded("one-kind-enough", "one kind of means is enough for the goal",
          f"{NEEDS}::test_the_goal_is_reached_only_when_every_kind_is_there",
          changed(vars(means.Means)["has_enough"].fget, "not self.missing", "len(self.missing) < len(self.needs)")),
    Seeded("wish-ignored", "more is taken than is wished",
          f"{NEEDS}::test_what_nobody_asked_for_is_refused",
          changed(means.Means.refuse_more, "need.wished - self.pledged.get(resource, 0)", "need.wished")),
    Seeded("delivered-too-much", "more may come than is open", PARTS,
          changed(fates.deliver, "quantity > pledge.open", "quantity > pledge.quantity")),
    Seeded("deadline-by-timer", "until its timer fires an initiative is taken to have time", LATE,
          changed(means.Means.is_over, "now >= self.board.deadline", "False")),
    Seeded("miss-half", "a missed deadline gives matches back and keeps the cap on them", MISSED,
          changed(books.Books._give_back, "self._move(pledge.round", "pass; self.rounds.get(pledge.round")),
    Seeded("refund-after-delivery", "all goes back though something was delivered", STARTED,
          changed(means.end_waiting, "means.board.all_or_nothing and not started", "means.board.all_or_nothing")),
    Seeded("line-most-per-call", "what a pot line gives to one initiative at most holds for each pledge apart", MOST,
          changed(rounds.PotLine.room, "self.most - given", "self.most")),
    Seeded("grant-kept", "what a count gave stays with an initiative that missed its goal", GRANTED,
          changed(books.Books.send_back, "self._return(grant, at, cause)", "pass")),
    Seeded("evidence-forgotten", "matched hours come without evidence",
          f"{DELIVERIES}::test_evidence_is_asked_for_in_a_round_that_is_counted_at_its_close_too",
          changed(rounds.Round.asks_evidence, "matched > 0 or", "matched > 0 and")),
)  # fmt: skip


LIST = SeededList("DORPSPLEIN_FAULT", FAULTS)


if __name__ == "__main__":
    sys.exit(LIST.main(sys.argv[1:]))
