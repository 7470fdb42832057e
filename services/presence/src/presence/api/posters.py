"""Posters and their codes over HTTP, ready to be printed and hung up at a place."""

import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import segno
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, Visitor, found
from presence.api.calendars import InLanguage
from presence.api.documents import READ, document
from presence.api.settings import Configured
from presence.domain import posters as domain
from presence.domain.calendars import MOST_EVENTS, Of, place_page
from presence.domain.codes import For, key_of, sign
from presence.domain.wording import SAID, Language, full_day, opening_hours
from presence.permissions import HANGS_UP
from presence.posters import POLICIES, Paper, poster
from presence.settings import PresenceSettings
from presence.storage import calendars as storage
from presence.storage import places as stored_places

ON_PAPER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A poster to print", "content": {"text/html": {"schema": {"type": "string"}}}}
}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A QR code", "content": {"image/svg+xml": {"schema": {"type": "string"}}}}
}
OnPaper = Annotated[Paper, Query(description="What it is printed on.")]

router = APIRouter(tags=["posters"])


@router.api_route("/places/{place_id}/poster", methods=READ, responses=ON_PAPER, response_class=Response)
async def read_poster(
    request: Request,
    caller: Visitor,
    db: Db,
    now: Now,
    settings: Configured,
    place_id: UUID,
    language: InLanguage = Language.NL,
    paper: OnPaper = Paper.A4,
) -> Response:
    """A poster of a place. For an arranger or operator its QR code also says that whoever scans it is there."""
    async with db.transaction() as tx:
        place = await _open_place(tx, place_id)
        _, entries = found(
            await storage.entries(tx, Of.PLACE, place_id, now, most=MOST_EVENTS, within=domain.ahead(now)),
            Of.PLACE,
            place_id,
        )
    lines, more = domain.lines(entries, language)
    code = _code(caller, settings, place_id, now)
    html = poster(
        paper,
        _picture(domain.address(place_id, settings.public_url, code), language, inline=True).decode(),
        language=language,
        said=SAID[language].poster,
        place=place,
        page=place_page(place_id, settings.public_url),
        hours=opening_hours(json.loads(place["opening_hours"]), language),
        lines=lines,
        more=more,
        made=full_day(now, language),
        valid_until=full_day(domain.code_until(now), language) if code else None,
    )
    headers = {"Content-Security-Policy": POLICIES[paper], "Content-Language": language, **_kept(code)}
    return document(request, html.encode(), "text/html; charset=utf-8", headers)


@router.api_route("/places/{place_id}/qr", methods=READ, responses=PICTURE, response_class=Response)
async def read_qr(
    request: Request,
    caller: Visitor,
    db: Db,
    now: Now,
    settings: Configured,
    place_id: UUID,
    language: InLanguage = Language.NL,
) -> Response:
    """The QR code of a place alone, as it is on its poster."""
    async with db.transaction() as tx:
        await _open_place(tx, place_id)
    code = _code(caller, settings, place_id, now)
    picture = _picture(domain.address(place_id, settings.public_url, code), language, inline=False)
    return document(request, picture, "image/svg+xml", _kept(code))


async def _open_place(tx: Transaction, place_id: UUID) -> asyncpg.Record:
    place: asyncpg.Record = found(await stored_places.one(tx, place_id), "place", place_id)
    if place["closed_reason"] is not None:
        raise NotFound("place-closed", f"Place {place_id} is closed: there is nothing to hang up.")
    return place


def _code(caller: Caller | None, settings: PresenceSettings, place_id: UUID, now: datetime) -> str | None:
    """The signed code of a place for who hangs up posters; None for everyone else, who could take it home."""
    if caller is None or HANGS_UP.roles.isdisjoint(caller.roles):
        return None
    key = key_of(settings.pseudonym_secret.get_secret_value())
    return sign(key, For.PLACE, place_id, domain.code_until(now))


def _kept(code: str | None) -> Mapping[str, str]:
    """How long an answer may be kept: one with a code nowhere."""
    return {"Cache-Control": "private, no-store" if code else "public, max-age=300", "Vary": "Authorization"}


def _picture(address: str, language: Language, *, inline: bool) -> bytes:
    """A QR code as SVG, dark on light, that can still be read where a seventh of it is dirty (level M)."""
    out = BytesIO()
    page = address.partition("?")[0]
    segno.make_qr(address, error="m").save(
        out,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        omitsize=inline,
        scale=1 if inline else 8,
        xmldecl=not inline,
        svgns=not inline,
        nl=False,
        svgclass=None,
        lineclass=None,
        title=SAID[language].poster.code_alt.format(address=page),
    )
    return out.getvalue()
