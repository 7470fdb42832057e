"""Initiatives: what residents want to make happen, and how far it is."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class InitiativeProposed(
    Event, type="nl.participatie.initiatives.initiative-proposed.v1", topic="initiatives.initiative"
):
    """Someone wants to make something happen. `means_needed_cents` is what it would cost, 0 when unknown.

    `kind` is `initiative`, or `challenge` where residents want to take over a task of the municipality. `threshold` and
    `supports_close_at` follow from the knobs with number `knob_set`, and stay for this initiative.
    """

    initiative_id: Annotated[UUID, Key, NotPersonal]
    initiator_id: Annotated[UUID, Pseudonym]
    theme: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    threshold: Annotated[int, NotPersonal]
    channel: Annotated[str, NotPersonal] = "web"
    neighbourhood: Annotated[str | None, NotPersonal] = None
    kind: Annotated[str, NotPersonal] = "initiative"
    knob_set: Annotated[int | None, NotPersonal] = None
    supports_close_at: Annotated[AwareDatetime | None, NotPersonal] = None


class InitiativeEdited(Event, type="nl.participatie.initiatives.initiative-edited.v1", topic="initiatives.initiative"):
    """Its initiator changed it; `changed` names the fields. The texts stand in the state topic."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    changed: Annotated[list[str], NotPersonal]
    theme: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    neighbourhood: Annotated[str | None, NotPersonal] = None
    edited_by: Annotated[UUID | None, Pseudonym] = None


class ThresholdReached(Event, type="nl.participatie.initiatives.threshold-reached.v1", topic="initiatives.initiative"):
    """As many residents as the threshold asks support it. A fact, once, whatever happens after."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    threshold: Annotated[int, NotPersonal]


class InitiativeWithdrawn(
    Event, type="nl.participatie.initiatives.initiative-withdrawn.v1", topic="initiatives.initiative"
):
    """Its initiator took it back; `reason` is a code."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]


class CoCreationStarted(
    Event, type="nl.participatie.initiatives.co-creation-started.v1", topic="initiatives.initiative"
):
    """Its initiators opened it up: from now on the community fills it in."""

    initiative_id: Annotated[UUID, Key, NotPersonal]


class DreamVisionPublished(
    Event, type="nl.participatie.dream-visions.dream-vision-published.v1", topic="initiatives.initiative"
):
    """A version of its dream vision is public; the first one moves the initiative on."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    dream_id: Annotated[UUID, NotPersonal]
    dream_version: Annotated[int, NotPersonal]


class InitiativeStarted(
    Event, type="nl.participatie.initiatives.initiative-started.v1", topic="initiatives.initiative"
):
    """It is under way: what was dreamed is being made."""

    initiative_id: Annotated[UUID, Key, NotPersonal]


class InitiativeCelebrated(
    Event, type="nl.participatie.initiatives.initiative-celebrated.v1", topic="initiatives.initiative"
):
    """It was finished and celebrated. The words of thanks stand in the state topic."""

    initiative_id: Annotated[UUID, Key, NotPersonal]


class InitiativePaused(Event, type="nl.participatie.initiatives.initiative-paused.v1", topic="initiatives.initiative"):
    """Its initiators let it rest; `reason` is a code."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]
    since: Annotated[AwareDatetime, NotPersonal]


class InitiativeResumed(
    Event, type="nl.participatie.initiatives.initiative-resumed.v1", topic="initiatives.initiative"
):
    """It goes on where it was; `supports_close_at` has moved by as long as it rested."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    status: Annotated[str, NotPersonal]
    supports_close_at: Annotated[AwareDatetime | None, NotPersonal] = None


class ExpiryAnnounced(Event, type="nl.participatie.initiatives.expiry-announced.v1", topic="initiatives.initiative"):
    """It has not reached its threshold yet, and expires at that moment if it does not."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    expires_at: Annotated[AwareDatetime, NotPersonal]
    threshold: Annotated[int, NotPersonal]


class InitiativeExpired(
    Event, type="nl.participatie.initiatives.initiative-expired.v1", topic="initiatives.initiative"
):
    """The time for support is over and the threshold was not reached. It may be proposed again."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    threshold: Annotated[int, NotPersonal]
    supports: Annotated[int, NotPersonal]


class InitiativeJoined(Event, type="nl.participatie.initiatives.initiative-joined.v1", topic="initiatives.initiative"):
    """It goes on inside another, by agreement of the initiators of both."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    into_id: Annotated[UUID, NotPersonal]
    merge_id: Annotated[UUID, NotPersonal]
    since: Annotated[AwareDatetime, NotPersonal]


