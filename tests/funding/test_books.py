"""I10 and what goes with it: what is told of matches is what the ledger moves, whatever is decided on the books.

Pure: the books are folded in memory. The sums are made from the ledger's entries and from the facts apart, and never
from what the books themselves keep.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.funding.rules.strategies import thorough

from dorpsplein.contracts.funding.pledges import (
    MatchQuoted,
    MatchReleased,
    PledgeLapsed,
    PledgeMade,
    PledgeMatched,
    PledgeWithdrawn,
)
from dorpsplein.errors import Rejected
from funding.domain import fates
from funding.domain.books import Books
from funding.domain.ledger import EUR, Transfer
from funding.domain.means import Board, Means, Need
from funding.domain.pledges import MakePledge
from funding.domain.quotes import AskQuote
from funding.domain.resources import Valuation, time
from funding.domain.rounds import PotLine, Round
from funding.domain.rules import from_knobs
from funding.domain.terms import Terms

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROUND, NAMES = UUID(int=1), UUID(int=2)
DONORS = [uuid5(NAMES, f"donor {number}") for number in range(3)]
INITIATIVES = [uuid5(NAMES, f"initiative {number}") for number in range(2)]
HOURS = time("timmerwerk")

acts = st.tuples(
    st.sampled_from(["euros", "euros", "hours", "quote", "use", "use", "withdraw", "release", "lapse"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(1, 9_000),
)
villages = st.tuples(
    st.integers(1, 5),
    st.integers(1, 5),
    st.tuples(*[st.integers(1, 12_000)] * 3),
    st.lists(st.tuples(st.integers(1, 9_000), st.none() | st.integers(1, 3_000)), max_size=3),
    st.tuples(*[st.sampled_from([0, 4_000, 20_000])] * 2),
)
Village = tuple[int, int, tuple[int, int, int], list[tuple[int, int | None]], tuple[int, int]]
Act = tuple[str, int, int, int]


def opened(village: Village) -> Books:
    """A round with pot lines, and two initiatives that need euros (or do not say) and would like hours."""
    numerator, denominator, caps, lines, needed = village
    names = ("capPledgeCents", "capDonorCents", "capInitiativeCents")
    knobs = {"numerator": numerator, "denominator": denominator, **dict(zip(names, caps, strict=True))}
    terms = Terms(from_knobs("ratio", knobs), "version", Valuation(1_700, 900), "valuation", 15, 0)
    pots = tuple(
        PotLine(uuid5(NAMES, f"line {place}"), "bank", cents, cents, most=most)
        for place, (cents, most) in enumerate(lines)
    )
    round_ = Round(ROUND, UUID(int=3), terms, UUID(int=4), NOON, NOON + timedelta(days=1), lines=pots)
    board = Board((Need(HOURS, 0),))
    means = {one: Means(one, "proposed", cents, board=board) for one, cents in zip(INITIATIVES, needed, strict=True)}
    return Books(means=means, rounds={ROUND: round_}, given={})


def act(books: Books, one: Act, number: int) -> None:
    """Do one thing; what is refused raises."""
    kind, who, what, amount = one
    donor, initiative = DONORS[who % 3], INITIATIVES[what % 2]
    own = uuid5(NAMES, f"act {number}")
    match kind:
        case "euros" | "hours":
            resource = EUR if kind == "euros" else HOURS
            books.make(MakePledge(own, donor, initiative, ROUND if who < 8 else None, resource, amount, NOON))
        case "quote":
            books.quote(AskQuote(own, donor, initiative, ROUND, EUR, amount, NOON))
        case "use" if books.quotes:
            quote = list(books.quotes.values())[who % len(books.quotes)]
            fields = quote.pledger, quote.initiative, quote.round, quote.resource, quote.quantity
            books.make(MakePledge(own, *fields, NOON, quote=quote.id))
        case "release" if books.quotes:
            books.release(list(books.quotes)[who % len(books.quotes)], "expired")
        case "withdraw" | "lapse" if books.pledges:
            pledge = list(books.pledges.values())[who % len(books.pledges)]
            gone = fates.withdraw(pledge) if kind == "withdraw" else fates.lapse(pledge, "not-delivered")
            books.follow(gone, NOON)
    books.commit_all(NOON)


def standing(books: Books) -> list[tuple[Transfer, int]]:
    """Every transfer, with how much of it stands: all, what was posted, or (still pending) what it holds."""
    resolved = {one.transfer.id: one.amount for one in books.entries.resolutions}
    assert len(resolved) == len(books.entries.resolutions), "a hold is resolved once"
    assert resolved.keys() <= {one.id for one in books.entries.transfers if one.pending}
    return [(one, resolved.get(one.id, one.amount)) for one in books.entries.transfers]


def told(books: Books, kinds: Iterable[tuple[type, str, int]]) -> Counter[UUID]:
    """What facts add up to, by initiative."""
    sums: Counter[UUID] = Counter()
    for fact in books.facts:
        for kind, field, sign in kinds:
            if type(fact.event) is kind:
                sums[fact.event.initiative_id] += sign * getattr(fact.event, field)  # type: ignore[attr-defined]
    return sums


MATCHED = [(PledgeMatched, "amount_cents", 1), (PledgeWithdrawn, "match_cents", -1), (PledgeLapsed, "match_cents", -1)]
PLEDGED = [(PledgeMade, "amount_cents", 1), (PledgeWithdrawn, "amount_cents", -1), (PledgeLapsed, "amount_cents", -1)]


@thorough
@given(villages, st.lists(acts, max_size=25))
def test_i10_matches_in_all_are_what_the_ledger_moved_from_pots_to_initiatives(village: Village, asked: list[Act]):
    books = opened(village)
    for number, one in enumerate(asked):
        before = len(books.entries.transfers), len(books.entries.resolutions), len(books.facts)
        try:
            act(books, one, number)
        except Rejected:
            after = len(books.entries.transfers), len(books.entries.resolutions), len(books.facts)
            assert before == after, "what is refused changes nothing"
    moved, drawn, pledged = Counter[UUID](), Counter[str](), Counter[UUID]()
    for transfer, amount in standing(books):
        for account, sign in ((transfer.credit, 1), (transfer.debit, -1)):
            kind, _, rest = account.partition(":")
            if kind == "pot":
                drawn[rest.partition(":")[2]] -= sign * amount
            if kind == "escrow" and transfer.resource == EUR:
                (moved if "pot:" in transfer.debit + transfer.credit else pledged)[UUID(rest)] += sign * amount
    quotes = {quote.initiative: 0 for quote in books.quotes.values()}
    for quote in books.quotes.values():
        quotes[quote.initiative] += quote.cents if quote.status == "reserved" else 0
    for initiative in INITIATIVES:
        assert moved[initiative] == told(books, MATCHED)[initiative] + quotes.get(initiative, 0)
        assert pledged[initiative] == told(books, PLEDGED)[initiative]
        assert books.means[initiative].matched == told(books, MATCHED)[initiative]
    for line in books.rounds[ROUND].lines:
        assert 0 <= line.left == line.cents - drawn[str(line.id)]


@pytest.mark.parametrize("kind", [MatchQuoted, MatchReleased])
def test_quotes_are_told_as_they_come_and_go(kind: type):
    books = opened((1, 1, (9_000, 9_000, 9_000), [(5_000, None)], (0, 0)))
    act(books, ("quote", 0, 0, 700), 1)
    act(books, ("release", 0, 0, 1), 2)
    [fact] = [fact for fact in books.facts if type(fact.event) is kind]
    assert fact.event.amount_cents == 700  # type: ignore[attr-defined]
