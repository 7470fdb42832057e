"""Bank statements as banks send them, written by hand for the tests: the shapes that differ from bank to bank."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

OURS = "NL91ABNA0417164300"
THEIRS = "NL20INGB0001234567"


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def amount(cents: int, currency: str = "EUR") -> str:
    return f'<Amt Ccy="{currency}">{euros(cents)}</Amt>'


@dataclass
class Tx:
    """A transaction in an entry. `shape` says where its amount stands."""

    end_to_end: str = ""
    free: str | list[str] = ""
    reference: str = ""
    cents: int | None = None
    direction: str = ""
    bank_reference: str = ""
    returned: str = ""
    shape: str = "Amt"

    def xml(self) -> str:
        refs = f"<AcctSvcrRef>{self.bank_reference}</AcctSvcrRef>" if self.bank_reference else ""
        refs += f"<EndToEndId>{self.end_to_end}</EndToEndId>" if self.end_to_end else ""
        parts = [f"<Refs>{refs}</Refs>" if refs else ""]
        if self.cents is not None and self.shape == "Amt":
            parts.append(amount(self.cents))
        if self.direction:
            parts.append(f"<CdtDbtInd>{self.direction}</CdtDbtInd>")
        if self.cents is not None and self.shape == "AmtDtls":
            parts.append(
                f"<AmtDtls><InstdAmt>{amount(1, 'USD')}</InstdAmt><TxAmt>{amount(self.cents)}</TxAmt></AmtDtls>"
            )
        parts.append(
            "<RltdPties><Dbtr><Nm>Jan de Geheime</Nm></Dbtr>"
            f"<DbtrAcct><Id><IBAN>{THEIRS}</IBAN></Id></DbtrAcct></RltdPties>"
        )
        told = [self.free] if isinstance(self.free, str) else self.free
        remittance = "".join(f"<Ustrd>{escape(line)}</Ustrd>" for line in told if line)
        if self.reference:
            kind = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>ISO</Issr></Tp>"
            remittance += f"<Strd><CdtrRefInf>{kind}<Ref>{self.reference}</Ref></CdtrRefInf></Strd>"
        parts.append(f"<RmtInf>{remittance}</RmtInf>" if remittance else "")
        parts.append(f"<RtrInf><Rsn><Cd>{self.returned}</Cd></Rsn></RtrInf>" if self.returned else "")
        return f"<TxDtls>{''.join(parts)}</TxDtls>"


@dataclass
class Entry:
    """An entry; `cents` is signed: less than nothing leaves the account."""

    cents: int
    details: list[Tx] = field(default_factory=list)
    reference: str = ""
    status: str = "BOOK"
    reversal: bool = False
    day: str = "2026-05-01"

    def xml(self, version: int) -> str:
        direction = "CRDT" if self.cents >= 0 else "DBIT"
        status = f"<Cd>{self.status}</Cd>" if version >= 8 else self.status
        parts = [
            "<NtryRef>1</NtryRef>",
            amount(abs(self.cents)),
            f"<CdtDbtInd>{direction}</CdtDbtInd>",
            "<RvslInd>true</RvslInd>" if self.reversal else "",
            f"<Sts>{status}</Sts>",
            f"<BookgDt><Dt>{self.day}</Dt></BookgDt>",
            f"<AcctSvcrRef>{self.reference}</AcctSvcrRef>" if self.reference else "",
            "<BkTxCd><Prtry><Cd>541</Cd></Prtry></BkTxCd>",
            f"<NtryDtls>{''.join(tx.xml() for tx in self.details)}</NtryDtls>" if self.details else "",
            "<AddtlNtryInf>Naam: Jan de Geheime</AddtlNtryInf>",
        ]
        return f"<Ntry>{''.join(parts)}</Ntry>"


def balance(code: str, cents: int, currency: str = "EUR") -> str:
    direction = "CRDT" if cents >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(abs(cents), currency)}"
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2026-05-01</Dt></Dt></Bal>"
    )


def statement(
    *entries: Entry,
    version: int = 8,
    account: str = OURS,
    currency: str = "EUR",
    opening: int = 10_000_000,
    closing: int | None = None,
    opens: str = "OPBD",
    number: str = "S-1",
) -> str:
    """One statement (Stmt) whose balances add up, unless `closing` says otherwise."""
    moved = sum(entry.cents for entry in entries if entry.status == "BOOK")
    closing = opening + moved if closing is None else closing
    return (
        f"<Stmt><Id>{number}</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{currency}</Ccy>"
        "<Ownr><Nm>Gemeente</Nm></Ownr></Acct>"
        f"{balance(opens, opening, currency)}{balance('CLBD', closing, currency)}"
        f"{''.join(entry.xml(version) for entry in entries)}</Stmt>"
    )


def document(*statements: str, version: int = 8, prefix: str = "", before: str = "") -> bytes:
    """A whole file, with its elements under a namespace prefix where one is given."""
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02d}"
    inside = f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>{''.join(statements)}</BkToCstmrStmt>"
    if prefix:
        inside = inside.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
        text = f'<{prefix}:Document xmlns:{prefix}="{namespace}">{inside}</{prefix}:Document>'
    else:
        text = f'<Document xmlns="{namespace}">{inside}</Document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}{text}'.encode()


def camt(*entries: Entry, **other: object) -> bytes:
    """A file of one statement with these entries."""
    version = other.get("version", 8)
    assert isinstance(version, int)
    return document(statement(*entries, **other), version=version)  # type: ignore[arg-type]
