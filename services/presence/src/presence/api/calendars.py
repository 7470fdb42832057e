"""Calendars over HTTP, for any calendar program: by their address alone, without a token."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.database import Database
from dorpsplein.fields import Code
from dorpsplein.web import Db, Now, found
from presence.api.documents import READ, document
from presence.api.settings import Configured
from presence.domain import calendars as domain
from presence.domain.calendars import MOST_EVENTS, Of
from presence.domain.wording import Language
from presence.settings import PresenceSettings
from presence.storage import calendars as storage

MEDIA_TYPE = "text/calendar; charset=utf-8"
ICAL: dict[int | str, dict[str, Any]] = {
    200: {"description": "A calendar (RFC 5545)", "content": {"text/calendar": {"schema": {"type": "string"}}}},
    304: {"description": "It has not changed."},
}
InLanguage = Annotated[Language, Query(description="The language of what it says.")]

router = APIRouter(tags=["calendars"])


@router.api_route("/places/{place_id}/calendar", methods=READ, responses=ICAL, response_class=Response)
async def read_place_calendar(
    request: Request, db: Db, now: Now, settings: Configured, place_id: UUID, language: InLanguage = Language.NL
) -> Response:
    """Who comes to a place and when, and the sessions there."""
    return await _calendar(request, db, now, settings, Of.PLACE, place_id, language)


@router.api_route("/officers/{officer_id}/calendar", methods=READ, responses=ICAL, response_class=Response)
async def read_officer_calendar(
    request: Request, db: Db, now: Now, settings: Configured, officer_id: UUID, language: InLanguage = Language.NL
) -> Response:
    """Where an officer will be, and the sessions they host; never where they were."""
    return await _calendar(request, db, now, settings, Of.OFFICER, officer_id, language)


@router.api_route("/themes/{theme}/calendar", methods=READ, responses=ICAL, response_class=Response)
async def read_theme_calendar(
    request: Request, db: Db, now: Now, settings: Configured, theme: Code, language: InLanguage = Language.NL
) -> Response:
    """Where and when something is about a theme."""
    return await _calendar(request, db, now, settings, Of.THEME, theme, language)


@router.api_route("/neighbourhoods/{neighbourhood}/calendar", methods=READ, responses=ICAL, response_class=Response)
async def read_neighbourhood_calendar(
    request: Request, db: Db, now: Now, settings: Configured, neighbourhood: Code, language: InLanguage = Language.NL
) -> Response:
    """What there is at the places of a neighbourhood."""
    return await _calendar(request, db, now, settings, Of.NEIGHBOURHOOD, neighbourhood, language)


@router.api_route("/sessions/{session_id}/calendar", methods=READ, responses=ICAL, response_class=Response)
async def read_session_calendar(
    request: Request, db: Db, now: Now, settings: Configured, session_id: UUID, language: InLanguage = Language.NL
) -> Response:
    """One session, to keep in one's own calendar."""
    return await _calendar(request, db, now, settings, Of.SESSION, session_id, language)


async def _calendar(
    request: Request,
    db: Database,
    now: datetime,
    settings: PresenceSettings,
    of: Of,
    subject: UUID | str,
    language: Language,
) -> Response:
    async with db.transaction() as tx:
        words, entries = found(await storage.entries(tx, of, subject, now, most=MOST_EVENTS), of, subject)
    name = domain.name_of(of, subject, words, language)
    # In a thread: the first time, two thousand events take more than a second to write.
    content = await asyncio.to_thread(domain.calendar, name, entries, settings.public_url, language)
    headers = {
        "Cache-Control": "public, max-age=300",
        "Content-Disposition": f'inline; filename="{of}-{subject}.ics"',
    }
    return document(request, content, MEDIA_TYPE, headers)
