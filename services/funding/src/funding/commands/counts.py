"""Start official counts, run them, settle ties by draw, let a second party witness, publish.

The rule works outside of the event loop; that a count began and what it found is kept in one transaction. Where a
round closes by itself the count is only begun, and a timer runs it: whatever ends in between, it is run, and once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import Refused
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from funding import storage
from funding.commands import council
from funding.commands.grants import Outcome, match_round
from funding.commands.guards import unless_taken
from funding.domain import counts, inputs, overrides, rules
from funding.domain.counts import Count, Witness
from funding.domain.overrides import Override
from funding.domain.rounds import Round
from funding.domain.rules import RoundAllocation, Rule

TIMER = "count-run"
"""The kind of timer that runs a count which was started."""


@dataclass(frozen=True, slots=True)
class StartCount:
    """Count something officially. `by` None: the clock does, at a round's close."""

    id: UUID
    rule: Rule
    seed_commitment: str | None
    by: UUID | None
    at: datetime


async def start_election_count(tx: Transaction, election_id: UUID, command: StartCount) -> tuple[Count, bool]:
    """Begin the count of an election, and whether it is new.

    Raises NotFound, Refused("rule-not-for-elections"), and what the domain refuses.
    """
    election = found(await storage.elections.lock(tx, election_id), "election", election_id)
    if command.rule.family != "counting":
        raise Refused("rule-not-for-elections", f"Rule {command.rule.name} matches pledges; an election has ballots.")
    document = await storage.counts.input_(tx, election.input_root)
    return await _start(tx, *_asked(command, document, election=election_id))


async def start_round_count(
    tx: Transaction, round_: Round, count_id: UUID, by: UUID | None, at: datetime
) -> tuple[Count, bool]:
    """Begin the count of a closed round that the caller has locked, under its pinned rule, and whether it is new.

    Raises Refused("round-open"), ("rule-not-for-rounds") where the rule answers each pledge at once, and what the
    domain refuses.
    """
    rule = round_.terms.rule
    if not round_.closed:
        raise Refused("round-open", f"Round {round_.id} closes at {round_.closes_at}, and is counted after that.")
    if rule.family != "batch":
        raise Refused("rule-not-for-rounds", f"Rule {rule.name} answers each pledge at once: nothing is left.")
    document = inputs.document_of(await storage.estimates.snapshot(tx, round_.id))
    command = StartCount(count_id, rule, round_.seed_commitment, by, at)
    return await _start(tx, *_asked(command, document, round_id=round_.id))


async def count_election(tx: Transaction, election_id: UUID, command: StartCount) -> tuple[Count, bool]:
    """Count an election from start to outcome, tie or end, and whether that is new. Raises as starting it does."""
    count, new = await start_election_count(tx, election_id, command)
    return await run(tx, count.id, command.at), new


async def count_closed(tx: Transaction, round_: Round, by: UUID | None, at: datetime) -> None:
    """Begin the count of a locked round that closed just now, where its rule is counted at the close."""
    if round_.terms.rule.family == "batch":
        count, _ = await start_round_count(tx, round_, uuid7(), by, at)
        await set_timers(tx, TIMER, {count.id: at})


async def count_round(tx: Transaction, round_id: UUID, count_id: UUID, by: UUID, at: datetime) -> tuple[Count, bool]:
    """Count a closed round (again, where its count was disputed or abandoned), and whether that is new.

    Raises NotFound, and as starting it does.
    """
    round_: Round = found(await storage.rounds.lock_round(tx, round_id), "round", round_id)
    count, new = await start_round_count(tx, round_, count_id, by, at)
    return await run(tx, count.id, at), new


def _asked(
    command: StartCount, document: str, election: UUID | None = None, round_id: UUID | None = None
) -> tuple[Count, str]:
    version = rules.version(command.rule)
    count = Count(
        id=command.id,
        election=election,
        round=round_id,
        rule=command.rule.name,
        knobs=command.rule.knobs(),
        rule_version=version,
        input_root=inputs.root_of(document),
        input_digest=inputs.digest_of(document, version),
        seed_commitment=command.seed_commitment,
        started_by=command.by,
        started_at=command.at,
    )
    return count, document