class InitiativeParted(Event, type="nl.participatie.initiatives.initiative-parted.v1", topic="initiatives.initiative"):
    """A merge was undone: it goes on by itself, where it was."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    merge_id: Annotated[UUID, NotPersonal]
    status: Annotated[str, NotPersonal]
    supports_close_at: Annotated[AwareDatetime | None, NotPersonal] = None


class InitiativeHalted(Event, type="nl.participatie.initiatives.initiative-halted.v1", topic="initiatives.initiative"):
    """A legal or safety stop: `ground` is `legal` or `safety`, the reason stands in the state topic."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    halt_id: Annotated[UUID, NotPersonal]
    ground: Annotated[str, NotPersonal]
    appeal_until: Annotated[AwareDatetime, NotPersonal]
    since: Annotated[AwareDatetime, NotPersonal]


class HaltAppealed(Event, type="nl.participatie.initiatives.halt-appealed.v1", topic="initiatives.initiative"):
    """An initiator asks that the stop be looked at again."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    halt_id: Annotated[UUID, NotPersonal]


class HaltLifted(Event, type="nl.participatie.initiatives.halt-lifted.v1", topic="initiatives.initiative"):
    """The stop is over and the initiative goes on where it was; `reason` is a code."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    halt_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    supports_close_at: Annotated[AwareDatetime | None, NotPersonal] = None


class CoInitiatorInvited(
    Event, type="nl.participatie.initiatives.co-initiator-invited.v1", topic="initiatives.initiative"
):
    """Someone was asked to carry it too."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]


class CoInitiatorJoined(
    Event, type="nl.participatie.initiatives.co-initiator-joined.v1", topic="initiatives.initiative"
):
    """Someone carries it too; `initiators` are all who do now, the first one first."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    initiators: Annotated[list[UUID], Pseudonym]


class CoInitiatorDeclined(
    Event, type="nl.participatie.initiatives.co-initiator-declined.v1", topic="initiatives.initiative"
):
    """Someone who was asked will not carry it, or the invitation was taken back."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]


class CoInitiatorLeft(Event, type="nl.participatie.initiatives.co-initiator-left.v1", topic="initiatives.initiative"):
    """Someone does not carry it any more; `initiators` are those who still do, the first one first, at least one."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    initiators: Annotated[list[UUID], Pseudonym]


class SupportClosed(Event, type="nl.participatie.supports.support-closed.v1", topic="initiatives.initiative"):
    """Support is given and taken back no more; `root` is the Merkle root (hex) over the supports that count."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    supports: Annotated[int, NotPersonal]
    root: Annotated[str, NotPersonal]


class InitiativeState(
    Event, type="nl.participatie.initiatives.initiative-state.v1", topic="initiatives.initiative.state"
):
    """The latest public view of an initiative, with the words its initiators published.

    `answers` are those to the questions of a challenge, by their codes; `thanks` is said when it is celebrated.
    """

    initiative_id: Annotated[UUID, Key, NotPersonal]
    initiator_id: Annotated[UUID, Pseudonym]
    title: Annotated[str, Published]
    summary: Annotated[str, Published]
    theme: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    neighbourhood: Annotated[str | None, NotPersonal] = None
    kind: Annotated[str, NotPersonal] = "initiative"
    initiators: Annotated[list[UUID], Pseudonym] = Field(default_factory=list)
    answers: Annotated[dict[str, str], Published] = Field(default_factory=dict)
    thanks: Annotated[str | None, Published] = None


FACTS = (
    InitiativeProposed,
    InitiativeEdited,
    ThresholdReached,
    InitiativeWithdrawn,
    CoCreationStarted,
    DreamVisionPublished,
    InitiativeStarted,
    InitiativeCelebrated,
    InitiativePaused,
    InitiativeResumed,
    ExpiryAnnounced,
    InitiativeExpired,
    InitiativeJoined,
    InitiativeParted,
    InitiativeHalted,
    HaltAppealed,
    HaltLifted,
    CoInitiatorInvited,
    CoInitiatorJoined,
    CoInitiatorDeclined,
    CoInitiatorLeft,
    SupportClosed,
)
EVENTS = (*FACTS, InitiativeState)
