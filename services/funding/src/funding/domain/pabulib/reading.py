"""Reading a file in the Pabulib format: every value is checked, and every fault is told with its line."""

import re
from decimal import Decimal

from funding.domain.pabulib.election import Election, Project, Vote
from funding.domain.pabulib.sheet import Sheet, rows_of, text_of

MOST_CENTS = 2**53 - 1
"""What every JSON reader takes as a whole number."""
LENGTH = re.compile("[1-9][0-9]{0,5}", re.ASCII)
LONGEST_ID = 100

VOTE_TYPES = ("approval", "choose-1", "cumulative", "scoring", "ordinal")
WITH_POINTS = ("cumulative", "scoring")
REQUIRED_META = ("num_projects", "num_votes", "budget", "vote_type")
AMOUNT = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,2}))?", re.ASCII)
POINTS = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
SELECTED = {"0": False, "1": True}


def parse(raw: bytes, name: str) -> Election:
    """Read the bytes of a file called `name`. Raises MalformedFile with every fault found."""
    sheet = Sheet(name)
    for line, row in rows_of(sheet, text_of(sheet, raw)):
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


def _meta(sheet: Sheet) -> dict[str, str]:
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
    if (length := meta.get("max_length")) and not LENGTH.fullmatch(length):
        sheet.fault(sheet.meta_line("max_length"), f"max_length {length[:40]!r} is no whole number such as 5")
    return meta


def _projects(sheet: Sheet) -> list[Project]:
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
            selected=SELECTED.get(row.get("selected", "")),
        )
    return list(projects.values())


def _votes(sheet: Sheet, vote_type: str, projects: set[str]) -> list[Vote]:
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


def _points(sheet: Sheet, line: int, text: str, count: int) -> tuple[Decimal, ...]:
    points = _list(text)
    if len(points) != count:
        sheet.fault(line, f"there are {len(points)} points for {count} projects")
        return (Decimal(0),) * count
    for number in points:
        if not POINTS.fullmatch(number):
            sheet.fault(line, f"the points {number[:40]!r} are no number")
            return (Decimal(0),) * count
    return tuple(Decimal(number) for number in points)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _check_id(sheet: Sheet, line: int, kind: str, given: str, *, known: bool) -> None:
    if not given:
        sheet.fault(line, f"the {kind} has no id")
    elif known:
        sheet.fault(line, f"the {kind} {given[:40]} is there twice")
    elif len(given) > LONGEST_ID:
        sheet.fault(line, f"the id of the {kind} is longer than {LONGEST_ID} characters")


def _amount(sheet: Sheet, line: int, what: str, text: str) -> int:
    """An amount in hundredths; a fault and 0 where it is none."""
    found = AMOUNT.fullmatch(text)
    cents = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else -1
    if not 0 <= cents <= MOST_CENTS:
        sheet.fault(line, f"the {what} {text[:40]!r} is no amount such as 12500 or 12500.50")
        return 0
    return cents


def _check_count(sheet: Sheet, meta: dict[str, str], key: str, section: str, there: int) -> None:
    if key in meta and meta[key] != str(there):
        sheet.fault(sheet.meta_line(key), f"{key} is {meta[key][:40]!r}, but {section} has {there}")
