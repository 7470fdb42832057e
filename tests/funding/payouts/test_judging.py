"""What a line of a statement means, without any server."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from dorpsplein.contracts.funding.payouts import PayoutBooked, PayoutOrdered, PayoutReturned
from dorpsplein.errors import Conflict, Refused
from funding.domain import payouts, statements
from funding.domain.banking import digits_of, reference_of
from funding.domain.ledger import EUR, Entries, Transfer, delivered, escrow
from funding.domain.payouts import OrderPayout, Payout, Status
from funding.domain.statements import Line, Promise, Statement, Verdict

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ID, INITIATIVE, PLEDGE, THEO = uuid4(), uuid4(), uuid4(), uuid4()
SENT = Payout(ID, INITIATIVE, 700, THEO, NOON, "sent", 1, uuid4())
DEBIT = Line(b"k", date(2026, 5, 1), 700, credit=False, end_to_end=ID.hex)
BACK = replace(DEBIT, credit=True, reverses=True)
PAID_IN = Line(b"k", date(2026, 5, 1), 500, credit=True, references=(reference_of(PLEDGE),))


def judged(line: Line, payout: Payout = SENT, *promises: Promise) -> Verdict:
    known: dict[str, list[Promise]] = {}
    for promise in promises:
        known.setdefault(digits_of(reference_of(promise.id)), []).append(promise)
    return statements.judge(line, {payout.id: payout}, known)


def promise(status: str = "committed", resource: str = EUR) -> Promise:
    return Promise(PLEDGE, status, resource)


@pytest.mark.parametrize("end_to_end", [ID.hex, ID.hex.upper()])
def test_a_debit_of_the_right_amount_books_a_payout_that_was_sent(end_to_end: str) -> None:
    assert judged(replace(DEBIT, end_to_end=end_to_end)) == Verdict("payout-booked", payout=ID)


@pytest.mark.parametrize("status", ["sent", "booked"])
def test_a_credit_under_our_id_brings_a_payout_back_whether_it_was_booked_or_not(status: Status) -> None:
    for line in (BACK, replace(BACK, reverses=False)):
        assert judged(line, replace(SENT, status=status)) == Verdict("payout-returned", payout=ID)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (replace(DEBIT, cents=701), "sent", "amount-differs"),
        (replace(BACK, cents=699), "booked", "amount-differs"),
        (DEBIT, "ordered", "payout-not-awaited"),
        (DEBIT, "booked", "payout-not-awaited"),
        (DEBIT, "returned", "payout-not-awaited"),
        (replace(DEBIT, reverses=True), "sent", "payout-not-awaited"),
        (BACK, "ordered", "payout-not-awaited"),
        (BACK, "returned", "payout-not-awaited"),
        (replace(DEBIT, fault="details-do-not-add-up"), "sent", "details-do-not-add-up"),
    ],
)
def test_a_line_that_does_not_fit_its_payout_changes_nothing_and_says_why(
    line: Line, status: Status, reason: str
) -> None:
    verdict = judged(line, replace(SENT, status=status))
    assert (verdict.outcome, verdict.reason) == ("unmatched", reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (replace(DEBIT, end_to_end=uuid4().hex), "payout-unknown"),
        (replace(DEBIT, end_to_end=""), "payment-not-ours"),
        (replace(DEBIT, end_to_end="NOTPROVIDED"), "payment-not-ours"),
        (replace(DEBIT, end_to_end="g" * 32), "payment-not-ours"),
        (replace(BACK, end_to_end=""), "reversal-of-something-else"),
        (replace(PAID_IN, reverses=True), "reversal-of-something-else"),
        (replace(PAID_IN, credit=False), "payment-not-ours"),
        (replace(PAID_IN, references=()), "reference-missing"),
        (replace(PAID_IN, references=(reference_of(uuid4()),)), "reference-unknown"),
    ],
)
def test_a_line_that_is_about_nothing_of_ours_says_so(line: Line, reason: str) -> None:
    assert judged(line, SENT, promise()) == Verdict("unmatched", reason)


@pytest.mark.parametrize("status", ["held", "committed", "delivered"])
def test_money_under_a_pledges_reference_is_its_payment(status: str) -> None:
    assert judged(PAID_IN, SENT, promise(status)) == Verdict("pledge-paid-in", pledge=PLEDGE)


@pytest.mark.parametrize("status", ["withdrawn", "lapsed", "refunded"])
def test_money_for_a_pledge_that_no_longer_stands_has_to_go_back(status: str) -> None:
    assert judged(PAID_IN, SENT, promise(status)) == Verdict("unmatched", "pledge-does-not-stand", pledge=PLEDGE)


def test_a_pledge_of_hours_takes_no_money() -> None:
    assert judged(PAID_IN, SENT, promise(resource="TIME/timmeren")).reason == "pledge-not-of-euros"


def test_two_references_on_one_line_are_for_people_to_divide() -> None:
    other = Promise(uuid4(), "held", EUR)
    both = replace(PAID_IN, references=(reference_of(PLEDGE), reference_of(other.id)))
    assert judged(both, SENT, promise(), other) == Verdict("unmatched", "reference-ambiguous")
    unknown = replace(PAID_IN, references=(reference_of(uuid4()), reference_of(PLEDGE)))
    assert judged(unknown, SENT, promise()).pledge == PLEDGE


def statement(opening: int, closing: int, account: str = "ours") -> Statement:
    return Statement(account, "S", opening, closing, ())


def test_a_statement_must_be_ours_and_add_up_to_the_cent() -> None:
    statements.check([statement(5, 3), statement(3, 3)], "ours", [-2, 0])
    for off in (-1, 1):
        with pytest.raises(Refused, match="balance-does-not-add-up"):
            statements.check([statement(5, 3 + off)], "ours", [-2])
    with pytest.raises(Refused, match="statement-of-another-account"):
        statements.check([statement(5, 3), statement(3, 3, "theirs")], "ours", [-2, 0])


def ask(cents: int | None = 700) -> OrderPayout:
    return OrderPayout(ID, INITIATIVE, cents, THEO, NOON)


def moved(entries: Entries) -> dict[str, tuple[int, ...]]:
    return {account: tuple(balance) for (account, _), balance in entries.changes().items()}


def test_an_order_holds_what_it_asks_and_never_more_than_waits() -> None:
    payout, event, entries = payouts.order(ask(), has_account=True, available=700)
    assert event == PayoutOrdered(payout_id=ID, initiative_id=INITIATIVE, amount_cents=700)
    assert (payout.status, payout.version, payout.cents) == ("ordered", 1, 700)
    assert moved(entries) == {escrow(INITIATIVE): (700, 0, 0, 0), delivered(INITIATIVE): (0, 0, 700, 0)}
    assert payouts.order(ask(None), has_account=True, available=123)[0].cents == 123


@pytest.mark.parametrize(
    ("cents", "account", "available", "code"),
    [
        (701, True, 700, "escrow-too-small"),
        (1, True, 0, "nothing-to-pay-out"),
        (None, True, 0, "nothing-to-pay-out"),
        (1, False, 700, "bank-account-missing"),
    ],
)
def test_an_order_that_cannot_be_is_refused(cents: int | None, account: bool, available: int, code: str) -> None:
    with pytest.raises(Refused, match=code):
        payouts.order(ask(cents), has_account=account, available=available)


def test_the_same_order_again_is_the_same_and_another_under_its_id_is_refused() -> None:
    assert payouts.same(SENT, ask()) is SENT
    assert payouts.same(SENT, ask(None)) is SENT
    for other in (ask(701), replace(ask(), initiative=uuid4())):
        with pytest.raises(Conflict, match="id-taken"):
            payouts.same(SENT, other)


def test_booking_posts_the_hold_and_coming_back_undoes_it() -> None:
    hold = (-700, 700, 0, 0)
    booked, fact, entries = payouts.book(SENT)
    assert fact == PayoutBooked(payout_id=ID, initiative_id=INITIATIVE, amount_cents=700)
    assert (booked.status, booked.version) == ("booked", 2)
    assert moved(entries) == {escrow(INITIATIVE): hold, delivered(INITIATIVE): (0, 0, -700, 700)}
    returned, back, entries = payouts.give_back(SENT)
    assert back == PayoutReturned(payout_id=ID, initiative_id=INITIATIVE, amount_cents=700)
    assert (returned.status, returned.version) == ("returned", 2)
    assert moved(entries) == {escrow(INITIATIVE): (-700, 0, 0, 0), delivered(INITIATIVE): (0, 0, -700, 0)}


def test_what_comes_back_after_it_was_booked_is_a_further_transfer_and_nothing_is_resolved_twice() -> None:
    booked, _, _ = payouts.book(SENT)
    returned, _, entries = payouts.give_back(booked)
    assert (returned.status, returned.version) == ("returned", 3)
    assert entries.resolutions == []
    assert moved(entries) == {escrow(INITIATIVE): (0, 0, 0, 700), delivered(INITIATIVE): (0, 700, 0, 0)}


def test_a_payout_is_cancelled_until_it_is_booked_and_once() -> None:
    both: tuple[Status, ...] = ("ordered", "sent")
    for status in both:
        decided = payouts.cancel(replace(SENT, status=status))
        assert decided is not None
        assert decided[0].status == "returned"
    assert payouts.cancel(replace(SENT, status="returned")) is None
    with pytest.raises(Refused, match="payout-booked"):
        payouts.cancel(replace(SENT, status="booked"))


def test_the_hold_of_a_payout_is_always_the_same_transfer() -> None:
    assert payouts.hold_of(SENT) == payouts.hold_of(replace(SENT, status="booked", version=9))
    assert isinstance(payouts.hold_of(SENT), Transfer)
    assert isinstance(payouts.hold_of(SENT).id, UUID)
