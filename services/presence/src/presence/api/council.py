"""The page of the inspiration council, and who is worth a visit; both are for everyone, as all in them is public."""

from datetime import datetime
from typing import Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import Field

from dorpsplein.fields import View
from dorpsplein.web import Db, Now
from presence.api.lists import Limit
from presence.api.members import MemberView
from presence.api.promises import PromiseView
from presence.api.visits import VisitView
from presence.domain import members, promises, visits
from presence.domain.frontrunners import LATELY, Happened, Reason, Suggestion, worth_a_visit
from presence.domain.sessions import SessionStatus
from presence.storage import frontrunners as stored_frontrunners
from presence.storage import members as stored_members
from presence.storage import promises as stored_promises
from presence.storage import visits as stored_visits

MOST_MEMBERS = 50
MOST_PROMISES = 20
MOST_VISITS = 10
MOST_SESSIONS = 10

router = APIRouter(tags=["council"])


class VisitDone(VisitView):
    """A visit that took place, with what was promised there and what came of it: the first of many, if many."""

    promises: list[PromiseView]


class SessionJoined(View):
    """A session that members of the council join as inspirators."""

    id: UUID
    title: str | None
    question: str
    starts_at: datetime
    status: SessionStatus
    member_ids: list[UUID]

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a session's row."""
        return cls.model_validate(dict(row))


class Links(View):
    """Where the whole lists are, relative to this page."""

    members: str = "council-members?status=serving"
    visits: str = "visits"
    promises: str = "council-promises"
    worth_a_visit: str = "council/worth-a-visit"


class Counts(View):
    """How many visits and promises there are, by where they stand; what is not there is left out."""

    visits: dict[visits.Status, int]
    promises: dict[promises.Status, int]


class CouncilPage(View):
    """The council at a glance; promises that are due or open stand first."""

    promises_to_keep: list[PromiseView]
    members: list[MemberView]
    coming: list[VisitView]
    done: list[VisitDone]
    sessions: list[SessionJoined]
    counts: Counts
    links: Links = Field(default_factory=Links)


class ReasonView(View):
    """Something that happened at an initiative: the last time, and how often in all."""

    reason: Reason
    latest: datetime
    times: int

    @classmethod
    def of(cls, happened: Happened) -> Self:
        """The view of what happened."""
        return cls(reason=happened.reason, latest=happened.latest, times=happened.times)


class SuggestionView(View):
    """An initiative that is worth a visit, and why, the newest reason first."""

    initiative_id: UUID
    title: str
    status: str
    reasons: list[ReasonView]

    @classmethod
    def of(cls, suggestion: Suggestion) -> Self:
        """The view of a suggestion."""
        return cls(
            initiative_id=suggestion.initiative_id,
            title=suggestion.title,
            status=suggestion.status,
            reasons=[ReasonView.of(happened) for happened in suggestion.reasons],
        )


class Suggestions(View):
    """Who is worth a visit, in an order that anyone can check: most reasons first, then the newest."""

    items: list[SuggestionView]


@router.get("/council")
async def read_council(db: Db) -> CouncilPage:
    """Who is in the council, where it goes and was, which sessions it joins, what it promised and still has to keep."""
    async with db.transaction() as tx:
        serving = await stored_members.listed(
            tx, status=members.Status.SERVING, kind=None, after=None, limit=MOST_MEMBERS
        )
        to_keep = await stored_promises.to_keep(tx, MOST_PROMISES)
        coming = await stored_visits.coming(tx, MOST_VISITS)
        done = await stored_visits.done(tx, MOST_VISITS)
        made: dict[UUID, list[PromiseView]] = {row["id"]: [] for row in done}
        for row in await stored_promises.of_visits(tx, list(made)):
            made[row["visit_id"]].append(PromiseView.of_row(row))
        sessions = await stored_members.joining(tx, MOST_SESSIONS)
        counts = Counts.model_validate(
            {"visits": await stored_visits.counts(tx), "promises": await stored_promises.counts(tx)}
        )
    return CouncilPage(
        promises_to_keep=[PromiseView.of_row(row) for row in to_keep],
        members=[MemberView.of(stored_members.member_of(row)) for row in serving],
        coming=[VisitView.of_row(row) for row in coming],
        done=[VisitDone.of_row(row, promises=made[row["id"]]) for row in done],
        sessions=[SessionJoined.of_row(row) for row in sessions],
        counts=counts,
    )


@router.get("/council/worth-a-visit")
async def list_worth_a_visit(db: Db, now: Now, limit: Limit = 20) -> Suggestions:
    """Frontrunners, by what happened there in the last 90 days; not where the council comes or has just been."""
    async with db.transaction() as tx:
        candidates = await stored_frontrunners.candidates(tx, now - LATELY)
    return Suggestions(items=[SuggestionView.of(one) for one in worth_a_visit(candidates, now)[:limit]])
