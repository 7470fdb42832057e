"""What a participatory budgeting vote becomes on the square: initiatives, support, and a round with its pot."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.settings import NAMESPACE
from dorpsplein_local.errors import CannotRun
from funding.domain.pabulib import Election, Project

LONGEST_TITLE = 200
LONGEST_SUMMARY = 2_000
LONGEST_CODE = 60
THEME_OF_NONE = "algemeen"
PLACE = ("unit", "district", "subunit")


@dataclass(frozen=True)
class Plan:
    """An election as commands. Made from the same election it is the same, so it can be carried out again.

    `source` names the election in every id; `initiatives` are the items of the bulk command; `supports` is one
    (project, voter) for each project a voter approved, those of withdrawn projects left out.
    """

    source: str
    name: str
    budget_cents: int
    initiatives: tuple[dict[str, Any], ...]
    supports: tuple[tuple[str, str], ...]
    withdrawn: int

    def id_of(self, kind: str) -> UUID:
        """The id of the fund, the round or the pot line that this import makes."""
        return uuid5(NAMESPACE, f"{kind}/{self.source}")

    def counts(self) -> Counter[str]:
        """How many support each project in the file."""
        return Counter(project for project, _ in self.supports)

    def batches(self, most: int) -> Iterator[tuple[tuple[str, str], ...]]:
        """The supports in batches of at most `most`, in the order of the file."""
        for start in range(0, len(self.supports), most):
            yield self.supports[start : start + most]


def plan(election: Election) -> Plan:
    """Turn an election into commands. Raises CannotRun where its amounts are not in euros or nothing is left."""
    currency = election.meta.get("currency", "EUR")
    if currency != "EUR":
        raise CannotRun(f"The amounts in this file are in {currency[:10]}; means are in EUR, so it cannot be imported.")
    kept = [project for project in election.projects if not project.withdrawn]
    if not kept or not election.budget_cents:
        raise CannotRun("This file has no project that was not withdrawn, or no budget, so there is nothing to import.")
    known = {project.id for project in kept}
    return Plan(
        source=source_of(election),
        name=_cut(_line(election.meta.get("description", "")) or source_of(election), LONGEST_TITLE),
        budget_cents=election.budget_cents,
        initiatives=tuple(_initiative(project, election) for project in kept),
        supports=tuple((p, vote.voter) for vote in election.votes for p in vote.approved() if p in known),
        withdrawn=len(election.projects) - len(kept),
    )


def source_of(election: Election) -> str:
    """A code for the election from where and when it was, so that a corrected file is still the same election."""
    keys = ("country", *PLACE, "instance") if "instance" in election.meta else ("country", *PLACE, "date_begin")
    full = slug(" ".join(election.meta.get(key, "") for key in keys)) or slug(election.meta.get("description", ""))
    if len(full) <= LONGEST_CODE:
        return full or THEME_OF_NONE
    return f"{full[: LONGEST_CODE - 9].rstrip('-')}-{sha256(full.encode()).hexdigest()[:8]}"


def slug(text: str) -> str:
    """A text as a code: small letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _initiative(project: Project, election: Election) -> dict[str, Any]:
    return {
        "reference": project.id,
        "title": _cut(_line(project.name) or f"Plan {project.id}", LONGEST_TITLE),
        "summary": _cut(_summary(project, election), LONGEST_SUMMARY),
        "theme": _theme(project.category),
        **({"meansNeededCents": project.cost_cents} if project.cost_cents else {}),
    }


def _theme(category: str) -> str:
    code = slug(category.split(",")[0])
    if len(code) > LONGEST_CODE:
        code = code[: LONGEST_CODE + 1].rpartition("-")[0] or code[:LONGEST_CODE]
    return code or THEME_OF_NONE


def _summary(project: Project, election: Election) -> str:
    """What can be said in Dutch from what the file tells."""
    meta = election.meta
    place = ", ".join(dict.fromkeys(_line(meta[key]) for key in reversed(PLACE[:2]) if meta.get(key)))
    category = _line(project.category.split(",")[0])
    year = re.search(r"(?:19|20)\d\d", meta.get("date_begin", ""))
    vote = _line(meta.get("description", ""))
    about = f"Een plan{f' voor {place}' if place else ''}{f', in de categorie ‘{category}’' if category else ''}."
    stood = f"Het stond in ‘{vote}’{f' ({year[0]})' if year else ''} en is" if vote else "Het is"
    costs = f"{stood} begroot op {euros(project.cost_cents)}."
    return " ".join(filter(None, (_line(project.description), about, costs)))


def euros(cents: int) -> str:
    """An amount as it is written in Dutch: € 12.500 or € 12.500,50."""
    whole = f"{cents // 100:,}".replace(",", ".")
    return f"€ {whole}" + (f",{cents % 100:02d}" if cents % 100 else "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
