"""Carrying out what was done without signal, each once.

A command is written down before it has its effect, so that the same in another batch at the same moment waits for it
and then hears what came of it. One that is refused is not kept: it may come again and succeed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import Conflict, Rejected
from dorpsplein.timers import set_timers
from presence.commands import encounters, sessions, slots
from presence.domain import field as domain
from presence.domain.encounters import Note
from presence.domain.field import FieldCommand, WithdrawConsent
from presence.domain.harvest import HarvestLine
from presence.storage import field as storage

FORGET_FIELD_COMMANDS = "forget-field-commands"
TAKEN = "You sent another command under the id {}; choose a new id for this one."


@dataclass(frozen=True, slots=True)
class Done:
    """A command had its effect, now or (`already`) before; `effect` says on what."""

    effect: Mapping[str, Any]
    already: bool = False


Outcome = Done | Rejected


async def carry_out(
    tx: Transaction,
    officer_id: UUID,
    commands: Sequence[FieldCommand],
    *,
    batch_id: UUID,
    sent_at: datetime,
    now: datetime,
) -> list[Outcome]:
    """Carry out commands in the order of their moments, each once; what came of each, in the order they were sent.

    A command comes to its rule's refusal alone. The same id with other content is refused with
    Conflict("command-id-taken"). Effects happen at `now`; `sent_at` is recorded as the skew of the officer's clock.
    """
    ordered = domain.in_order(commands)
    claimed = storage.Claim(officer_id, batch_id, domain.skew_ms(sent_at, now), now)
    fresh_ids = await storage.claim(tx, claimed, ordered)
    fresh = [command for command in ordered if command.id in fresh_ids]
    known = await storage.known(tx, officer_id, {command.id for command in ordered} - fresh_ids)
    outcomes = await _carried_out(tx, officer_id, fresh, now) if fresh else {}
    effects = {one: outcome.effect for one, outcome in outcomes.items() if isinstance(outcome, Done)}
    if fresh:
        await storage.keep(tx, officer_id, effects, refused=outcomes.keys() - effects.keys())
    if effects:
        await set_timers(tx, FORGET_FIELD_COMMANDS, {batch_id: now + domain.KEPT})
    digests = {command.id: command.digest for command in fresh} | {one: digest for one, (digest, _) in known.items()}
    outcomes |= {one: Done(effect, already=True) for one, (_, effect) in known.items()}
    return _answers(commands, digests, outcomes)


async def forget(tx: Transaction, batch_ids: Sequence[UUID], _: datetime) -> None:
    """Forget the commands of batches of a month ago."""
    await storage.forget(tx, batch_ids)


def _answers(
    commands: Sequence[FieldCommand], digests: Mapping[UUID, bytes], outcomes: Mapping[UUID, Outcome]
) -> list[Outcome]:
    """The outcome of each; whoever comes again with the same in one batch is told that it was done already."""
    answers: list[Outcome] = []
    told: set[UUID] = set()
    for command in commands:
        outcome = outcomes[command.id]
        if command.digest != digests[command.id]:
            outcome = Conflict("command-id-taken", TAKEN.format(command.id))
        elif isinstance(outcome, Done) and command.id in told:
            outcome = Done(outcome.effect, already=True)
        else:
            told.add(command.id)
        answers.append(outcome)
    return answers


async def _carried_out(
    tx: Transaction, officer_id: UUID, commands: Sequence[FieldCommand], now: datetime
) -> dict[UUID, Outcome]:
    """Talks go in together, and before all else: whatever else is about one may have been noted the minute before."""
    await storage.lock(tx, [command.act for command in commands])
    outcomes: dict[UUID, Outcome] = {}
    notes = [(command.id, command.act) for command in commands if isinstance(command.act, Note)]
    answers = await encounters.note_encounters(tx, [note for _, note in notes], now=now) if notes else []
    for (command_id, note), answer in zip(notes, answers, strict=True):
        if isinstance(answer, Rejected):
            outcomes[command_id] = answer
        else:
            outcomes[command_id] = Done({"encounterId": str(note.id)}, answer.already)
    for command in commands:
        if not isinstance(command.act, Note):
            outcomes[command.id] = await _alone(tx, officer_id, command, now)
    return outcomes


async def _alone(tx: Transaction, officer_id: UUID, command: FieldCommand, now: datetime) -> Outcome:
    """Carry one out in a savepoint, which a refusal rolls back."""
    try:
        async with tx.connection.transaction():
            return Done(await _effect(tx, officer_id, command, now))
    except Rejected as refusal:
        return refusal


async def _effect(tx: Transaction, officer_id: UUID, command: FieldCommand, now: datetime) -> dict[str, Any]:
    match command.act:
        case WithdrawConsent(encounter_id, for_anyone):
            await encounters.withdraw_consent(tx, encounter_id, officer_id, for_anyone=for_anyone)
            return {"encounterId": str(encounter_id)}
        case HarvestLine() as line:
            await sessions.bring_in(tx, line.session_id, [line], person=officer_id, now=now)
            return {"sessionId": str(line.session_id), "lineId": str(line.id)}
        case domain.Arrive() | domain.Leave() as act:
            decide = domain.moves(act, command.claimed_at)
            slot = await slots.change_slot(tx, act.slot_id, officer_id, decide, now=now)
            return {"slotId": str(slot.id), "status": slot.status}
        case Note():
            raise AssertionError("talks are noted together")
