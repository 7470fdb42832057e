"""Commands on encounters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Rejected
from dorpsplein.web import found
from presence.domain import encounters as domain
from presence.storage import encounters as storage
from presence.storage.surroundings import surroundings


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of a note; `already` when the encounter was there before it."""

    encounter: domain.Encounter
    already: bool


async def note_encounter(tx: Transaction, note: domain.Note, *, now: datetime) -> domain.Encounter:
    """Note one talk; raises what `note_encounters` answers."""
    [answer] = await note_encounters(tx, [note], now=now)
    if isinstance(answer, Rejected):
        raise answer
    return answer.encounter


async def note_encounters(tx: Transaction, notes: Sequence[domain.Note], *, now: datetime) -> list[Noted | Rejected]:
    """Note talks, each with its own answer, in any order and any number of times with one effect each.

    The same id with other content, or of someone else, answers Conflict("encounter-id-taken").
    """
    standing = await storage.by_ids(tx, {note.id for note in notes})
    new = [note for note in notes if note.id not in standing]
    around = await surroundings(tx, (note.place_id for note in new), (note.initiative_id for note in new))
    fresh: dict[UUID, domain.Encounter] = {}
    facts: list[Fact] = []
    answers: list[Noted | Rejected] = []
    for note in notes:
        there = standing.get(note.id) or fresh.get(note.id)
        if there is not None:
            answers.append(_again(there, note))
            continue
        try:
            facts += [Fact(event, 1) for event in domain.note(note, around)]
        except Rejected as refusal:
            answers.append(refusal)
        else:
            fresh[note.id] = domain.Encounter(note, now)
            answers.append(Noted(fresh[note.id], already=False))
    return await _added(tx, fresh, facts, answers, now) if fresh else answers


async def _added(
    tx: Transaction,
    fresh: dict[UUID, domain.Encounter],
    facts: Sequence[Fact],
    answers: list[Noted | Rejected],
    now: datetime,
) -> list[Noted | Rejected]:
    """Store what is fresh; who noted the same at the same moment was first, and is answered with."""
    added = await storage.add(tx, fresh.values(), facts, now)
    overtaken = await storage.by_ids(tx, fresh.keys() - added) if len(added) < len(fresh) else {}

    def final(answer: Noted | Rejected) -> Noted | Rejected:
        if isinstance(answer, Noted) and answer.encounter.note.id in overtaken:
            return _again(overtaken[answer.encounter.note.id], answer.encounter.note)
        return answer

    return [final(answer) for answer in answers]


def _again(there: domain.Encounter, note: domain.Note) -> Noted | Rejected:
    if domain.is_the_same(there, note):
        return Noted(there, already=True)
    return Conflict("encounter-id-taken", f"The id {note.id} stands for another encounter; choose a new one.")


async def withdraw_consent(tx: Transaction, encounter_id: UUID, person: UUID, *, for_anyone: bool) -> domain.Encounter:
    """Erase the words and name of a talk, here and by a tombstone everywhere. Raises NotFound, Forbidden."""
    encounter: domain.Encounter = found(await storage.lock(tx, encounter_id), "encounter", encounter_id)
    for event in domain.withdraw(encounter, person, for_anyone=for_anyone):
        encounter = domain.evolve(encounter, event)
        erased = EncounterState(encounter_id=encounter_id, theme=encounter.note.theme, words="", consent="none")
        facts = [Fact(event, encounter.version), Fact(erased, encounter.version, erases=True)]
        await storage.withdraw(tx, encounter, facts)
    return encounter
