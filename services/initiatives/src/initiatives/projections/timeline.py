"""The timeline of every initiative: all that happened to it, from the facts of all services."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.contracts import funding, initiatives, presence
from dorpsplein.contracts.funding.payouts import PayoutOrdered
from dorpsplein.contracts.funding.pledges import MatchQuoted, MatchReleased
from dorpsplein.contracts.initiatives import consents
from dorpsplein.contracts.initiatives.dreams import DreamRenderProgressed, SceneHidingChanged
from dorpsplein.contracts.initiatives.links import ContributionLinked
from dorpsplein.contracts.initiatives.moderation import (
    ContributionHidingChanged,
    InitiativeHidingChanged,
    StoryHidingChanged,
)
from dorpsplein.contracts.initiatives.responses import PromiseReminded
from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.contracts.presence.harvest import HarvestConsentWithdrawn, HarvestLineNoted
from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.contracts.presence.promises import CouncilPromiseReminded
from dorpsplein.contracts.presence.sessions import SessionFilled, SessionOpened, SessionReopened, WaitingListMoved
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, NotPersonal, Recorded
from dorpsplein.settings import NAMESPACE

ADD_LINES = """
    insert into timeline (id, initiative_id, type, at, count, detail)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[], $6::json[]) as l(id)
    order by id
    on conflict (id) do update set
        count = timeline.count + excluded.count, at = greatest(timeline.at, excluded.at)
"""
OF_SUPPORT = (SupportGiven, SupportWithdrawn, SupportMoved, SupportReturned)
"""What comes by the thousand: of these a day has one line."""
NOT_TOLD = {
    *consents.EVENTS,
    ContributionLinked,
    ContributionHidingChanged,
    StoryHidingChanged,
    SceneHidingChanged,
    InitiativeHidingChanged,
    HarvestLineNoted,
    HarvestConsentWithdrawn,
    NoticeGiven,
    SessionOpened,
    SessionFilled,
    SessionReopened,
    WaitingListMoved,
    CouncilPromiseReminded,
    DreamRenderProgressed,
    PromiseReminded,
    MatchQuoted,
    MatchReleased,
    PayoutOrdered,
}
"""What is between people, is of a moment only, or what another fact says already."""
ABOUT = ("initiative_id", "initiative_ids", "into_id")
"""The fields of a fact that name initiatives; of a support only the first counts."""
FACTS = [
    event
    for service in (initiatives, funding, presence)
    for event in service.EVENTS
    if not event.topic.endswith(".state") and event not in NOT_TOLD and set(ABOUT) & set(event.model_fields)
]
"""Everything a timeline tells of."""


def about(event: Event) -> list[UUID]:
    """The initiatives a fact is about; none of what is about something else."""
    if isinstance(event, OF_SUPPORT):
        return [event.initiative_id]
    named = [getattr(event, name, None) for name in ABOUT]
    return [one for ids in named for one in (ids if isinstance(ids, list) else [ids]) if one is not None]


async def write(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Write a line for each fact, on the timeline of each initiative it is about."""
    lines: dict[UUID, list[Any]] = {}
    for event in events:
        for initiative_id in about(event.event):
            line_id = _line_id(event, initiative_id)
            if line_id in lines:
                lines[line_id][3] = max(lines[line_id][3], event.time)
                lines[line_id][4] += 1
            else:
                lines[line_id] = [line_id, initiative_id, event.type, event.time, 1, _detail(event.event)]
    if lines:
        await tx.execute(ADD_LINES, *map(list, zip(*lines.values(), strict=True)))


def _line_id(event: Recorded[Any], initiative_id: UUID) -> UUID:
    """Every event has a line of its own on a timeline, but supports share one a day (UTC)."""
    if isinstance(event.event, OF_SUPPORT):
        return uuid5(NAMESPACE, f"timeline/{initiative_id}/{event.type}/{event.time.astimezone(UTC).date()}")
    return event.id if len(about(event.event)) == 1 else uuid5(event.id, str(initiative_id))


def _detail(event: Event) -> str:
    """What the timeline says of an event, as JSON: whatever is about no person."""
    if isinstance(event, OF_SUPPORT):
        return "{}"
    told = {
        name
        for name, field in type(event).model_fields.items()
        if NotPersonal in field.metadata and name != "initiative_id"
    }
    return event.model_dump_json(include=told)
