"""Official counts: an outcome that a second party recomputes before anyone sees it, and that nobody edits.

A count runs on one input under one rule version. A tie stops it until a public draw: the seed was committed to
before (its SHA-256), and the order follows from it alone, so that anyone can draw again. The outcome is hidden until
a witness, who did not start the count, sends the digest of what they counted themselves: the same digest publishes,
another disputes, and a disputed outcome is never published.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding.counts import (
    CountAbandoned,
    CountDisputed,
    CountPublished,
    CountStarted,
    CountTied,
    DrawHeld,
    OutcomeCounted,
)
from dorpsplein.envelope import Event, Fact
from dorpsplein.errors import Conflict, Forbidden, Refused
from funding.domain.draws import Draw, commitment, drawn
from funding.domain.rules.allocation import Allocation, RoundAllocation
from funding.domain.rules.snapshots import digest

Status = Literal["started", "tied", "counted", "published", "disputed", "abandoned"]
Lines = tuple[tuple[str, Allocation], ...]
"""What each candidate gets and why, by candidate id; those that get nothing stand last."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who counted for themselves, and the digest of what they found."""

    id: UUID
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """One official count, of an election or of a round. `started_by` None: by the clock, at a round's close."""

    id: UUID
    election: UUID | None
    round: UUID | None
    rule: str
    knobs: Mapping[str, int | str]
    rule_version: str
    input_root: str
    input_digest: str
    seed_commitment: str | None
    started_by: UUID | None
    started_at: datetime
    status: Status = "started"
    version: int = 0
    ties: tuple[tuple[str, ...], ...] = ()
    draw: Draw | None = None
    lines: Lines | None = None
    outcome_digest: str | None = None
    counted_at: datetime | None = None
    witness: Witness | None = None
    abandoned_because: str | None = None

    @property
    def subject(self) -> UUID:
        """The election or round that is counted."""
        subject = self.election or self.round
        assert subject is not None
        return subject

    @property
    def stands(self) -> bool:
        """Whether another count of the same under the same rule version has to wait for it."""
        return self.status not in {"disputed", "abandoned"}

    @property
    def is_open(self) -> bool:
        """Whether everyone may see the outcome."""
        return self.status in {"published", "disputed"}


Step = tuple[Count, list[Fact]]
"""A count after a decision, and what to record of it; nothing where it was decided before."""


def outcome_digest(rule_version: str, input_root: str, amounts: Mapping[str, int]) -> str:
    """SHA-256, in hex, of canonical JSON that any second implementation can make from its own outcome.

    `outcome` is a list of [candidate id, cents], by id in code point order, without those that get nothing.
    """
    outcome = [[candidate, cents] for candidate, cents in sorted(amounts.items()) if cents]
    return digest({"ruleVersion": rule_version, "inputRoot": input_root, "outcome": outcome})


def start(asked: Count, known: Sequence[Count]) -> Step:
    """Begin a count; `known` are the earlier ones of the same thing, oldest first.

    A seed that was committed to is the only one for all counts of the same thing, and a draw that was held is held:
    else one could count until a draw pleases. Raises Conflict("count-stands") while one under the same rule version
    stands, Refused("seed-committed-before") for another commitment, Refused("seed-commitment-missing") where the
    rule leaves ties to a draw and there is none.
    """
    for one in known:
        if one.stands and one.rule_version == asked.rule_version:
            raise Conflict("count-stands", f"Count {one.id} of this under rule version {one.rule_version} stands.")
    committed = next((one.seed_commitment for one in known if one.seed_commitment), None)
    if committed and asked.seed_commitment and committed != asked.seed_commitment:
        raise Refused("seed-committed-before", f"An earlier count committed to {committed}; send that, or none.")
    seed_commitment = committed or asked.seed_commitment
    if asked.knobs.get("ties") == "draw" and seed_commitment is None:
        raise Refused("seed-commitment-missing", "Ties are left to a draw: send the SHA-256 of a seed you keep secret.")
    draw = next((one.draw for one in known if one.draw), None) if asked.knobs.get("ties") == "draw" else None
    count = replace(asked, seed_commitment=seed_commitment, draw=draw)
    return step(
        count,
        CountStarted(
            count_id=count.id,
            election_id=count.election,
            round_id=count.round,
            rule=count.rule,
            rule_version=count.rule_version,
            knobs={name: value for name, value in count.knobs.items() if isinstance(value, int)},
            choices={name: value for name, value in count.knobs.items() if isinstance(value, str)},
            input_root=count.input_root,
            seed_commitment=count.seed_commitment,
        ),
    )


