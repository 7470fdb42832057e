"""What may be done with a change of knobs, and what follows: facts, or a refusal that changes nothing.

Between adoption and effect other changes of the fund may take effect, in the order of their moments. So a change is
looked at again at its own moment, and superseded where it no longer fits.
"""

from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.funding import knobs as facts
from dorpsplein.errors import Conflict, Forbidden, Refused
from funding.domain.knobs import values as valued
from funding.domain.knobs.changes import DraftChange, Fact, KnobChange, Status
from funding.domain.knobs.registry import REGISTRY, Value, Values, heaviest
from funding.domain.knobs.values import Bounds, KnobSet
from funding.domain.knobs.votes import EXTENSION, Tally, goes_on, open_vote, outcome

GROUND_WITHIN = timedelta(hours=72)
"""How long an announced veto holds a change up without its ground."""


def draft(command: DraftChange, current: KnobSet, bounds: Bounds) -> KnobChange:
    """Draft a change on the values in effect.

    Raises Refused("nothing-changes"), and what `fit` refuses.
    """
    changes = valued.turned(current.values, {**current.values, **command.values})
    touched = {*command.values, *command.bounds}
    if not touched or (set(command.values) != set(changes)):
        same = sorted(set(command.values) - set(changes))
        raise Refused("nothing-changes", f"Give knobs another value than they have: {', '.join(same) or 'any knob'}.")
    fit(command.values, command.bounds, current, bounds)
    return KnobChange(
        id=command.id,
        fund=command.fund,
        values=dict(command.values),
        bounds=dict(command.bounds),
        knob_class="constitution" if command.bounds else heaviest(command.values),
        reason=command.reason,
        by=command.by,
        drafted_at=command.at,
        base=current.number,
        version=1,
    )


def drafted(change: KnobChange) -> facts.KnobChangeDrafted:
    """The fact that a change was drafted."""
    return facts.KnobChangeDrafted(
        change_id=change.id,
        fund_id=change.fund,
        drafted_by=change.by,
        knob_class=change.knob_class,
        numbers=valued.numbers(change.values),
        choices=valued.choices(change.values),
        least={name: least for name, (least, _) in change.bounds.items()},
        most={name: most for name, (_, most) in change.bounds.items()},
        base_number=change.base,
    )


def fit(values: Values, new_bounds: Bounds, current: KnobSet, bounds: Bounds) -> dict[str, Value]:
    """The values in effect after a change. Raises Refused where they are not within bounds and steps."""
    within = {**bounds, **new_bounds}
    after = valued.changed(current.values, values, within)
    refuse_bounds(new_bounds, after)
    valued.refuse_steps(current.values, after)
    return after


def refuse_bounds(bounds: Bounds, values: Values) -> None:
    """Raises Refused for bounds that leave the registry's ("bounds-too-wide") or shut a value out."""
    for name, (least, most) in bounds.items():
        knob = REGISTRY.get(name)
        if knob is None or knob.choices:
            raise Refused("knob-unknown", f"There is no knob {name} that is a number; see /v1/knobs.", knob=name)
        if not knob.least <= least <= most <= knob.most:
            raise Refused("bounds-too-wide", f"{name} stays from {knob.least} to {knob.most}.", knob=name)
        valued.refuse_out_of_bounds(name, values[name], bounds)


def same_draft(known: KnobChange, command: DraftChange) -> KnobChange:
    """The change that has this id. Raises Conflict("id-taken") unless it was drafted with the same input."""
    before = (known.fund, known.by, dict(known.values), dict(known.bounds), known.reason)
    if before != (command.fund, command.by, dict(command.values), dict(command.bounds), command.reason):
        raise Conflict("id-taken", f"Knob change {known.id} was drafted with other input; use a new id.")
    return known


def simulate(change: KnobChange, base: int, digest: str, rounds: int, elections: int) -> list[Fact]:
    """Attach the report of a simulation on the values of number `base`. Raises Refused("already-opened")."""
    refuse_opened(change)
    return [
        facts.KnobChangeSimulated(
            change_id=change.id, base_number=base, digest=digest, rounds=rounds, elections=elections
        )
    ]


def refuse_opened(change: KnobChange) -> None:
    """Raises Refused("already-opened") for a change that is past its simulation."""
    _refuse_unless(change, ("drafted", "simulated"), "already-opened", "This change was opened or has ended.")


def open_(
    change: KnobChange, current: KnobSet, bounds: Bounds, busy: frozenset[str], roster: int, by: UUID, now: datetime
) -> list[Fact]:
    """Open the vote, by whoever drafted it. `busy` are the knobs other open or adopted changes touch.

    Raises Forbidden("not-your-change"), Refused("not-simulated"), ("simulation-stale"), ("already-opened"),
    ("knob-busy"), and what `fit` refuses.
    """
    refuse_others(change, by)
    refuse_opened(change)
    if change.simulated is None:
        raise Refused("not-simulated", "Simulate this change first: people vote on what it would have done.")
    if change.base != current.number:
        raise Refused("simulation-stale", "The knobs were turned since the simulation; simulate again.")
    fit(change.values, change.bounds, current, bounds)
    if taken := sorted(change.touches & busy):
        raise Refused("knob-busy", f"Another change of {', '.join(taken)} is open or waits; open this one after it.")
    vote = open_vote(change.knob_class, current.values, roster, now)
    return [
        facts.KnobChangeOpened(
            change_id=change.id,
            fund_id=change.fund,
            roster_size=vote.roster,
            quorum=vote.quorum,
            lock_days=vote.lock_days,
            opened_at=vote.opened_at,
            closes_at=vote.closes_at,
        )
    ]


