"""Pay-outs as a file for the bank: pain.001.001.09, built by sepaxml and held against the message's own schema."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from defusedxml.ElementTree import fromstring, tostring  # type: ignore[import-untyped]
from sepaxml import SepaTransfer  # type: ignore[import-untyped]
from sepaxml.validation import ValidationError, try_valid_xml  # type: ignore[import-untyped]

from dorpsplein.errors import Refused
from funding.domain.payouts import Account, Debtor, Payout

SCHEMA = "pain.001.001.09"
NOT_IN_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
"""What stands outside the characters every SEPA bank takes (EPC217-08)."""


def file_for_bank(
    batch: UUID, execution_date: date, made_at: datetime, debtor: Debtor, payments: Sequence[tuple[Payout, Account]]
) -> bytes:
    """The file that has the bank pay these, each booked on its own; the same input gives the same bytes.

    The end-to-end id of a payment is the pay-out's id in 32 hexadecimal digits: it comes back on the statement.
    Raises Refused("file-not-valid") where the result does not fit its schema.
    """
    made = SepaTransfer(
        {"name": debtor.name, "IBAN": debtor.iban, "BIC": debtor.bic, "currency": "EUR", "batch": True}, schema=SCHEMA
    )
    for payout, account in payments:
        made.add_payment(
            {
                "name": account.name,
                "IBAN": account.iban,
                "amount": payout.cents,
                "execution_date": execution_date,
                "description": f"Uitbetaling {payout.id}",
                "endtoend_id": payout.id.hex,
            }
        )
    document = fromstring(made.export(validate=False))
    _settle(document, batch, made_at)
    content: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    try:
        try_valid_xml(content, SCHEMA)
    except ValidationError as fault:
        raise Refused("file-not-valid", "The file would not fit its schema; nothing was made.") from fault
    return content


def _settle(document: Any, batch: UUID, made_at: datetime) -> None:
    """Put our own ids and time where sepaxml puts random ones and its clock, ask for single bookings, mend names."""
    for node in _each(document, "GrpHdr/MsgId", "PmtInf/PmtInfId"):
        node.text = batch.hex
    for node in _each(document, "GrpHdr/CreDtTm"):
        node.text = made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    for node in _each(document, "PmtInf/BtchBookg"):
        node.text = "false"
    for node in _each(document, "GrpHdr/InitgPty/Nm", "PmtInf/Dbtr/Nm", "PmtInf/CdtTrfTxInf/Cdtr/Nm"):
        node.text = " ".join(NOT_IN_SEPA.sub(" ", node.text).split())


def _each(document: Any, *paths: str) -> Iterator[Any]:
    for path in paths:
        yield from document.iterfind("/".join(f"{{*}}{step}" for step in ("CstmrCdtTrfInitn", *path.split("/"))))