def same(known: Count, asked: Count) -> Count:
    """The count that has this id. Raises Conflict("id-taken") unless it was started with the same input."""
    before, now = ((it.election, it.round, it.rule_version) for it in (known, asked))
    other_seed = asked.seed_commitment is not None and asked.seed_commitment != known.seed_commitment
    if before != now or other_seed:
        raise Conflict("id-taken", f"Count {known.id} was started of another election or round, rule, knobs or seed.")
    return known


def finish(count: Count, allocation: RoundAllocation, at: datetime) -> Step:
    """Keep what the rule answered; it waits for a draw where there is a tie that none settled yet."""
    if allocation.unresolved_ties:
        if count.draw is not None:
            raise Refused("still-tied", f"The draw does not settle count {count.id}; its rule does not use draws.")
        ties = allocation.unresolved_ties
        return step(replace(count, status="tied", ties=ties), CountTied(count_id=count.id, ties=len(ties)))
    lines = (*allocation.lines, *allocation.left_out)
    amounts = {candidate: line.cents for candidate, line in lines}
    return step(
        replace(
            count,
            status="counted",
            lines=lines,
            outcome_digest=outcome_digest(count.rule_version, count.input_root, amounts),
            counted_at=at,
        ),
        OutcomeCounted(count_id=count.id),
    )


def abandon(count: Count, refusal: Refused) -> Step:
    """End a count whose rule refuses the input."""
    return step(
        replace(count, status="abandoned", abandoned_because=f"{refusal.code}: {refusal.detail}"),
        CountAbandoned(count_id=count.id, code=refusal.code),
    )


def hold_draw(count: Count, seed: str, candidates: Iterable[str]) -> Step:
    """Reveal the seed of a tied count. Nothing where the same seed was revealed before.

    Raises Refused("nothing-to-draw") where there is no tie, ("seed-not-committed"), or ("seed-differs").
    """
    if count.draw is not None and count.draw.seed == seed:
        return count, []
    if count.status != "tied":
        raise Refused("nothing-to-draw", f"Count {count.id} is {count.status}: there is no tie to settle.")
    if count.seed_commitment is None:
        raise Refused("seed-not-committed", "No seed was committed to before this count, so none can settle its ties.")
    if commitment(seed) != count.seed_commitment:
        raise Refused("seed-differs", f"The SHA-256 of this seed is not {count.seed_commitment}.")
    order = drawn(seed, candidates)
    held = DrawHeld(count_id=count.id, seed_commitment=count.seed_commitment, order_digest=digest(list(order)))
    return step(replace(count, draw=Draw(seed, order)), held)


def bear_witness(count: Count, witness: Witness) -> Step:
    """Compare an outcome with what a second party found: publish it, or dispute it for good.

    Nothing where the same party said the same before. Raises Forbidden("witness-is-starter"), or
    Refused("not-counted"), ("count-published") or ("count-disputed") where there is nothing to compare (any more).
    """
    if count.witness and (count.witness.id, count.witness.digest) == (witness.id, witness.digest):
        return count, []
    if witness.id == count.started_by:
        raise Forbidden("witness-is-starter", "Who started a count cannot be its witness; ask a second party.")
    if count.status != "counted":
        code = f"count-{count.status}" if count.is_open else "not-counted"
        raise Refused(code, f"Count {count.id} is {count.status}: there is no outcome that waits for a witness.")
    assert count.outcome_digest is not None
    if witness.digest != count.outcome_digest:
        disputed = CountDisputed(
            count_id=count.id,
            witness_id=witness.id,
            outcome_digest=count.outcome_digest,
            witness_digest=witness.digest,
        )
        return step(replace(count, status="disputed", witness=witness), disputed)
    return step(replace(count, status="published", witness=witness), _published(count, witness))


def _published(count: Count, witness: Witness) -> CountPublished:
    amounts = [line.cents for _, line in count.lines or () if line.cents]
    return CountPublished(
        count_id=count.id,
        election_id=count.election,
        round_id=count.round,
        witness_id=witness.id,
        rule_version=count.rule_version,
        input_root=count.input_root,
        outcome_digest=count.outcome_digest or "",
        winners=len(amounts),
        amount_cents=sum(amounts),
    )


def step(count: Count, event: Event) -> Step:
    """The count one version further, and the fact that says so."""
    version = count.version + 1
    return replace(count, version=version), [Fact(event, version)]
