"""The text of a file as sections of rows, with everything that is wrong in it."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

REQUIRED = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
"""The sections, and the columns each cannot do without."""


class MalformedFile(Exception):
    """The file is not what it says it is. Its text has one `file:line: reason` a fault."""

    def __init__(self, name: str, faults: Iterable[tuple[int, str]]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(f"{name}:{line}: {reason}" for line, reason in self.faults))


@dataclass
class Section:
    """A section of the file: where it begins, its columns, and its rows with the line of each."""

    name: str
    line: int
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


class Sheet:
    """The file as sections of rows, with what is wrong in it so far."""

    def __init__(self, name: str) -> None:
        self.sections: dict[str, Section] = {}
        self._name = name
        self._now: Section | None = None
        self._faults: list[tuple[int, str]] = []
        self._last = 1

    def fault(self, line: int, reason: str) -> None:
        """Keep something that is wrong."""
        self._faults.append((line, reason))

    def refuse_if_faulty(self) -> None:
        """Raise MalformedFile where something was wrong."""
        if self._faults:
            raise MalformedFile(self._name, self._faults)

    def add(self, line: int, row: list[str]) -> None:
        """Take a row: the name of a section, its columns, or one of its rows."""
        self._last = line
        if len(row) == 1 and (row[0] in REQUIRED or row[0].isupper() or self._now is None):
            self._begin(line, row[0])
        elif self._now is None:
            self.fault(line, "the file must begin with META")
            self.refuse_if_faulty()
        elif not self._now.columns:
            self._now.columns = row
            self._check_columns(line, self._now)
        elif len(row) != len(self._now.columns):
            self.fault(line, f"there are {len(row)} fields where the section has {len(self._now.columns)}")
        else:
            self._now.rows.append((line, dict(zip(self._now.columns, row, strict=True))))

    def _begin(self, line: int, name: str) -> None:
        if name not in REQUIRED:
            self.fault(line, f"{name[:40]!r} is no section; there are META, PROJECTS and VOTES")
            self.refuse_if_faulty()
        if name in self.sections:
            self.fault(line, f"there is a second section {name}")
        self._now = self.sections[name] = Section(name, line)

    def _check_columns(self, line: int, section: Section) -> None:
        for column in REQUIRED[section.name]:
            if column not in section.columns:
                self.fault(line, f"{section.name} has no column {column}")
        if len(set(section.columns)) < len(section.columns):
            self.fault(line, f"{section.name} has a column twice")

    def check_whole(self) -> None:
        """Raise MalformedFile unless every section is there and its rows can be read."""
        for name in REQUIRED:
            if name not in self.sections:
                self.fault(self._last, f"there is no section {name}")
            elif not self.sections[name].columns:
                self.fault(self.sections[name].line, f"{name} has no line of column names")
        self.refuse_if_faulty()

    def meta_line(self, key: str) -> int:
        """The line of a key of META, or of META itself."""
        section = self.sections["META"]
        return next((line for line, row in section.rows if row["key"] == key), section.line)


def text_of(sheet: Sheet, raw: bytes) -> str:
    """The file as text. Raises MalformedFile where it is none."""
    if not raw.strip():
        sheet.fault(1, "the file is empty")
    if b"\0" in raw:
        sheet.fault(_line_at(raw, raw.index(b"\0")), "there is a zero byte: this is no text file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sheet.fault(_line_at(raw, error.start), f"the byte 0x{raw[error.start]:02x} is not UTF-8")
        text = ""
    sheet.refuse_if_faulty()
    return text


def _line_at(raw: bytes, place: int) -> int:
    return raw.count(b"\n", 0, place) + 1


def rows_of(sheet: Sheet, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each ends on; blank lines are passed by."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                _check_characters(sheet, reader.line_num, cells)
                yield reader.line_num, cells
    except csv.Error as error:
        sheet.fault(reader.line_num, f"the quoting is not right: {error}")
        sheet.refuse_if_faulty()


def _check_characters(sheet: Sheet, line: int, cells: list[str]) -> None:
    for character in "".join(cells):
        if not character.isprintable() and unicodedata.category(character) == "Cc" and character not in "\n\r\t":
            sheet.fault(line, f"there is a control character U+{ord(character):04X}")
