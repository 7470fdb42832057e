"""Lines of a harvest: what a session yielded, each with as much as its teller consents to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from dorpsplein.contracts.presence.harvest import HarvestConsentWithdrawn, HarvestLineNoted, HarvestState
from dorpsplein.errors import Conflict, Forbidden
from presence.domain.consent import Consent, within_consent
from presence.domain.surroundings import Surroundings, about_what_is_there


@dataclass(frozen=True, slots=True)
class HarvestLine:
    """One thing a session yielded, for an initiative or for none yet.

    `withdrawn`: its teller took their consent back, so words and name are gone.
    """

    id: UUID
    session_id: UUID
    noted_by: UUID
    consent: Consent
    initiative_id: UUID | None = None
    words: str | None = None
    contributor_id: UUID | None = None
    withdrawn: bool = False
    version: int = 1


def note(line: HarvestLine, around: Surroundings) -> list[HarvestLineNoted | HarvestState]:
    """Note a line: the fact, and its words as public state where there are any.

    Raises Refused for words or a name beyond the consent, and for an unknown or withdrawn initiative.
    """
    within_consent(line.consent, line.words, line.contributor_id)
    about_what_is_there(around, initiative_id=line.initiative_id)
    noted = HarvestLineNoted(
        harvest_line_id=line.id,
        session_id=line.session_id,
        initiative_id=line.initiative_id,
        consent=line.consent,
        contributor_id=line.contributor_id,
    )
    return [noted] if line.words is None else [noted, state_of(line)]


def fresh(lines: Iterable[HarvestLine], standing: Mapping[UUID, HarvestLine]) -> list[HarvestLine]:
    """Those of these lines that are not there yet, each once.

    Raises Conflict("line-id-taken") where an id stands for another line, here or among these.
    """
    known, new = dict(standing), []
    for line in lines:
        there = known.setdefault(line.id, line)
        if there is line:
            new.append(line)
        elif not _same(there, line):
            detail = f"The id {line.id} stands for another line; choose a new one."
            raise Conflict("line-id-taken", detail, lineId=line.id)
    return new


def _same(there: HarvestLine, line: HarvestLine) -> bool:
    """Tell whether a line that comes again says what was noted; of what was withdrawn nothing is left to compare."""
    if there.session_id != line.session_id:
        return False
    return there.withdrawn or replace(line, noted_by=there.noted_by, version=there.version) == there


def withdraw(line: HarvestLine, person: UUID, *, for_anyone: bool = False) -> list[HarvestConsentWithdrawn]:
    """Take consent back; nothing happens where there is none (any more).

    Raises Forbidden("not-your-line") for who neither noted nor told it, unless `for_anyone`.
    """
    if not for_anyone and person not in (line.noted_by, line.contributor_id):
        raise Forbidden("not-your-line", "Only who noted or told this may take it back.")
    if line.consent is Consent.NONE:
        return []
    return [
        HarvestConsentWithdrawn(harvest_line_id=line.id, session_id=line.session_id, initiative_id=line.initiative_id)
    ]


def evolve(line: HarvestLine, _: HarvestConsentWithdrawn) -> HarvestLine:
    """The line after its consent was withdrawn: words and name are gone."""
    return replace(
        line, consent=Consent.NONE, words=None, contributor_id=None, withdrawn=True, version=line.version + 1
    )


def state_of(line: HarvestLine) -> HarvestState:
    """Its public view; of a line without words, what erases that."""
    return HarvestState(
        harvest_line_id=line.id,
        session_id=line.session_id,
        initiative_id=line.initiative_id,
        words=line.words or "",
        consent=line.consent,
        contributor_id=line.contributor_id,
    )
