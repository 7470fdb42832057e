"""Official counts, their certificates, and what stands beside them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class ElectionLoaded(Event, type="nl.participatie.elections.election-loaded.v1", topic="funding.election"):
    """A vote was brought in, without who its voters are. `digest` is the SHA-256 of the file, in hex."""

    election_id: Annotated[UUID, Key, NotPersonal]
    digest: Annotated[str, NotPersonal]
    candidates: Annotated[int, NotPersonal]
    voters: Annotated[int, NotPersonal]
    budget_cents: Annotated[int, NotPersonal]


class CountStarted(Event, type="nl.participatie.counts.count-started.v1", topic="funding.count"):
    """An official count of an election, or of a round that closed, began: by which rule, on which input.

    `input_root` is the SHA-256 of the input's canonical JSON. `seed_commitment` is the SHA-256 of the seed that will
    settle a tie, published before there is one. Knobs that are numbers and knobs that are choices stand apart.
    """

    count_id: Annotated[UUID, Key, NotPersonal]
    election_id: Annotated[UUID | None, NotPersonal] = None
    round_id: Annotated[UUID | None, NotPersonal] = None
    rule: Annotated[str, NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    knobs: Annotated[dict[str, int], NotPersonal]
    choices: Annotated[dict[str, str], NotPersonal] = Field(default_factory=dict)
    input_root: Annotated[str, NotPersonal]
    seed_commitment: Annotated[str | None, NotPersonal] = None


class CountTied(Event, type="nl.participatie.counts.count-tied.v1", topic="funding.count"):
    """The rule cannot choose between candidates: the count waits for a public draw. `ties` is how many groups."""

    count_id: Annotated[UUID, Key, NotPersonal]
    ties: Annotated[int, NotPersonal]


class DrawHeld(Event, type="nl.participatie.counts.draw-held.v1", topic="funding.count"):
    """The seed was revealed and fits its commitment. `order_digest` is the SHA-256 of the drawn order."""

    count_id: Annotated[UUID, Key, NotPersonal]
    seed_commitment: Annotated[str, NotPersonal]
    order_digest: Annotated[str, NotPersonal]


class OutcomeCounted(Event, type="nl.participatie.counts.outcome-counted.v1", topic="funding.count"):
    """There is an outcome. What it is stays hidden until a second party has counted for itself."""

    count_id: Annotated[UUID, Key, NotPersonal]


class CountPublished(Event, type="nl.participatie.counts.count-published.v1", topic="funding.count"):
    """A second party counted for itself and found the same: this is the outcome."""

    count_id: Annotated[UUID, Key, NotPersonal]
    election_id: Annotated[UUID | None, NotPersonal] = None
    round_id: Annotated[UUID | None, NotPersonal] = None
    witness_id: Annotated[UUID, Pseudonym]
    rule_version: Annotated[str, NotPersonal]
    input_root: Annotated[str, NotPersonal]
    outcome_digest: Annotated[str, NotPersonal]
    winners: Annotated[int, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


class CountDisputed(Event, type="nl.participatie.counts.count-disputed.v1", topic="funding.count"):
    """A second party counted for itself and found something else: this outcome is never published."""

    count_id: Annotated[UUID, Key, NotPersonal]
    witness_id: Annotated[UUID, Pseudonym]
    outcome_digest: Annotated[str, NotPersonal]
    witness_digest: Annotated[str, NotPersonal]


class CountAbandoned(Event, type="nl.participatie.counts.count-abandoned.v1", topic="funding.count"):
    """The rule refused the input, for the reason with this code; there is no outcome."""

    count_id: Annotated[UUID, Key, NotPersonal]
    code: Annotated[str, NotPersonal]


class OutcomeOverridden(Event, type="nl.participatie.counts.outcome-overridden.v1", topic="funding.count"):
    """The council decided otherwise on some candidates, in public. The counted outcome stands as it is, beside it."""

    count_id: Annotated[UUID, Key, NotPersonal]
    override_id: Annotated[UUID, NotPersonal]
    overridden_by: Annotated[UUID, Pseudonym]
    outcome_digest: Annotated[str, NotPersonal]
    changes: Annotated[dict[str, int], NotPersonal]


EVENTS: tuple[type[Event], ...] = (
    ElectionLoaded,
    CountStarted,
    CountTied,
    DrawHeld,
    OutcomeCounted,
    CountPublished,
    CountDisputed,
    CountAbandoned,
    OutcomeOverridden,
)
