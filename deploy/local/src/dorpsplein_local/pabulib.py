"""Reads a participatory budgeting vote in the Pabulib format (https://pabulib.org/format).

A text file in UTF-8 with the sections META, PROJECTS and VOTES; each begins with a line of column names, fields are
separated by `;` and quoted as in CSV. What voters are (age, sex, neighbourhood) is not read.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

WITHDRAWN = 999_999_999 * 100
"""The cost that stands for: this project was withdrawn."""
MOST_CENTS = 2**63 - 1
LONGEST_ID = 100

VOTE_TYPES = ("approval", "choose-1", "cumulative", "scoring", "ordinal")
WITH_POINTS = ("cumulative", "scoring")
REQUIRED = {"META": ("key", "value"), "PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
REQUIRED_META = ("num_projects", "num_votes", "budget", "vote_type")
AMOUNT = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,2}))?", re.ASCII)
POINTS = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Project:
    """Something that was voted on. Its cost is in hundredths of the file's currency; texts may be empty."""

    id: str
    cost_cents: int
    name: str = ""
    category: str = ""
    description: str = ""

    @property
    def withdrawn(self) -> bool:
        """Tell whether it was taken back before the outcome."""
        return self.cost_cents == WITHDRAWN


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's ballot: projects as they stand in it, with the points each got where the vote type has points."""

    voter: str
    projects: tuple[str, ...]
    points: tuple[float, ...] | None = None

    def approved(self) -> list[str]:
        """The projects this voter is for, each once: all that are named, or those that got points."""
        if self.points is None:
            return list(dict.fromkeys(self.projects))
        return list(dict.fromkeys(p for p, points in zip(self.projects, self.points, strict=True) if points > 0))


@dataclass(frozen=True, slots=True)
class Election:
    """A whole vote: what META says of it, its projects and its ballots, in the order of the file."""

    meta: Mapping[str, str]
    vote_type: str
    budget_cents: int
    projects: tuple[Project, ...]
    votes: tuple[Vote, ...]


class MalformedFile(Exception):
    """The file is not what it says it is. Its text has one `file:line: reason` a fault."""

    def __init__(self, name: str, faults: Iterable[tuple[int, str]]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(f"{name}:{line}: {reason}" for line, reason in self.faults))


def read(path: Path) -> Election:
    """Read a file. Raises MalformedFile with every fault found, OSError where it cannot be opened."""
    return parse(path.read_bytes(), path.name)


def parse(raw: bytes, name: str) -> Election:
    """Read the bytes of a file called `name`. Raises MalformedFile with every fault found."""
    sheet = _Sheet(name)
    for line, row in _rows(sheet, _text(sheet, raw)):
        sheet.add(line, row)
    sheet.check_whole()
    meta = _meta(sheet)
    projects = _projects(sheet)
    votes = _votes(sheet, meta.get("vote_type", ""), {project.id for project in projects})
    for key, section, there in (("num_projects", "PROJECTS", projects), ("num_votes", "VOTES", votes)):
        _check_count(sheet, meta, key, section, len(there))
    budget = _amount(sheet, sheet.meta_line("budget"), "budget", meta.get("budget", "0"))
    sheet.refuse_if_faulty()
    return Election(meta, meta["vote_type"], budget, tuple(projects), tuple(votes))


@dataclass
class _Section:
    name: str
    line: int
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


class _Sheet:
    """The file as sections of rows, with what is wrong in it so far."""

    def __init__(self, name: str) -> None:
        self.sections: dict[str, _Section] = {}
        self._name = name
        self._now: _Section | None = None
        self._faults: list[tuple[int, str]] = []
        self._last = 1

    def fault(self, line: int, reason: str) -> None:
        self._faults.append((line, reason))

    def refuse_if_faulty(self) -> None:
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
        self._now = self.sections[name] = _Section(name, line)

    def _check_columns(self, line: int, section: _Section) -> None:
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
        section = self.sections["META"]
        return next((line for line, row in section.rows if row["key"] == key), section.line)


def _text(sheet: _Sheet, raw: bytes) -> str:
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


def _rows(sheet: _Sheet, text: str) -> Iterator[tuple[int, list[str]]]:
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


