"""Account numbers and references."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dorpsplein.errors import Refused
from funding.domain.banking import SEPA_LENGTHS, digits_of, iban_of, reference_of, references_in

PLEDGE = UUID("0190f1e2-0000-7000-8000-000000000001")


def spelled(text: str) -> int:
    """The remainder by 97 the slow way, digit by digit, as ISO 7064 explains it."""
    rest = 0
    for character in text:
        for digit in str("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(character)):
            rest = (rest * 10 + int(digit)) % 97
    return rest


@pytest.mark.parametrize(
    "iban",
    [
        "NL91ABNA0417164300",
        "nl91 abna 0417 1643 00",
        "NL91-ABNA-0417-1643-00",
        "BE68539007547034",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "MT84MALT011000012345MTLCAST001S",
    ],
)
def test_an_account_number_is_taken_however_it_is_spaced(iban: str) -> None:
    assert iban_of(iban) == iban.replace(" ", "").replace("-", "").upper()


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "NL",
        "NL91ABNA0417164301",
        "NL91ABNA041716430",
        "NL91ABNA04171643000",
        "NL19ABNA0417164300",
        "US91ABNA0417164300",
        "NL91ABNA04171643é0",
        "NL91ABNA0417164300\n",
        "٠١91ABNA0417164300",
        "<iban>",
    ],
)
def test_what_is_no_account_number_is_refused_and_not_repeated(iban: str) -> None:
    with pytest.raises(Refused) as refused:
        iban_of(iban)
    assert refused.value.code == "iban-not-valid"
    assert not iban or iban not in str(refused.value)


@pytest.mark.parametrize("country", ["NL", "BE", "MT"])
def test_of_a_hundred_check_digits_exactly_one_is_right_whatever_the_remainder(country: str) -> None:
    for number in range(97):
        account = f"{number:0{SEPA_LENGTHS[country] - 4}d}"
        right = 98 - spelled(account + country + "00")
        assert [digits for digits in range(100) if is_one(f"{country}{digits:02d}{account}")] == [right]


def is_one(iban: str) -> bool:
    try:
        return iban_of(iban) == iban
    except Refused:
        return False


@given(st.uuids())
def test_a_reference_is_valid_by_iso_11649_and_the_same_for_the_same_pledge(pledge: UUID) -> None:
    reference = reference_of(pledge)
    assert len(reference) <= 25
    assert reference[:2] == "RF"
    assert spelled(reference[4:] + reference[:4]) == 1
    assert reference == reference_of(UUID(str(pledge)))
    assert references_in(reference) == [reference]
    assert digits_of(reference) == reference[4:].lower()


def test_a_reference_stays_what_it_was_when_it_was_handed_out() -> None:
    assert reference_of(PLEDGE) == "RF3720E8122394C0EE4BD5E9"


def test_a_reference_is_found_in_whatever_is_written_around_it() -> None:
    one, two = reference_of(uuid4()), reference_of(uuid4())
    spaced = " ".join(one[place : place + 4] for place in range(0, len(one), 4))
    assert references_in(f"Toezegging {spaced.lower()} dank!") == [one]
    assert references_in(f"{one}{two} {one}") == [one, two]
    assert references_in(f"RFRF{one}RF12") == [one]


def test_a_reference_with_a_typing_error_is_none() -> None:
    reference = reference_of(PLEDGE)
    for place in range(2, len(reference)):
        wrong = "1" if reference[place] != "1" else "2"
        assert references_in(reference[:place] + wrong + reference[place + 1 :]) == []
    assert references_in("RF18539007547034") == []
