"""Bank statements as camt.053 of any version, with whole cents from the text of their amounts.

Where versions and banks differ: the status of an entry (a code of its own since version 8), the amount of a
transaction in an entry, and whether an entry says what it is made of at all.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from dorpsplein.errors import Invalid
from funding.domain.banking import references_in
from funding.domain.statements import Line, Statement
from funding.sepa.tree import incomplete, needed, parsed, text

AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,5})?")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read(content: bytes) -> list[tuple[Statement, int]]:
    """The statements in a file, each with what its booked entries move, in signed cents.

    Raises Invalid: "statement-not-safe" for a document type or more than is sane, "statement-not-readable",
    "statement-not-camt053", "statement-incomplete", "currency-not-euro", "amount-not-valid".
    """
    document = parsed(content)
    found = [_statement(one) for one in document.iterfind("BkToCstmrStmt/Stmt")]
    if not found:
        raise incomplete("no statement (Stmt)")
    return found


def _statement(stmt: Element) -> tuple[Statement, int]:
    account = text(stmt, "Acct/Id/IBAN") or text(stmt, "Acct/Id/Othr/Id")
    currency = text(stmt, "Acct/Ccy")
    if currency not in {"", "EUR"}:
        raise _not_euro(currency)
    entries = [_Entry.of(account, ntry) for ntry in stmt.iterfind("Ntry")]
    booked = [entry for entry in entries if entry.booked]
    statement = Statement(
        account=account,
        number=needed(stmt, "Id"),
        opening=_balance(stmt, OPENING),
        closing=_balance(stmt, CLOSING),
        lines=_told_apart(line for entry in booked for line in entry.lines()),
        pending=len(entries) - len(booked),
    )
    return statement, sum(entry.signed for entry in booked)


def _told_apart(lines: Iterator[Line]) -> tuple[Line, ...]:
    """Lines that say the very same get a number: the second of two equal payments is no repetition of the first."""
    seen: Counter[bytes] = Counter()
    apart = []
    for line in lines:
        key = hashlib.sha256(line.key + b"\n%d" % seen[line.key]).digest()
        seen[line.key] += 1
        apart.append(replace(line, key=key))
    return tuple(apart)


def _balance(stmt: Element, codes: tuple[str, ...]) -> int:
    for code in codes:
        for balance in stmt.iterfind("Bal"):
            if text(balance, "Tp/CdOrPrtry/Cd") == code:
                return _signed(_cents(balance.find("Amt")), _credit(balance))
    raise incomplete(f"no balance of the kind {' or '.join(codes)}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry (Ntry) as it stands on a statement of an account."""

    account: str
    ntry: Element
    cents: int
    credit: bool
    booked: bool
    booked_on: date

    @classmethod
    def of(cls, account: str, ntry: Element) -> "_Entry":
        status = text(ntry, "Sts/Cd") or text(ntry, "Sts")
        booked = status == "BOOK"
        return cls(account, ntry, _cents(ntry.find("Amt")), _credit(ntry), booked, _day(ntry, booked))

    @property
    def signed(self) -> int:
        return _signed(self.cents, self.credit)

    def lines(self) -> list[Line]:
        """One line for each transaction, where their amounts make up the entry's; else one for all of it."""
        details = self.ntry.findall("NtryDtls/TxDtls")
        if len(details) < 2:
            return [self._line(details[0] if details else None, self.cents, self.credit)]
        parts = [(detail, _part(detail), _credit(detail, self.credit)) for detail in details]
        if any(cents is None for _, cents, _ in parts):
            return [self._line(None, self.cents, self.credit, fault="details-without-amounts")]
        if sum(_signed(cents or 0, credit) for _, cents, credit in parts) != self.signed:
            return [self._line(None, self.cents, self.credit, fault="details-do-not-add-up")]
        return [self._line(detail, cents or 0, credit) for detail, cents, credit in parts]

    def _line(self, detail: Element | None, cents: int, credit: bool, fault: str = "") -> Line:
        entry_reference = text(self.ntry, "AcctSvcrRef")
        own_reference = end_to_end = remittance = ""
        returned = text(self.ntry, "RvslInd") in {"true", "1"}
        if detail is not None:
            own_reference = text(detail, "Refs/AcctSvcrRef") or text(detail, "Refs/TxId")
            end_to_end = text(detail, "Refs/EndToEndId")
            remittance = _remittance(detail)
            returned = returned or detail.find("RtrInf") is not None
        told = [self.account, self.booked_on.isoformat(), str(self.signed), str(_signed(cents, credit)), end_to_end]
        told += [entry_reference, own_reference] if entry_reference or own_reference else [remittance]
        return Line(
            key="\n".join(told).encode(),
            booked_on=self.booked_on,
            cents=cents,
            credit=credit,
            reverses=returned,
            end_to_end=end_to_end,
            references=tuple(references_in(remittance)),
            bank_reference=own_reference or entry_reference,
            fault=fault,
        )


def _remittance(detail: Element) -> str:
    """What the payer wrote: structured references first, then the free text, whose lines may break a word."""
    structured = [node.text or "" for node in detail.iterfind("RmtInf/Strd/CdtrRefInf/Ref")]
    free = "".join(node.text or "" for node in detail.iterfind("RmtInf/Ustrd"))
    return "\n/\n".join([*structured, free])


def _part(detail: Element) -> int | None:
    """What a transaction of an entry moved, by itself (since version 8) or in its details; None if not said."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        node = detail.find(path)
        if node is not None and node.get("Ccy") == "EUR":
            return _cents(node)
    return None


def _day(ntry: Element, needed: bool) -> date:
    told = text(ntry, "BookgDt/Dt") or text(ntry, "BookgDt/DtTm") or text(ntry, "ValDt/Dt")
    try:
        return date.fromisoformat(told[:10])
    except ValueError as fault:
        if needed:
            raise incomplete("an entry without a booking date") from fault
        return date.min


def _credit(node: Element, default: bool | None = None) -> bool:
    direction: Mapping[str, bool] = {"CRDT": True, "DBIT": False}
    found = direction.get(text(node, "CdtDbtInd"), default)
    if found is None:
        raise incomplete("an amount that is neither credit nor debit (CdtDbtInd)")
    return found


def _cents(node: Element | None) -> int:
    """Whole cents, exactly, from the text of an amount in euros."""
    if node is None:
        raise incomplete("an entry or balance without an amount")
    if node.get("Ccy") != "EUR":
        raise _not_euro(node.get("Ccy", ""))
    said = (node.text or "").strip()
    cents = Decimal(said) * 100 if AMOUNT.fullmatch(said) else Decimal("0.5")
    if cents != int(cents):
        raise Invalid("amount-not-valid", "An amount of the statement is not in whole cents; nothing was taken in.")
    return int(cents)


def _signed(cents: int, credit: bool) -> int:
    return cents if credit else -cents


def _not_euro(currency: str) -> Invalid:
    shown = currency if re.fullmatch("[A-Z]{3}", currency) else "another currency"
    return Invalid("currency-not-euro", f"The statement is in {shown}; only euros are reconciled here.")