async def _start(tx: Transaction, asked: Count, document: str) -> tuple[Count, bool]:
    if known := await storage.counts.count(tx, asked.id):
        return counts.same(known, asked), False
    count, facts = counts.start(asked, await storage.counts.counts_of(tx, asked.subject))
    async with unless_taken():
        await storage.counts.keep_input(tx, document)
        await storage.counts.add(tx, count, facts)
    return count, True


async def run_due(tx: Transaction, due: Sequence[UUID], now: datetime) -> None:
    """Run each of these counts that was started and not run yet (the handler of the timer)."""
    for count_id in sorted(due):
        await run(tx, count_id, now)


async def run(tx: Transaction, count_id: UUID, at: datetime) -> Count:
    """Count, unless that was done before. An input that the rule refuses ends the count. Raises NotFound."""
    count: Count = found(await storage.counts.lock(tx, count_id), "count", count_id)
    if count.status != "started":
        return count
    try:
        count, facts = counts.finish(count, await _allocate(tx, count), at)
    except Refused as refusal:
        count, facts = counts.abandon(count, refusal)
    await storage.counts.change(tx, count, facts)
    await cancel_timers(tx, TIMER, [count.id])
    return count


async def hold_draw(tx: Transaction, count_id: UUID, seed: str, at: datetime) -> Count:
    """Settle the ties of a count by revealing its seed, and count again with the order drawn.

    Raises NotFound, and what the domain refuses; then the count stays tied.
    """
    count: Count = found(await storage.counts.lock(tx, count_id), "count", count_id)
    candidates = await _candidates(tx, count)
    count, facts = counts.hold_draw(count, seed, candidates)
    if facts:
        count, outcome = counts.finish(count, await _allocate(tx, count), at)
        await storage.counts.change(tx, count, [*facts, *outcome])
    return count


async def bear_witness(tx: Transaction, count_id: UUID, witness: Witness) -> Count:
    """Publish a count whose outcome a second party found too, and pay what it gives; else dispute it.

    Raises NotFound, and what the domain refuses.
    """
    count: Count = found(await storage.counts.lock(tx, count_id), "count", count_id)
    count, facts = counts.bear_witness(count, witness)
    if facts:
        await storage.counts.change(tx, count, facts)
        if count.status == "published" and count.round and count.lines:
            outcome = Outcome(count.round, count.id, count.rule_version, count.input_digest, count.lines)
            await match_round(tx, outcome, witness.at)
    return count


async def override_outcome(tx: Transaction, asked: Override) -> tuple[Override, bool]:
    """Put what the council decided beside a published outcome, and whether it is new.

    Raises Forbidden("not-in-the-core"), NotFound, Conflict("id-taken"), and what the domain refuses.
    """
    await council.refuse_outsiders(tx, asked.made_by, asked.at)
    count: Count = found(await storage.counts.lock(tx, asked.count), "count", asked.count)
    if known := await storage.counts.override(tx, asked.id):
        return overrides.same(known, asked), False
    earlier = (await storage.counts.overrides(tx, [count.id]))[count.id]
    snapshot = inputs.snapshot_of(await storage.counts.input_(tx, count.input_root))
    count, facts = overrides.override(
        count, asked, earlier, [candidate.id for candidate in snapshot.candidates], snapshot.budget
    )
    async with unless_taken():
        await storage.counts.add_override(tx, asked, count.version, facts)
    return asked, True


async def _candidates(tx: Transaction, count: Count) -> list[str]:
    document = await storage.counts.input_(tx, count.input_root)
    snapshot = await asyncio.to_thread(inputs.snapshot_of, document)
    return [candidate.id for candidate in snapshot.candidates]


async def _allocate(tx: Transaction, count: Count) -> RoundAllocation:
    return await asyncio.to_thread(_allocation, count, await storage.counts.input_(tx, count.input_root))


def _allocation(count: Count, document: str) -> RoundAllocation:
    rule = rules.from_knobs(count.rule, count.knobs)
    return rules.allocate(rule, inputs.snapshot_of(document), count.draw.order if count.draw else None)
