"""Who got what, and who got nothing: `/rounds/{id}/fair-share` and `/counts/{id}/fair-share`."""

from typing import Self
from uuid import UUID

from fastapi import APIRouter

from dorpsplein.fields import View
from dorpsplein.web import Db, Now
from funding import commands
from funding.domain.fair_share import FairShare, Group

router = APIRouter(tags=["fair-share"])


class GroupView(View):
    """Initiatives of one theme or neighbourhood (empty: not known). Shares are in hundredths of a percent.

    `people` pledged to or voted for any of them; null where fewer than five did, or where that would tell.
    """

    name: str
    candidates: int
    got_nothing: int
    asked_cents: int
    crowd_cents: int
    given_cents: int
    people: int | None
    share_of_given: int
    share_of_people: int | None

    @classmethod
    def of(cls, group: Group) -> Self:
        """A group as it is shown."""
        return cls(
            name=group.name,
            candidates=group.candidates,
            got_nothing=group.without,
            asked_cents=group.asked,
            crowd_cents=group.crowd,
            given_cents=group.given,
            people=group.people,
            share_of_given=group.share_of_given,
            share_of_people=group.share_of_people,
        )


class FairShareView(View):
    """Who got what, by theme and by neighbourhood; `gotNothing` are the candidates that got nothing, by id."""

    given_cents: int
    left_cents: int
    people: int | None
    themes: list[GroupView]
    neighbourhoods: list[GroupView]
    got_nothing: list[str]

    @classmethod
    def of(cls, report: FairShare) -> Self:
        """A report as it is shown."""
        return cls(
            given_cents=report.given,
            left_cents=report.left,
            people=report.people,
            themes=[GroupView.of(group) for group in report.themes],
            neighbourhoods=[GroupView.of(group) for group in report.neighbourhoods],
            got_nothing=list(report.nothing),
        )


@router.get("/rounds/{round_id}/fair-share")
async def show_fair_share_of_round(db: Db, now: Now, round_id: UUID) -> FairShareView:
    """The report of a closed round; of one that is counted at its close, once its count is published."""
    async with db.transaction() as tx:
        return FairShareView.of(await commands.fair_share.of_round(tx, round_id, now))


@router.get("/counts/{count_id}/fair-share")
async def show_fair_share_of_count(db: Db, count_id: UUID) -> FairShareView:
    """The report of a published count."""
    async with db.transaction() as tx:
        return FairShareView.of(await commands.fair_share.of_count(tx, count_id))
