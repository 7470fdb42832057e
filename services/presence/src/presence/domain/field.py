"""Work in the field without signal: what an officer did and noted there, sent later, in any order and more than once.

Each command has an id and a moment of the officer's own clock. Commands are carried out in the order of those moments,
so a batch that was shuffled on its way has the same outcome. Nothing else is reckoned from a clock that is not ours.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID

from presence.domain import slots
from presence.domain.encounters import Note
from presence.domain.harvest import HarvestLine
from presence.domain.slots import Slot, SlotEvent, SlotStatus

KEPT = timedelta(days=30)
"""How long a command that had its effect is remembered, so that a phone that sends it again hears what came of it."""


class Kind(StrEnum):
    """What can be done without signal."""

    NOTE_ENCOUNTER = "note-encounter"
    WITHDRAW_ENCOUNTER_CONSENT = "withdraw-encounter-consent"
    ARRIVE = "arrive"
    LEAVE = "leave"
    BRING_IN_LINE = "bring-in-line"


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """A teller takes their consent back; `for_anyone` where an operator may do so for whoever it is."""

    encounter_id: UUID
    for_anyone: bool = False


@dataclass(frozen=True, slots=True)
class Arrive:
    """The officer came to the place of a slot."""

    slot_id: UUID


@dataclass(frozen=True, slots=True)
class Leave:
    """The officer went from the place of a slot."""

    slot_id: UUID


Act = Note | WithdrawConsent | Arrive | Leave | HarvestLine
"""What a command does."""


@dataclass(frozen=True, slots=True)
class FieldCommand:
    """One command under the client's id; `digest` is of all it says, `claimed_at` when it happened by their clock."""

    id: UUID
    claimed_at: datetime
    digest: bytes
    kind: Kind
    act: Act


def in_order(commands: Iterable[FieldCommand]) -> list[FieldCommand]:
    """Commands as they happened: by their moments, then ids; of those with one id only the first."""
    first: dict[UUID, FieldCommand] = {}
    for command in sorted(commands, key=lambda each: (each.claimed_at, each.id, each.digest)):
        first.setdefault(command.id, command)
    return list(first.values())


def skew_ms(sent_at: datetime, now: datetime) -> int:
    """How many milliseconds the client's clock is ahead of ours (behind: less than none), as far as that shows.

    It is recorded and nothing is corrected by it: the way here takes its time too.
    """
    return (sent_at - now) // timedelta(milliseconds=1)


def moves(act: Arrive | Leave, claimed_at: datetime) -> Callable[[Slot, UUID, datetime], list[SlotEvent]]:
    """What decides about a slot: an arrival is a claim (`slots.claim`), made at `claimed_at`."""
    return partial(slots.claim, claimed_at=claimed_at) if isinstance(act, Arrive) else leave


def leave(slot: Slot, officer_id: UUID, now: datetime) -> list[SlotEvent]:
    """The officer has gone, as `slots.leave`; where they left already by themself, nothing happens any more."""
    if slot.status is SlotStatus.LEFT and slot.officer_id == officer_id:
        return []
    return slots.leave(slot, officer_id, now)
