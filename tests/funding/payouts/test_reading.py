"""Statements of several banks and versions are read to the cent; what is not whole, safe or in euros is refused."""

from datetime import date
from uuid import uuid4
from xml.etree.ElementTree import tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.funding.payouts.statements import THEIRS, Entry, Tx, balance, camt, document, statement

from dorpsplein.errors import Invalid
from funding import sepa
from funding.domain.banking import reference_of
from funding.domain.statements import Line
from funding.sepa.tree import parsed

ID = uuid4()


def lines(content: bytes) -> tuple[Line, ...]:
    [(read, _)] = sepa.read(content)
    return read.lines


def refusal(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        sepa.read(content)
    return refused.value.code


@pytest.mark.parametrize("version", [2, 4, 8, 10])
@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_every_version_and_prefix_gives_the_same_lines(version: int, prefix: str) -> None:
    entries = [Entry(-12_345, [Tx(ID.hex)], "B1"), Entry(500, [Tx(reference="RF18")]), Entry(9, status="PDNG")]
    [(read, moved)] = sepa.read(document(statement(*entries, version=version), version=version, prefix=prefix))
    assert (read.opening, read.closing, moved) == (10_000_000, 9_988_155, -11_845)
    assert [(line.cents, line.credit, line.payout) for line in read.lines] == [
        (12_345, False, ID),
        (500, True, None),
    ]
    assert read.lines[0].booked_on == date(2026, 5, 1)
    assert read.lines[0].bank_reference == "B1"
    assert read.pending == 1


@pytest.mark.parametrize("shape", ["Amt", "AmtDtls"])
def test_an_entry_of_many_transactions_is_a_line_for_each(shape: str) -> None:
    parts = [Tx(ID.hex, cents=700, shape=shape), Tx("x", cents=300, shape=shape)]
    read = lines(camt(Entry(-1_000, parts, "B1")))
    assert [(line.cents, line.credit, line.end_to_end) for line in read] == [(700, False, ID.hex), (300, False, "x")]


def test_transactions_of_both_directions_make_up_an_entry() -> None:
    parts = [Tx("a", cents=700, direction="CRDT"), Tx("b", cents=200, direction="DBIT")]
    assert [(line.cents, line.credit) for line in lines(camt(Entry(500, parts)))] == [(700, True), (200, False)]


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([Tx("a", cents=700), Tx("b", cents=299)], "details-do-not-add-up"),
        ([Tx("a", cents=700), Tx("b")], "details-without-amounts"),
    ],
)
def test_an_entry_whose_transactions_do_not_say_what_moved_is_one_line_with_a_fault(
    parts: list[Tx], fault: str
) -> None:
    assert [(line.cents, line.fault, line.end_to_end) for line in lines(camt(Entry(1_000, parts)))] == [
        (1_000, fault, "")
    ]


def test_an_entry_that_says_nothing_of_its_transactions_is_one_line() -> None:
    [line] = lines(camt(Entry(-1_000, reference="B1")))
    assert (line.cents, line.end_to_end, line.references, line.fault) == (1_000, "", (), "")


def test_a_reversal_and_a_return_both_undo() -> None:
    read = lines(camt(Entry(5, [Tx(ID.hex)], reversal=True), Entry(6, [Tx(ID.hex, returned="AC04")]), Entry(7)))
    assert [line.reverses for line in read] == [True, True, False]


def test_a_reference_is_found_structured_in_free_text_and_broken_over_lines() -> None:
    reference = reference_of(ID)
    told: list[Tx] = [
        Tx(reference=reference),
        Tx(free=f"Voor de tuin {reference}"),
        Tx(free=[f"Voor {reference[:9]}", f"{reference[9:]} groet"]),
        Tx(free="niets"),
    ]
    read = lines(camt(*(Entry(100, [one]) for one in told)))
    assert [line.references for line in read] == [(reference,)] * 3 + [()]


def test_names_and_accounts_of_others_are_not_kept_not_even_in_the_tree() -> None:
    content = camt(Entry(5, [Tx(ID.hex)]))
    for secret in ("Geheime", "Gemeente", THEIRS):
        assert secret in content.decode()
        assert secret not in repr(sepa.read(content))
        assert secret not in tostring(parsed(content), encoding="unicode")


def test_the_same_line_has_the_same_key_on_every_statement_and_equal_payments_have_two() -> None:
    twice = [Entry(500, [Tx(free="contributie")]), Entry(500, [Tx(free="contributie")])]
    other = Entry(-1, reference="B9")
    first, second = lines(camt(*twice)), lines(camt(other, *twice, number="week", opening=5, version=2))
    assert first[0].key != first[1].key
    assert [line.key for line in second[1:]] == [line.key for line in first]


