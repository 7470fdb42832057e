"""Knobs: how the community turns them. Reasons and grounds stand with the change, at the service's address."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class KnobChangeDrafted(Event, type="nl.participatie.knob-changes.knob-change-drafted.v1", topic="funding.knob"):
    """A resident drafted a change of a fund's knobs: numbers and choices by knob, and new bounds of knobs.

    `base_number` is the set of values it was drafted on. `knob_class` is `tuning`, `rule` or `constitution`.
    """

    change_id: Annotated[UUID, Key, NotPersonal]
    fund_id: Annotated[UUID, NotPersonal]
    drafted_by: Annotated[UUID, Pseudonym]
    knob_class: Annotated[str, NotPersonal]
    numbers: Annotated[dict[str, int], NotPersonal]
    choices: Annotated[dict[str, str], NotPersonal]
    least: Annotated[dict[str, int], NotPersonal]
    most: Annotated[dict[str, int], NotPersonal]
    base_number: Annotated[int, NotPersonal]


class KnobChangeSimulated(Event, type="nl.participatie.knob-changes.knob-change-simulated.v1", topic="funding.knob"):
    """Past rounds and elections were run again under the proposed values; `digest` is that of the report."""

    change_id: Annotated[UUID, Key, NotPersonal]
    base_number: Annotated[int, NotPersonal]
    digest: Annotated[str, NotPersonal]
    rounds: Annotated[int, NotPersonal]
    elections: Annotated[int, NotPersonal]


class KnobChangeOpened(Event, type="nl.participatie.knob-changes.knob-change-opened.v1", topic="funding.knob"):
    """A change is open for voting until `closes_at`, by all who were on the roster at its opening.

    At least `quorum` of them must take part; once adopted it waits `lock_days`.
    """

    change_id: Annotated[UUID, Key, NotPersonal]
    fund_id: Annotated[UUID, NotPersonal]
    roster_size: Annotated[int, NotPersonal]
    quorum: Annotated[int, NotPersonal]
    lock_days: Annotated[int, NotPersonal]
    opened_at: Annotated[AwareDatetime, NotPersonal]
    closes_at: Annotated[AwareDatetime, NotPersonal]


class KnobChangeExtended(Event, type="nl.participatie.knob-changes.knob-change-extended.v1", topic="funding.knob"):
    """The quorum was only reached in the last 24 hours: the vote goes on until `closes_at`, this once."""

    change_id: Annotated[UUID, Key, NotPersonal]
    closes_at: Annotated[AwareDatetime, NotPersonal]


class KnobChangeAdopted(Event, type="nl.participatie.knob-changes.knob-change-adopted.v1", topic="funding.knob"):
    """A vote closed with a yes; the change waits until `effective_at`, and for the council where it must consent."""

    change_id: Annotated[UUID, Key, NotPersonal]
    yes: Annotated[int, NotPersonal]
    no: Annotated[int, NotPersonal]
    abstain: Annotated[int, NotPersonal]
    roster_size: Annotated[int, NotPersonal]
    effective_at: Annotated[AwareDatetime, NotPersonal]
    needs_consent: Annotated[bool, NotPersonal]


class KnobChangeTurnedDown(Event, type="nl.participatie.knob-changes.knob-change-turned-down.v1", topic="funding.knob"):
    """A vote closed without the majority its class asks."""

    change_id: Annotated[UUID, Key, NotPersonal]
    yes: Annotated[int, NotPersonal]
    no: Annotated[int, NotPersonal]
    abstain: Annotated[int, NotPersonal]
    roster_size: Annotated[int, NotPersonal]


class KnobChangeWithoutQuorum(
    Event, type="nl.participatie.knob-changes.knob-change-without-quorum.v1", topic="funding.knob"
):
    """A vote closed in which fewer than the quorum took part."""

    change_id: Annotated[UUID, Key, NotPersonal]
    yes: Annotated[int, NotPersonal]
    no: Annotated[int, NotPersonal]
    abstain: Annotated[int, NotPersonal]
    roster_size: Annotated[int, NotPersonal]


class KnobChangeConsented(Event, type="nl.participatie.knob-changes.knob-change-consented.v1", topic="funding.knob"):
    """The council consented to an adopted change of the constitution."""

    change_id: Annotated[UUID, Key, NotPersonal]
    consented_by: Annotated[UUID, Pseudonym]


class KnobChangeLapsed(Event, type="nl.participatie.knob-changes.knob-change-lapsed.v1", topic="funding.knob"):
    """An adopted change of the constitution lapsed: the council had not consented when it was to take effect."""

    change_id: Annotated[UUID, Key, NotPersonal]


class KnobTurned(Event, type="nl.participatie.knob-changes.knob-turned.v1", topic="funding.knob"):
    """A change took effect: the fund has a new set of values. Rounds that are open keep the version they pinned.

    `numbers` and `choices` are the knobs that were turned, at their new values.
    """

    change_id: Annotated[UUID, Key, NotPersonal]
    fund_id: Annotated[UUID, NotPersonal]
    set_number: Annotated[int, NotPersonal]
    old_rule_version: Annotated[str, NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    valuation_version: Annotated[str, NotPersonal]
    numbers: Annotated[dict[str, int], NotPersonal]
    choices: Annotated[dict[str, str], NotPersonal]
    effective_at: Annotated[AwareDatetime, NotPersonal]


class KnobChangeSuperseded(Event, type="nl.participatie.knob-changes.knob-change-superseded.v1", topic="funding.knob"):
    """A change stands no more: `reason` is `turned-again`, or `no-longer-fits` where it never took effect."""

    change_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]


class KnobChangeWithdrawn(Event, type="nl.participatie.knob-changes.knob-change-withdrawn.v1", topic="funding.knob"):
    """Who drafted a change took it back; ballots that were cast are gone, unopened."""

    change_id: Annotated[UUID, Key, NotPersonal]


class KnobVetoAnnounced(Event, type="nl.participatie.knob-changes.knob-veto-announced.v1", topic="funding.knob"):
    """A veto was announced: the change takes no effect before `until`, and then does unless a ground came."""

    change_id: Annotated[UUID, Key, NotPersonal]
    announced_by: Annotated[UUID, Pseudonym]
    until: Annotated[AwareDatetime, NotPersonal]


class KnobVetoLapsed(Event, type="nl.participatie.knob-changes.knob-veto-lapsed.v1", topic="funding.knob"):
    """An announced veto lapsed: no ground was given in time."""

    change_id: Annotated[UUID, Key, NotPersonal]


class KnobChangeVetoed(Event, type="nl.participatie.knob-changes.knob-change-vetoed.v1", topic="funding.knob"):
    """An adopted change was vetoed, with a written ground that stands with the change."""

    change_id: Annotated[UUID, Key, NotPersonal]
    vetoed_by: Annotated[UUID, Pseudonym]


class KnobBoundsSet(Event, type="nl.participatie.knob-bounds.knob-bounds-set.v1", topic="funding.bounds"):
    """The bounds of a fund's knobs: set once by the council, or moved by a change of the constitution."""

    fund_id: Annotated[UUID, Key, NotPersonal]
    least: Annotated[dict[str, int], NotPersonal]
    most: Annotated[dict[str, int], NotPersonal]
    change_id: Annotated[UUID | None, NotPersonal] = None


class BrakePulled(Event, type="nl.participatie.brakes.brake-pulled.v1", topic="funding.brake"):
    """Two roles paused matching in a fund until `until`; no value changed. The reason stands with the fund."""

    fund_id: Annotated[UUID, Key, NotPersonal]
    roles: Annotated[list[str], NotPersonal]
    until: Annotated[AwareDatetime, NotPersonal]


class BrakeReleased(Event, type="nl.participatie.brakes.brake-released.v1", topic="funding.brake"):
    """Matching in a fund goes on: two roles said so (`early`), or the time was over."""

    fund_id: Annotated[UUID, Key, NotPersonal]
    early: Annotated[bool, NotPersonal]


EVENTS = (
    KnobChangeDrafted,
    KnobChangeSimulated,
    KnobChangeOpened,
    KnobChangeExtended,
    KnobChangeAdopted,
    KnobChangeTurnedDown,
    KnobChangeWithoutQuorum,
    KnobChangeConsented,
    KnobChangeLapsed,
    KnobTurned,
    KnobChangeSuperseded,
    KnobChangeWithdrawn,
    KnobVetoAnnounced,
    KnobVetoLapsed,
    KnobChangeVetoed,
    KnobBoundsSet,
    BrakePulled,
    BrakeReleased,
)
