"""What may be sent of counts, and how they are shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from dorpsplein.fields import Body, Prose, View
from funding.domain.counts import Count
from funding.domain.overrides import Override

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in small hexadecimal digits."""
Choice = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
Number = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]
CandidateId = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class CountBody(Body):
    """An official count of an election: by which rule, with all its knobs; an `id` of one's own makes repeating safe.

    `seedCommitment` is the SHA-256 of the UTF-8 of a seed that you keep secret until a tie asks for it. Take a long
    and random one: a short one can be guessed.
    """

    id: UUID | None = None
    rule: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    knobs: Annotated[dict[str, Number | Choice], Field(max_length=40)] = Field(default_factory=dict)
    seed_commitment: Sha256 | None = None


class RoundCountBody(Body):
    """Another count of a closed round, under the rule it pinned."""

    id: UUID | None = None


class DrawBody(Body):
    """The seed whose SHA-256 was sent before the count."""

    seed: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class WitnessBody(Body):
    """The `outcomeDigest` of what you counted yourself from the certificate."""

    outcome_digest: Sha256


class ChangeBody(Body):
    """What a candidate gets instead."""

    candidate_id: CandidateId
    amount_cents: Number


def _apart(changes: list[ChangeBody]) -> list[ChangeBody]:
    if len({change.candidate_id for change in changes}) < len(changes):
        raise PydanticCustomError("candidate_twice", "must name each candidate once")
    return changes


class OverrideBody(Body):
    """What the council decides instead of a published outcome, and why; an `id` of one's own makes repeating safe."""

    id: UUID | None = None
    reason: Prose
    changes: Annotated[list[ChangeBody], Field(min_length=1, max_length=1000), AfterValidator(_apart)]


class ChangeView(View):
    """What a candidate gets instead."""

    candidate_id: str
    amount_cents: int


class OverrideView(View):
    """What the council decided beside an outcome."""

    id: UUID
    count_id: UUID
    reason: str
    changes: list[ChangeView]
    made_by: UUID
    at: datetime
    location: str


class LineView(View):
    """What a candidate gets, and why: the amounts of the explanation without a pot line add up to it."""

    candidate_id: str
    amount_cents: int
    explanation: list[str]


class WitnessView(View):
    """Who counted for themselves, and what they found."""

    id: UUID
    outcome_digest: str
    at: datetime


class CountView(View):
    """An official count. The outcome stays hidden (null) until a witness has sent the digest of theirs.

    `status` is `started`, `tied` (it waits for a draw), `counted` (it waits for a witness), `published`, `disputed`
    (a witness found something else: this outcome never counts) or `abandoned` (the rule refused the input).
    """

    id: UUID
    election_id: UUID | None
    round_id: UUID | None
    rule: str
    knobs: dict[str, int | str]
    rule_version: str
    input_root: str
    input_digest: str
    seed_commitment: str | None
    started_by: UUID | None
    started_at: datetime
    status: str
    ties: list[list[str]]
    counted_at: datetime | None
    outcome_digest: str | None
    amount_cents: int | None
    winners: list[str] | None
    outcome: list[LineView] | None
    witness: WitnessView | None
    abandoned_because: str | None
    overrides: list[OverrideView]
    version: int
    location: str


def shown(count: Count, beside: list[Override]) -> CountView:
    """A count as it is shown."""
    lines = count.lines if count.is_open else None
    witness = count.witness
    return CountView(
        id=count.id,
        election_id=count.election,
        round_id=count.round,
        rule=count.rule,
        knobs=dict(count.knobs),
        rule_version=count.rule_version,
        input_root=count.input_root,
        input_digest=count.input_digest,
        seed_commitment=count.seed_commitment,
        started_by=count.started_by,
        started_at=count.started_at,
        status=count.status,
        ties=[list(tie) for tie in count.ties],
        counted_at=count.counted_at,
        outcome_digest=count.outcome_digest if count.is_open else None,
        amount_cents=None if lines is None else sum(line.cents for _, line in lines),
        winners=None if lines is None else [candidate for candidate, line in lines if line.cents],
        outcome=None
        if lines is None
        else [
            LineView(candidate_id=one, amount_cents=line.cents, explanation=[str(reason) for reason in line.reasons])
            for one, line in lines
        ],
        witness=WitnessView(id=witness.id, outcome_digest=witness.digest, at=witness.at) if witness else None,
        abandoned_because=count.abandoned_because,
        overrides=[override_shown(one) for one in beside],
        version=count.version,
        location=f"/v1/counts/{count.id}",
    )


def override_shown(made: Override) -> OverrideView:
    """An override as it is shown."""
    return OverrideView(
        id=made.id,
        count_id=made.count,
        reason=made.reason,
        changes=[ChangeView(candidate_id=candidate, amount_cents=cents) for candidate, cents in made.changes],
        made_by=made.made_by,
        at=made.at,
        location=f"/v1/counts/{made.count}",
    )