@pytest.mark.parametrize(
    "changed",
    [
        Entry(501, [Tx("e", "t")], "B"),
        Entry(-500, [Tx("e", "t")], "B"),
        Entry(500, [Tx("f", "t")], "B"),
        Entry(500, [Tx("e", "t")], "C"),
        Entry(500, [Tx("e", "t")], "B", day="2026-05-02"),
        Entry(500, [Tx("e", "t", bank_reference="x")], "B"),
    ],
)
def test_another_line_has_another_key(changed: Entry) -> None:
    [one], [other] = lines(camt(Entry(500, [Tx("e", "t")], "B"))), lines(camt(changed))
    assert one.key != other.key


def test_without_a_bank_reference_the_words_tell_lines_apart() -> None:
    [one], [other] = lines(camt(Entry(500, [Tx(free="a")]))), lines(camt(Entry(500, [Tx(free="b")])))
    assert one.key != other.key


@given(st.lists(st.integers(-(10**12), 10**12).filter(bool), max_size=5), st.integers(-(10**13), 10**13))
def test_amounts_are_exact_to_the_cent(moves: list[int], opening: int) -> None:
    [(read, moved)] = sepa.read(camt(*map(Entry, moves), opening=opening))
    assert moved == sum(moves)
    assert (read.opening, read.closing) == (opening, opening + sum(moves))
    assert [line.cents if line.credit else -line.cents for line in read.lines] == moves


@pytest.mark.parametrize(
    "text", ["12.345", "1e3", "-5.00", "+5", "", "NaN", "1,00", "0x10", "1" * 14, "٣", ".5", "1_0"]
)
def test_an_amount_that_is_not_whole_cents_is_refused(text: str) -> None:
    assert refusal(camt(Entry(77_700)).replace(b">777.00<", f">{text}<".encode())) == "amount-not-valid"


def test_more_decimals_are_fine_where_they_are_nothing() -> None:
    [(_, moved)] = sepa.read(camt(Entry(77_701)).replace(b">777.01<", b"> 777.01000\n<"))
    assert moved == 77_701


BILLION = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "before",
    [
        BILLION,
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://localhost:1/x"> %e;]>',
        "<!DOCTYPE x>",
    ],
)
def test_a_document_type_is_refused_before_anything_is_read(before: str) -> None:
    assert refusal(document(statement(), before=before)) == "statement-not-safe"


def test_a_statement_that_is_nested_too_deeply_or_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(document("<a>" * 100_000)) == "statement-not-safe"
    monkeypatch.setattr("funding.sepa.tree.MOST_ELEMENTS", 50)
    assert refusal(camt(*[Entry(1)] * 10)) == "statement-not-safe"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\0\0\0",
        b"<Document",
        camt()[:-10],
        camt().replace(b"UTF-8", b"UTF-99"),
        camt().replace(b"<Id>S-1", b"<Id>&e;"),
        camt().replace(b"S-1", b"\xff\xfe"),
        camt() * 2,
    ],
)
def test_what_is_no_well_formed_xml_is_refused(content: bytes) -> None:
    assert refusal(content) == "statement-not-readable"


@pytest.mark.parametrize(
    "content",
    [b"<html/>", camt().replace(b"camt.053", b"camt.052"), camt().replace(b"camt.053.001.08", b"pain.001.001.09")],
)
def test_another_document_is_refused(content: bytes) -> None:
    assert refusal(content) == "statement-not-camt053"


@pytest.mark.parametrize(
    "content",
    [
        document(),
        camt().replace(balance("CLBD", 10_000_000).encode(), b""),
        camt().replace(balance("OPBD", 10_000_000).encode(), b""),
        camt().replace(b"<Id>S-1</Id>", b""),
        camt(Entry(100)).replace(b"<BookgDt><Dt>2026-05-01</Dt></BookgDt>", b""),
        camt(Entry(100)).replace(b"2026-05-01</Dt></BookgDt>", b"soon</Dt></BookgDt>"),
        camt(Entry(77_700)).replace(b'<Amt Ccy="EUR">777.00</Amt>', b""),
        camt(Entry(77_700)).replace(b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>", b"<Sts>"),
    ],
)
def test_a_statement_that_lacks_something_is_refused(content: bytes) -> None:
    assert refusal(content) == "statement-incomplete"


@pytest.mark.parametrize(
    "content",
    [
        camt(currency="USD"),
        camt().replace(b"<Ccy>EUR</Ccy>", b"<Ccy>GBP</Ccy>"),
        camt(Entry(77_700)).replace(b'"EUR">777', b'"USD">777'),
        camt(Entry(77_700)).replace(b' Ccy="EUR">777', b">777"),
    ],
)
def test_another_currency_is_refused(content: bytes) -> None:
    assert refusal(content) == "currency-not-euro"


def test_a_statement_may_open_with_the_last_closing_balance() -> None:
    [(read, _)] = sepa.read(camt(opens="PRCD", opening=-500))
    assert read.opening == -500
