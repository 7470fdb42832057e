"""Files for the bank: valid by the message's own schema, to the cent, and always the same bytes."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sepaxml  # type: ignore[import-untyped]
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.funding.payouts.statements import OURS, THEIRS

from dorpsplein.errors import Refused
from funding import sepa
from funding.domain.payouts import Account, Debtor, Payout

BATCH, DAY, AT = UUID(int=7), date(2026, 5, 2), datetime(2026, 5, 1, 12, 30, 15, 999, tzinfo=UTC)
DEBTOR = Debtor(OURS, "Gemeente Dorp", "ABNANL2A")
TUIN = Account(THEIRS, "Stichting De Buurttuin")
SCHEMA = xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd")


def payout(number: int, cents: int = 1) -> Payout:
    return Payout(UUID(int=number), UUID(int=1), cents, UUID(int=2), AT, "ordered")


def read(file: bytes) -> Any:
    """The file as its schema reads it; raises where it does not fit."""
    document: Any = SCHEMA.to_dict(file.decode(), decimal_type=str)
    return document["CstmrCdtTrfInitn"]


def made(*payments: tuple[Payout, Account], debtor: Debtor = DEBTOR) -> bytes:
    return sepa.file_for_bank(BATCH, DAY, AT, debtor, payments)


def test_a_file_asks_for_each_payment_with_its_own_end_to_end_id() -> None:
    asked = read(made((payout(10, 1_234_567), TUIN), (payout(11, 5), Account(OURS, "Anna"))))
    assert asked["GrpHdr"] == {
        "MsgId": BATCH.hex,
        "CreDtTm": "2026-05-01T12:30:15Z",
        "NbOfTxs": "2",
        "CtrlSum": "12345.72",
        "InitgPty": {"Nm": "Gemeente Dorp"},
    }
    [group] = asked["PmtInf"]
    assert (group["PmtInfId"], group["PmtMtd"], group["BtchBookg"]) == (BATCH.hex, "TRF", False)
    assert group["ReqdExctnDt"] == {"Dt": "2026-05-02"}
    assert group["DbtrAcct"] == {"Id": {"IBAN": OURS}}
    assert group["DbtrAgt"] == {"FinInstnId": {"BICFI": "ABNANL2A"}}
    assert [
        (one["PmtId"]["EndToEndId"], one["Amt"]["InstdAmt"], one["CdtrAcct"]["Id"]["IBAN"], one["Cdtr"]["Nm"])
        for one in group["CdtTrfTxInf"]
    ] == [
        (UUID(int=10).hex, {"@Ccy": "EUR", "$": "12345.67"}, THEIRS, "Stichting De Buurttuin"),
        (UUID(int=11).hex, {"@Ccy": "EUR", "$": "0.05"}, OURS, "Anna"),
    ]


def test_the_same_batch_gives_the_same_bytes() -> None:
    payments = [(payout(10, 700), TUIN), (payout(11, 5), TUIN)]
    assert made(*payments) == made(*payments)
    assert made(*payments) != made(*reversed(payments))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Café Zoë", "Cafe Zoe"),
        ("Jan & Piet <b>", "Jan Piet b"),
        ('"; drop', "drop"),
        ("Москва A", "Moskva A"),
        ("x" * 70, "x" * 70),
        ("ß" * 69 + "a", "s" * 70),
    ],
)
def test_names_are_written_in_letters_every_bank_takes(name: str, written: str) -> None:
    [group] = read(made((payout(1), Account(THEIRS, name))))["PmtInf"]
    assert group["CdtTrfTxInf"][0]["Cdtr"]["Nm"] == written


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=20))
def test_the_sums_of_a_file_are_exact(amounts: list[int]) -> None:
    asked = read(made(*((payout(number, cents), TUIN) for number, cents in enumerate(amounts))))
    total = f"{sum(amounts) // 100}.{sum(amounts) % 100:02d}"
    assert asked["GrpHdr"]["CtrlSum"] == asked["PmtInf"][0]["CtrlSum"] == total
    assert [one["Amt"]["InstdAmt"]["$"] for one in asked["PmtInf"][0]["CdtTrfTxInf"]] == [
        f"{cents // 100}.{cents % 100:02d}" for cents in amounts
    ]


@pytest.mark.parametrize("debtor", [Debtor(OURS, '"', "ABNANL2A"), Debtor("x", "Gemeente", "ABNANL2A")])
def test_a_file_that_does_not_fit_its_schema_is_never_made(debtor: Debtor) -> None:
    with pytest.raises(Refused, match="file-not-valid"):
        made((payout(1), TUIN), debtor=debtor)
