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
from funding.domain.ledger import RESOURCE
from funding.permissions import PERMISSIONS

router = APIRouter(prefix="/ledger", tags=["ledger"])

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]
Kind = Annotated[str | None, Query(pattern="^(party|pot|escrow)$")]


class BalanceView(View):
    """An account's sums in cents. `balance` is what was posted to it less what left; holds stand apart."""

    account: str
    resource: str
    balance_cents: int
    debits_pending_cents: int
    debits_posted_cents: int
    credits_pending_cents: int
    credits_posted_cents: int


class TransferView(View):
    """Cents from one account to another. `status` is `pending`, `posted` or `voided`."""

    id: UUID
    group_id: UUID
    kind: str
    resource: str
    debit: str
    credit: str
    amount_cents: int
    status: str
    at: datetime
    resolved_at: datetime | None


class AuditFault(View):
    """Something that does not agree, and which account or transfer it is about."""

    code: str
    about: str


class AuditView(View):
    """What recomputing the whole ledger from its transfers found, and when."""

    at: datetime
    age_seconds: float
    balanced: bool
    transfers: int
    holds: int
    accounts: int
    debits_pending_cents: int
    debits_posted_cents: int
    credits_pending_cents: int
    credits_posted_cents: int
    fault_count: int
    faults: list[AuditFault]


@router.get("/balances", response_model=None)
async def list_balances(
    request: Request, db: Db, kind: Kind = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Every account's balance, by account; those of one kind where it is given."""
    after = from_cursor(cursor, str)[0] if cursor else None
    async with db.transaction() as tx:
        rows = await storage.ledger.balances(tx, after, f"{kind}:" if kind else None, limit)
    items = [
        BalanceView(
            account=row["account"],
            resource=RESOURCE,
            balance_cents=row["credits_posted"] - row["debits_posted"],
            debits_pending_cents=row["debits_pending"],
            debits_posted_cents=row["debits_posted"],
            credits_pending_cents=row["credits_pending"],
            credits_posted_cents=row["credits_posted"],
        )
        for row in rows
    ]
    return page(request, items, to_cursor(items[-1].account) if len(items) == limit else None)


@router.get("/transfers", response_model=None)
async def list_transfers(
    request: Request,
    db: Db,
    group_id: Annotated[UUID | None, Query(alias="groupId", description="A pledge or pot line.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Transfers, newest first; those of one pledge or pot line where it is given."""
    before = from_cursor(cursor, UUID)[0] if cursor else None
    async with db.transaction() as tx:
        rows = await storage.ledger.transfers(tx, before, group_id, limit)
    items = [
        TransferView(
            id=row["id"],
            group_id=row["group_id"],
            kind=row["kind"],
            resource=row["resource"],
            debit=row["debit"],
            credit=row["credit"],
            amount_cents=row["amount"],
            status=row["outcome"] or ("pending" if row["pending"] else "posted"),
            at=row["at"],
            resolved_at=row["resolved_at"],
        )
        for row in rows
    ]
    return page(request, items, to_cursor(items[-1].id) if len(items) == limit else None)


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