def _check_characters(sheet: _Sheet, line: int, cells: list[str]) -> None:
    for character in "".join(cells):
        if not character.isprintable() and unicodedata.category(character) == "Cc" and character not in "\n\r\t":
            sheet.fault(line, f"there is a control character U+{ord(character):04X}")


def _meta(sheet: _Sheet) -> dict[str, str]:
    meta: dict[str, str] = {}
    for line, row in sheet.sections["META"].rows:
        if row["key"] in meta:
            sheet.fault(line, f"{row['key']} is there twice")
        meta[row["key"]] = row["value"]
    first = sheet.sections["META"].line
    for key in REQUIRED_META:
        if key not in meta:
            sheet.fault(first, f"META has no {key}")
    if meta.get("vote_type", VOTE_TYPES[0]) not in VOTE_TYPES:
        known = ", ".join(VOTE_TYPES)
        sheet.fault(sheet.meta_line("vote_type"), f"the vote type {meta['vote_type']!r} is not one of {known}")
    return meta


def _projects(sheet: _Sheet) -> list[Project]:
    projects: dict[str, Project] = {}
    for line, row in sheet.sections["PROJECTS"].rows:
        project_id = row["project_id"]
        _check_id(sheet, line, "project", project_id, known=project_id in projects)
        projects[project_id] = Project(
            id=project_id,
            cost_cents=_amount(sheet, line, "cost", row["cost"]),
            name=row.get("name", ""),
            category=row.get("category", ""),
            description=row.get("description", ""),
        )
    return list(projects.values())


def _votes(sheet: _Sheet, vote_type: str, projects: set[str]) -> list[Vote]:
    section = sheet.sections["VOTES"]
    with_points = vote_type in WITH_POINTS
    if with_points and "points" not in section.columns:
        sheet.fault(section.line, f"VOTES has no column points, which a {vote_type} vote needs")
        return []
    votes: dict[str, Vote] = {}
    for line, row in section.rows:
        voter = row["voter_id"]
        _check_id(sheet, line, "voter", voter, known=voter in votes)
        named = _list(row["vote"])
        for project in dict.fromkeys(named):
            if project not in projects:
                sheet.fault(line, f"voter {voter} names the project {project[:40]!r}, which is not in PROJECTS")
        if vote_type == "choose-1" and len(set(named)) > 1:
            sheet.fault(line, f"voter {voter} names {len(set(named))} projects in a choose-1 vote")
        votes[voter] = Vote(voter, named, _points(sheet, line, row["points"], len(named)) if with_points else None)
    return list(votes.values())


def _points(sheet: _Sheet, line: int, text: str, count: int) -> tuple[float, ...]:
    points = _list(text)
    if len(points) != count:
        sheet.fault(line, f"there are {len(points)} points for {count} projects")
        return (0.0,) * count
    for number in points:
        if not POINTS.fullmatch(number):
            sheet.fault(line, f"the points {number[:40]!r} are no number")
            return (0.0,) * count
    return tuple(float(number) for number in points)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _check_id(sheet: _Sheet, line: int, kind: str, given: str, *, known: bool) -> None:
    if not given:
        sheet.fault(line, f"the {kind} has no id")
    elif known:
        sheet.fault(line, f"the {kind} {given[:40]} is there twice")
    elif len(given) > LONGEST_ID:
        sheet.fault(line, f"the id of the {kind} is longer than {LONGEST_ID} characters")


def _amount(sheet: _Sheet, line: int, what: str, text: str) -> int:
    """An amount in hundredths; a fault and 0 where it is none."""
    found = AMOUNT.fullmatch(text)
    cents = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else -1
    if not 0 <= cents <= MOST_CENTS:
        sheet.fault(line, f"the {what} {text[:40]!r} is no amount such as 12500 or 12500.50")
        return 0
    return cents


def _check_count(sheet: _Sheet, meta: dict[str, str], key: str, section: str, there: int) -> None:
    if key in meta and meta[key] != str(there):
        sheet.fault(sheet.meta_line(key), f"{key} is {meta[key][:40]!r}, but {section} has {there}")
