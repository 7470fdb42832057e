"""Arriving and leaving over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from dorpsplein.fields import Body
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, permitted
from presence.api.settings import Configured
from presence.api.slots import SlotView, change
from presence.commands.slots import Decide
from presence.domain import codes
from presence.domain import slots as domain
from presence.permissions import PERMISSIONS

router = APIRouter(tags=["presence"])


class Arrival(Body):
    """The code that hangs at the place, by who scanned it."""

    code: Annotated[str, Field(min_length=1, max_length=codes.LONGEST)] | None = None


@router.post("/presence-slots/{slot_id}/arrival", response_model=SlotView)
async def arrive(
    caller: Annotated[Caller, permitted(PERMISSIONS["arrive"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    configured: Configured,
    slot_id: UUID,
    body: Arrival | None = None,
) -> Response:
    """Say that you are there: from 30 minutes before the slot starts until it ends."""
    decide: Decide = domain.arrive
    if body is not None and body.code is not None:
        key = codes.key_of(configured.pseudonym_secret.get_secret_value())
        decide = partial(domain.arrive_by_code, code=body.code, key=key)
    return await change(db, request_once, slot_id, caller, decide, now)


@router.post("/presence-slots/{slot_id}/departure", response_model=SlotView)
async def leave(
    caller: Annotated[Caller, permitted(PERMISSIONS["leave"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    slot_id: UUID,
) -> Response:
    """Say that you have gone."""
    return await change(db, request_once, slot_id, caller, domain.leave, now)