def close(change: KnobChange, tally: Tally, ballots_before_late: int) -> list[Fact]:
    """Close a vote whose time is over, or let it go on where its quorum came late."""
    vote = change.vote
    assert vote is not None
    if goes_on(vote, tally, ballots_before_late):
        return [facts.KnobChangeExtended(change_id=change.id, closes_at=vote.closes_at + EXTENSION)]
    told = {"yes": tally.yes, "no": tally.no, "abstain": tally.abstain, "roster_size": vote.roster}
    match outcome(change.knob_class, vote, tally):
        case "without-quorum":
            return [facts.KnobChangeWithoutQuorum(change_id=change.id, **told)]
        case "turned-down":
            return [facts.KnobChangeTurnedDown(change_id=change.id, **told)]
        case "adopted":
            return [
                facts.KnobChangeAdopted(
                    change_id=change.id,
                    **told,
                    effective_at=vote.closes_at + timedelta(days=vote.lock_days),
                    needs_consent=change.needs_consent,
                )
            ]


def come_due(change: KnobChange, current: KnobSet, bounds: Bounds) -> list[Fact]:
    """What becomes of an adopted change at its moment: a held veto lapses, or it takes effect, or it cannot."""
    assert change.effective_at is not None
    if change.held_until:
        return [facts.KnobVetoLapsed(change_id=change.id)]
    if change.needs_consent and not change.consented:
        return [facts.KnobChangeLapsed(change_id=change.id)]
    try:
        after = fit(change.values, change.bounds, current, bounds)
    except Refused:
        return [facts.KnobChangeSuperseded(change_id=change.id, reason="no-longer-fits")]
    turned = valued.turned(current.values, after)
    return [
        facts.KnobTurned(
            change_id=change.id,
            fund_id=change.fund,
            set_number=current.number + 1,
            old_rule_version=valued.rule_version(current.values),
            rule_version=valued.rule_version(after),
            valuation_version=valued.valuation_version(after),
            numbers=valued.numbers(turned),
            choices=valued.choices(turned),
            effective_at=change.effective_at,
        )
    ]


def supersede(change: KnobChange, by: KnobChange) -> list[Fact]:
    """End a change in effect, as another turned one of its knobs again."""
    if change.status != "effective" or not change.touches & by.touches:
        return []
    return [facts.KnobChangeSuperseded(change_id=change.id, reason="turned-again")]


def withdraw(change: KnobChange, by: UUID) -> list[Fact]:
    """Take a change back, as long as its vote is not over; nothing where that was done. Raises Forbidden, Refused."""
    refuse_others(change, by)
    if change.status == "withdrawn":
        return []
    _refuse_unless(change, ("drafted", "simulated", "open"), "voting-closed", "The vote is over: this stands.")
    return [facts.KnobChangeWithdrawn(change_id=change.id)]


def consent(change: KnobChange, by: UUID) -> list[Fact]:
    """Give the council's consent; nothing where it was given. Raises Refused("not-adopted"), ("no-consent-needed")."""
    _refuse_unless(change, ("adopted",), "not-adopted", "Only an adopted change waits for consent.")
    if not change.needs_consent:
        raise Refused("no-consent-needed", "Only a change of the constitution asks the council's consent.")
    return [] if change.consented else [facts.KnobChangeConsented(change_id=change.id, consented_by=by)]


def veto(change: KnobChange, ground: str | None, by: UUID, now: datetime) -> list[Fact]:
    """Veto an adopted change with a ground, or announce a veto whose ground must follow within 72 hours.

    Raises Refused("not-adopted"), or ("veto-without-ground") for a second announcement.
    """
    _refuse_unless(change, ("adopted",), "not-adopted", "A veto is for an adopted change that has no effect yet.")
    if ground is not None:
        return [facts.KnobChangeVetoed(change_id=change.id, vetoed_by=by)]
    if change.veto_announced:
        raise Refused("veto-without-ground", "A veto was announced before; give its ground now.")
    return [facts.KnobVetoAnnounced(change_id=change.id, announced_by=by, until=now + GROUND_WITHIN)]


def refuse_others(change: KnobChange, caller: UUID) -> None:
    """Raises Forbidden("not-your-change") unless the caller drafted it."""
    if change.by != caller:
        raise Forbidden("not-your-change", "Only who drafted a change opens it for voting or withdraws it.")


def _refuse_unless(change: KnobChange, allowed: tuple[Status, ...], code: str, sentence: str) -> None:
    if change.status not in allowed:
        raise Refused(code, sentence, is_now=change.status)
