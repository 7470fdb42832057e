"""The public ledger: `/ledger/balances`, `/ledger/transfers`, `/ledger/audit`."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.errors import NotFound
from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.permissions import PERMISSIONS

router = APIRouter(prefix="/ledger", tags=["ledger"])

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]
Kind = Annotated[str | None, Query(pattern="^(party|pot|escrow|delivered|returned)$")]


class BalanceView(View):
    """An account's sums in the unit of its resource: cents, minutes or items.

    `balance` is what was posted to it less what left; holds stand apart.
    """

    account: str
    resource: str
    balance: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int


class TransferView(View):
    """An amount from one account to another, in the unit of its resource.

    `status` is `pending`, `posted`, `voided` or `expired`; `posted` is how much of a hold was posted.
    """

    id: UUID
    group_id: UUID
    kind: str
    resource: str
    debit: str
    credit: str
    amount: int
    status: str
    posted: int
    at: datetime
    resolved_at: datetime | None


class AuditFault(View):
    """Something that does not agree, and which account or transfer it is about."""

    code: str
    about: str


class ResourceSums(View):
    """The sums of all accounts in one resource: debits and credits are equal where it is in balance."""

    resource: str
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int


class AuditView(View):
    """What recomputing the whole ledger from its transfers found, and when."""

    at: datetime
    age_seconds: float
    balanced: bool
    transfers: int
    holds: int
    accounts: int
    resources: list[ResourceSums]
    fault_count: int
    faults: list[AuditFault]


@router.get("/balances", response_model=None)
async def list_balances(
    request: Request, db: Db, kind: Kind = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Every account's balance, by account and resource; those of one kind where it is given."""
    after = from_cursor(cursor, str, str) if cursor else None
    async with db.transaction() as tx:
        position = (after[0], after[1]) if after else None
        rows = await storage.ledger.balances(tx, position, f"{kind}:" if kind else None, limit)
    items = [BalanceView(**row, balance=row["credits_posted"] - row["debits_posted"]) for row in rows]
    last = items[-1] if len(items) == limit else None
    return page(request, items, to_cursor(last.account, last.resource) if last else None)


@router.get("/transfers", response_model=None)
async def list_transfers(
    request: Request,
    db: Db,
    group_id: Annotated[UUID | None, Query(alias="groupId", description="A pledge or pot line.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Transfers, newest first; those of one pledge or pot line where it is given."""
    before = from_cursor(cursor, UUID, datetime) if cursor else None
    async with db.transaction() as tx:
        position = (before[0], before[1]) if before else None
        rows = await storage.ledger.transfers(tx, position, group_id, limit)
    items = [
        TransferView(
            id=row["id"],
            group_id=row["group_id"],
            kind=row["kind"],
            resource=row["resource"],
            debit=row["debit"],
            credit=row["credit"],
            amount=row["amount"],
            status=row["outcome"] or ("pending" if row["pending"] else "posted"),
            posted=(row["posted"] or 0) if row["pending"] else row["amount"],
            at=row["at"],
            resolved_at=row["resolved_at"],
        )
        for row in rows
    ]
    return page(request, items, to_cursor(items[-1].id, items[-1].at) if len(items) == limit else None)


@router.get("/audit")
async def show_audit(db: Db, now: Now) -> AuditView:
    """What the last audit found, and how long ago."""
    async with db.transaction() as tx:
        row = await storage.audit.last(tx)
    if row is None:
        raise NotFound("not-audited-yet", "The first audit follows within a minute.")
    return _audited(json.loads(row["result"]), row["at"], now)


@router.post("/audit")
async def audit_ledger(
    request: Request, _: Annotated[Caller, permitted(PERMISSIONS["audit_ledger"])], db: Db, now: Now
) -> AuditView:
    """Recompute the ledger now."""
    timeout_s = request.app.state.runtime.settings.audit_timeout_s
    return _audited(await commands.audit.audit(db, now, timeout_s), now, now)


def _audited(result: dict[str, Any], at: datetime, now: datetime) -> AuditView:
    return AuditView(at=at, age_seconds=max(0.0, (now - at).total_seconds()), **result)
