"""Subscriptions of other systems: create, read, end; their delivery log; replay."""

import secrets
from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, StrictInt, StringConstraints, model_validator
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Forbidden
from dorpsplein.fields import BIGINT, Body, Line, Moment, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import MOST_PAGE, Db, OnlyOnce, answer_once, found, from_cursor, page, permitted, to_cursor
from notifications.addresses import LONGEST_URL, check_callback
from notifications.commands import subscriptions as commands
from notifications.domain.subscriptions import Create
from notifications.permissions import PERMISSIONS
from notifications.settings import Settings
from notifications.storage import deliveries
from notifications.storage import subscriptions as storage

router = APIRouter(tags=["subscriptions"])

SECRET_BYTES = 32
MOST_TYPES = 500
"""More than there are."""

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]
Cursor = Annotated[str | None, Query(max_length=200)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL, pattern=r"^[\x21-\x7e]+$")]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+$", max_length=200)]


class NewSubscription(Body):
    """Where to send what. Without types, every public event is sent but those for machines, such as tree heads."""

    callback_url: Url
    types: Annotated[tuple[TypeName, ...], Field(max_length=MOST_TYPES)] = ()
    description: Line | None = None


class Replay(Body):
    """From where to send again: after a position of the log, or since a moment. One of the two."""

    after_position: Annotated[StrictInt, Field(ge=0, le=BIGINT)] | None = None
    since: Moment | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.after_position is None) == (self.since is None):
            raise ValueError("give afterPosition or since")
        return self


class SubscriptionView(View):
    """A subscription; `failures` counts how often in a row its endpoint failed, and `resumeAt` when it is tried."""

    id: UUID
    owner_id: UUID
    callback_url: str
    types: list[str]
    description: str | None
    status: str
    end_reason: str | None
    created_at: datetime
    failures: int
    resume_at: datetime | None


class DeliveryView(View):
    """One event on its way: `state` is pending, delivered, parked (given up) or dropped."""

    position: int
    event_id: UUID
    type: str
    subject: UUID
    state: str
    attempts: int
    created_at: datetime
    last_at: datetime | None
    last_status: int | None
    last_error: str | None
    next_at: datetime | None


@router.post("/subscriptions", status_code=201)
async def create_subscription(
    request: Request,
    body: NewSubscription,
    caller: Annotated[Caller, permitted(PERMISSIONS["create-subscription"])],
    once: OnlyOnce,
    db: Db,
) -> Response:
    """Subscribe. The answer holds the signing secret, once, and the position after which events are sent."""
    settings = request.app.state.runtime.settings
    assert isinstance(settings, Settings)
    await check_callback(body.callback_url, allow_private=settings.allow_private_callbacks)
    command = Create(
        id=uuid7(),
        owner_id=caller.id,
        callback_url=body.callback_url,
        types=tuple(dict.fromkeys(body.types)),
        description=body.description,
        secret="whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
    )

    async def create(tx: Transaction) -> dict[str, Any]:
        row = await commands.create(tx, command)
        shown = _view(row).model_dump(mode="json")
        return {**shown, "secret": command.secret, "position": row["position"]}

    return await answer_once(db, once, 201, create)


@router.get("/subscriptions")
async def list_subscriptions(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list-subscriptions"])],
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """My subscriptions, newest first; an operator sees all."""
    before = from_cursor(cursor, UUID)[0] if cursor else None
    owner_id = None if Role.OPERATOR in caller.roles else caller.id
    async with db.connection() as connection:
        rows = await storage.listed(connection, owner_id, before, limit)
    following = to_cursor(rows[-1]["id"]) if len(rows) == limit else None
    return page(request, [_view(row) for row in rows], following)


@router.get("/subscriptions/{subscription_id}")
async def read_subscription(
    subscription_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["read-subscription"])], db: Db
) -> SubscriptionView:
    """One subscription, without its secret."""
    return _view(await _own(db, subscription_id, caller))


@router.delete("/subscriptions/{subscription_id}", status_code=204)
async def end_subscription(
    subscription_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["end-subscription"])], db: Db
) -> None:
    """End it: nothing more is sent, and what waits is dropped. Its delivery log stays."""
    await _own(db, subscription_id, caller)
    async with db.transaction() as tx:
        await commands.end(tx, subscription_id)


@router.get("/subscriptions/{subscription_id}/deliveries")
async def list_deliveries(
    request: Request,
    subscription_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["read-deliveries"])],
    db: Db,
    state: Literal["pending", "delivered", "parked", "dropped"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What was sent, what waits until when, and what was given up; newest first."""
    await _own(db, subscription_id, caller)
    before = from_cursor(cursor, int)[0] if cursor else None
    async with db.connection() as connection:
        rows = await deliveries.listed(connection, subscription_id, before, state, limit)
    following = to_cursor(rows[-1]["position"]) if len(rows) == limit else None
    return page(request, [DeliveryView.model_validate(dict(row)) for row in rows], following)


@router.post("/subscriptions/{subscription_id}/replay", status_code=202)
async def replay_deliveries(
    subscription_id: UUID,
    body: Replay,
    caller: Annotated[Caller, permitted(PERMISSIONS["replay-deliveries"])],
    db: Db,
) -> dict[str, Any]:
    """Send past events again, oldest first, under the ids they have; what waits already is left as it is.

    At most 10,000 at a time: while `complete` is false, ask again with `throughPosition` as `afterPosition`.
    """
    await _own(db, subscription_id, caller)
    async with db.transaction() as tx:
        row = await commands.replay(tx, subscription_id, body.after_position, body.since)
    complete = row["chosen"] < deliveries.MOST_REPLAYED
    return {"queued": row["queued"], "throughPosition": row["through"], "complete": complete}


async def _own(db: Database, subscription_id: UUID, caller: Caller) -> asyncpg.Record:
    """The subscription, when it is the caller's, or the caller operates the system."""
    async with db.connection() as connection:
        row: asyncpg.Record = found(await storage.one(connection, subscription_id), "subscription", subscription_id)
    if row["owner_id"] != caller.id and Role.OPERATOR not in caller.roles:
        raise Forbidden("not-yours", "This is a subscription of another system.")
    return row


def _view(row: asyncpg.Record) -> SubscriptionView:
    return SubscriptionView.model_validate(dict(row))
