"""What initiatives need and whether they get it, all kinds of means together."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal


class NeedsSet(Event, type="nl.participatie.means.needs-set.v1", topic="funding.means"):
    """The initiator said what is needed: of each resource the minimum, and what is wished at most.

    `all_or_nothing`: without all minima at the deadline nothing is taken; else what there is, is taken.
    """

    initiative_id: Annotated[UUID, Key, NotPersonal]
    minimum: Annotated[dict[str, int], NotPersonal]
    wished: Annotated[dict[str, int], NotPersonal]
    all_or_nothing: Annotated[bool, NotPersonal]
    deadline: Annotated[AwareDatetime | None, NotPersonal] = None
    top_up_days: Annotated[int, NotPersonal] = 0


class MeansGoalReached(Event, type="nl.participatie.means.means-goal-reached.v1", topic="funding.means"):
    """An initiative has the means it needs. A fact, once. `goal_cents` is what it needed in euros."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    goal_cents: Annotated[int, NotPersonal]


class MeansGoalMissed(Event, type="nl.participatie.means.means-goal-missed.v1", topic="funding.means"):
    """The deadline, or the end of a top-up window, came without the means that were needed: all goes back."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    missing: Annotated[dict[str, int], NotPersonal]


class MeansTaken(Event, type="nl.participatie.means.means-taken.v1", topic="funding.means"):
    """The deadline came and what was promised is taken as it is: not all-or-nothing."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    missing: Annotated[dict[str, int], NotPersonal]


class TopUpOpened(Event, type="nl.participatie.means.top-up-opened.v1", topic="funding.means"):
    """A promise fell out after the goal was reached; until `closes_at` others may fill what is missing."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    missing: Annotated[dict[str, int], NotPersonal]
    closes_at: Annotated[AwareDatetime, NotPersonal]


class TopUpFilled(Event, type="nl.participatie.means.top-up-filled.v1", topic="funding.means"):
    """What had fallen out is there again."""

    initiative_id: Annotated[UUID, Key, NotPersonal]


class InitiativeMatched(Event, type="nl.participatie.means.initiative-matched.v1", topic="funding.means"):
    """A round that is counted at its close gave to an initiative; see `PledgeMatched` for the fields."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    count_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    matched_by: Annotated[dict[str, int], NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    input_digest: Annotated[str, NotPersonal]
    explanation: Annotated[list[str], NotPersonal]


class InitiativeMatchReturned(Event, type="nl.participatie.means.initiative-match-returned.v1", topic="funding.means"):
    """What a round had given to an initiative went back to the pot."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


EVENTS = (
    NeedsSet,
    MeansGoalReached,
    MeansGoalMissed,
    MeansTaken,
    TopUpOpened,
    TopUpFilled,
    InitiativeMatched,
    InitiativeMatchReturned,
)
