"""The life of an initiative: every way it moves on, rests, goes on or ends, each with its reason.

Nobody gives a verdict. A response of the municipality stands beside this life and is no move in it; the only move from
outside is the halt, on a legal or safety ground, which can be appealed against and lifted.
"""

from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import (
    CoCreationStarted,
    DreamVisionPublished,
    ExpiryAnnounced,
    HaltAppealed,
    HaltLifted,
    InitiativeCelebrated,
    InitiativeExpired,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
    InitiativePaused,
    InitiativeProposed,
    InitiativeResumed,
    InitiativeStarted,
    InitiativeWithdrawn,
    SupportClosed,
    ThresholdReached,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Refused
from initiatives.domain.challenge import refuse_unanswered
from initiatives.domain.evolving import evolve, told
from initiatives.domain.initiative import (
    Content,
    Initiative,
    Status,
    Terms,
    only_initiators,
    public,
    refuse_ended,
    state_of,
)
from initiatives.domain.moves import Ground, LiftReason, PauseReason, Reason, moved

SHOWS_NEW_VERSIONS = frozenset({Status.DREAM_PUBLISHED, Status.UNDER_WAY, Status.CELEBRATED})
"""Where a dream vision is public already, and a new version of it moves nothing."""


def propose(content: Content, *, initiative_id: UUID, initiator: UUID, terms: Terms, channel: str) -> list[Event]:
    """Start an initiative under these terms.

    Raises Refused("questions-open") or ("question-unknown") for a challenge, ("not-a-challenge") for any other.
    """
    refuse_unanswered(content.kind, content.answers)
    proposed = InitiativeProposed(
        initiative_id=initiative_id,
        initiator_id=initiator,
        threshold=terms.threshold,
        channel=channel,
        kind=content.kind,
        knob_set=terms.knob_set,
        supports_close_at=terms.supports_close_at,
        **public(content),
    )
    return [proposed, state_of(evolve(None, proposed).saying(content))]


def reach_threshold(initiative: Initiative, supports: int) -> list[Event]:
    """Say, once, that as many support it as its threshold asks; nothing ever unsays or repeats it."""
    if initiative.threshold_reached or initiative.status != Status.PROPOSED or supports < initiative.threshold:
        return []
    reached = ThresholdReached(initiative_id=initiative.id, threshold=initiative.threshold)
    return told(initiative, reached, moved(initiative, "reach the threshold"))


def start_co_creation(initiative: Initiative, *, person: UUID) -> list[Event]:
    """Open it up to the community. Raises Forbidden("not-yours") and Refused("not-now")."""
    only_initiators(initiative, person)
    fact = CoCreationStarted(initiative_id=initiative.id)
    return told(initiative, fact, moved(initiative, "start co-creation"))


def publish_dream(initiative: Initiative, *, dream_id: UUID, version: int, person: UUID | None) -> list[Event]:
    """Make a version of the dream vision public; the first one moves the initiative on.

    `person` is None where a version follows by itself, as after a consent was withdrawn.
    Raises Forbidden("not-yours") and Refused("not-now").
    """
    if person is not None:
        only_initiators(initiative, person)
    fact = DreamVisionPublished(initiative_id=initiative.id, dream_id=dream_id, dream_version=version)
    if initiative.status in SHOWS_NEW_VERSIONS or person is None:
        return told(initiative, fact, initiative.status)
    return told(initiative, fact, moved(initiative, "publish the dream vision"))


def start(initiative: Initiative, *, person: UUID) -> list[Event]:
    """Get under way. Raises Forbidden("not-yours") and Refused("not-now")."""
    only_initiators(initiative, person)
    return told(initiative, InitiativeStarted(initiative_id=initiative.id), moved(initiative, "get under way"))


def celebrate(initiative: Initiative, thanks: str, *, person: UUID) -> list[Event]:
    """Finish, with words of thanks to all who took part. Raises Forbidden("not-yours") and Refused("not-now")."""
    only_initiators(initiative, person)
    target = moved(initiative, "celebrate")
    fact = InitiativeCelebrated(initiative_id=initiative.id)
    _, state = told(initiative, fact, target)
    return [fact, state.model_copy(update={"thanks": thanks})]


def pause(initiative: Initiative, reason: PauseReason, *, person: UUID, now: datetime) -> list[Event]:
    """Let it rest; meanwhile the time for support stands still. Raises Forbidden("not-yours"), Refused("not-now")."""
    only_initiators(initiative, person)
    target = moved(initiative, "pause")
    return told(initiative, InitiativePaused(initiative_id=initiative.id, reason=reason, since=now), target)


def resume(initiative: Initiative, *, person: UUID, now: datetime) -> list[Event]:
    """Go on where it was. Raises Forbidden("not-yours") and Refused("not-now")."""
    only_initiators(initiative, person)
    target = moved(initiative, "resume")
    fact = InitiativeResumed(initiative_id=initiative.id, status=target, supports_close_at=_closes_at(initiative, now))
    return told(initiative, fact, target)


def withdraw(initiative: Initiative, reason: Reason, *, person: UUID) -> list[Event]:
    """Take it back for good. Raises Forbidden("not-yours") and Refused("initiative-withdrawn") and its like."""
    only_initiators(initiative, person)
    refuse_ended(initiative.status)
    fact = InitiativeWithdrawn(initiative_id=initiative.id, reason=reason)
    return told(initiative, fact, moved(initiative, "withdraw"))


def announce_expiry(initiative: Initiative) -> list[Event]:
    """Say that the time for support is nearly over, where the threshold is not reached yet."""
    if initiative.status != Status.PROPOSED or initiative.closes_at is None:
        return []
    fact = ExpiryAnnounced(initiative_id=initiative.id, expires_at=initiative.closes_at, threshold=initiative.threshold)
    return told(initiative, fact, initiative.status)


def expire(initiative: Initiative, supports: int) -> list[Event]:
    """End what did not reach its threshold in time; whatever has moved on stays as it is."""
    if initiative.status != Status.PROPOSED:
        return []
    fact = InitiativeExpired(initiative_id=initiative.id, threshold=initiative.threshold, supports=supports)
    return told(initiative, fact, moved(initiative, "expire"))


def close_support(initiative: Initiative, *, supports: int, root: str) -> list[Event]:
    """Say, once, how many support it for good; `root` is the hexadecimal Merkle root over them."""
    if initiative.support_closed:
        return []
    fact = SupportClosed(initiative_id=initiative.id, supports=supports, root=root)
    return told(initiative, fact, initiative.status)


def join(initiative: Initiative, *, merge_id: UUID, into_id: UUID, now: datetime) -> list[Event]:
    """Go on inside another initiative, as both sides agreed. Raises Refused("not-now")."""
    target = moved(initiative, "join")
    fact = InitiativeJoined(initiative_id=initiative.id, merge_id=merge_id, into_id=into_id, since=now)
    return told(initiative, fact, target)


def part(initiative: Initiative, *, now: datetime) -> list[Event]:
    """Go on alone, where it was before it joined. Raises Refused("not-now")."""
    target = moved(initiative, "part")
    assert initiative.merge_id is not None
    fact = InitiativeParted(
        initiative_id=initiative.id,
        merge_id=initiative.merge_id,
        status=target,
        supports_close_at=_closes_at(initiative, now),
    )
    return told(initiative, fact, target)


def halt(
    initiative: Initiative, ground: Ground, *, halt_id: UUID, appeal_until: datetime, now: datetime
) -> list[Event]:
    """Stop it from outside, on a ground. Raises Refused("not-now") or what it has ended by."""
    refuse_ended(initiative.status)
    target = moved(initiative, "halt")
    fact = InitiativeHalted(
        initiative_id=initiative.id, halt_id=halt_id, ground=ground, appeal_until=appeal_until, since=now
    )
    return told(initiative, fact, target)


def appeal(initiative: Initiative, *, person: UUID, now: datetime) -> list[Event]:
    """Ask that the halt be looked at again, once.

    Raises Forbidden("not-yours"), Refused("not-halted"), ("appeal-too-late") or ("appealed-already").
    """
    only_initiators(initiative, person)
    if initiative.halt is None:
        raise Refused("not-halted", "There is no halt to appeal against.")
    if initiative.halt.appealed:
        raise Refused("appealed-already", "This halt has been appealed against; wait for the answer.")
    if now > initiative.halt.appeal_until:
        raise Refused("appeal-too-late", f"An appeal was possible until {initiative.halt.appeal_until.isoformat()}.")
    fact = HaltAppealed(initiative_id=initiative.id, halt_id=initiative.halt.id)
    return told(initiative, fact, initiative.status)


def lift_halt(initiative: Initiative, reason: LiftReason, *, now: datetime) -> list[Event]:
    """Let it go on where it was. Raises Refused("not-now")."""
    target = moved(initiative, "lift the halt")
    assert initiative.halt is not None
    fact = HaltLifted(
        initiative_id=initiative.id,
        halt_id=initiative.halt.id,
        reason=reason,
        status=target,
        supports_close_at=_closes_at(initiative, now),
    )
    return told(initiative, fact, target)


def _closes_at(initiative: Initiative, now: datetime) -> datetime | None:
    """The close of support, later by as long as the initiative rested."""
    if initiative.closes_at is None or initiative.rests_since is None:
        return initiative.closes_at
    return initiative.closes_at + (now - initiative.rests_since)
