"""A bank's XML as a tree: read by expat through defusedxml, without document type or entities, nothing fetched.

Only what reconciling needs is kept: names and accounts of others never even stand in memory.
"""

import re
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser, ParseError  # type: ignore[import-untyped]

from dorpsplein.errors import Invalid

MOST_STATEMENT_BYTES = 16_000_000
MOST_ELEMENTS = 1_000_000
DEEPEST = 30
DOCUMENT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d\d\}Document")
NOT_READ = frozenset(
    {"AddtlNtryInf", "AddtlTxInf", "AddtlStmtInf", "Ownr", "RltdAcct", "RltdAgts", "RltdPties", "Svcr", "TxsSummry"}
)


class _Slim:
    """Builds a tree without namespaces and without what is not read; refuses what is too deep or too much."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = self._count = self._skipping = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._depth and not DOCUMENT.fullmatch(tag):
            raise Invalid("statement-not-camt053", "This is XML, but no bank statement of the kind camt.053.")
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise Invalid("statement-not-safe", "The statement is nested too deeply or holds too many elements.")
        name = tag.rpartition("}")[2]
        if self._skipping or name in NOT_READ:
            self._skipping += 1
        else:
            self._tree.start(name, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._skipping:
            self._skipping -= 1
        else:
            self._tree.end(tag.rpartition("}")[2])

    def data(self, text: str) -> None:
        if not self._skipping:
            self._tree.data(text)

    def close(self) -> Element:
        return self._tree.close()


def parsed(content: bytes) -> Element:
    """The document without namespaces. Raises Invalid where it is not well-formed, not safe or no camt.053."""
    parser = DefusedXMLParser(target=_Slim(), forbid_dtd=True)
    try:
        parser.feed(content)
        document: Element = parser.close()
    except DefusedXmlException as fault:
        raise Invalid("statement-not-safe", "The statement holds a document type; no bank sends such.") from fault
    except (ParseError, ValueError, LookupError) as fault:
        raise Invalid("statement-not-readable", f"The statement is no well-formed XML: {fault}.") from fault
    return document


def needed(node: Element, path: str) -> str:
    """The text at a path. Raises Invalid("statement-incomplete") where there is none."""
    found = text(node, path)
    if not found:
        raise incomplete(f"no {path}")
    return found


def text(node: Element, path: str) -> str:
    """The text at a path, or nothing."""
    return (node.findtext(path) or "").strip()


def incomplete(what: str) -> Invalid:
    """The refusal of a statement that lacks something."""
    return Invalid("statement-incomplete", f"The statement has {what}; nothing was taken in.")
