"""The audit: everything the ledger claims, recomputed from its transfers alone."""

import json
from datetime import datetime
from typing import Any

import asyncpg

from dorpsplein.database import Transaction

MOST_FAULTS_SHOWN = 100
AUDIT_LOCK = 7_310_001

TAKE_TURN = "select pg_try_advisory_xact_lock($1)"
ALLOW_TIME = "select set_config('statement_timeout', $1, true)"
RECOMPUTE = """
    with moved as (
        select t.debit, t.credit, t.amount,
            case
                when not t.pending or r.outcome = 'posted' then 'posted'
                when r.outcome is null then 'pending'
            end as state
        from transfers t left join resolutions r on r.transfer_id = t.id
    ), computed as (
        select account,
            coalesce(sum(amount) filter (where debits and state = 'pending'), 0) as debits_pending,
            coalesce(sum(amount) filter (where debits and state = 'posted'), 0) as debits_posted,
            coalesce(sum(amount) filter (where not debits and state = 'pending'), 0) as credits_pending,
            coalesce(sum(amount) filter (where not debits and state = 'posted'), 0) as credits_posted
        from (
            select debit as account, true as debits, amount, state from moved
            union all select credit, false, amount, state from moved
        ) as sides group by account
    ), totals as (
        select coalesce(sum(debits_pending), 0) as debits_pending, coalesce(sum(debits_posted), 0) as debits_posted,
            coalesce(sum(credits_pending), 0) as credits_pending, coalesce(sum(credits_posted), 0) as credits_posted
        from balances
    ), faults as (
        select 'balance-differs-from-ledger' as code, coalesce(c.account, b.account) as about
        from computed c full join balances b on b.account = c.account
        where (c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted)
            is distinct from (b.debits_pending, b.debits_posted, b.credits_pending, b.credits_posted)
        union all
        select 'account-overdrawn', account from computed
        where account not like 'party:%' and credits_posted < debits_posted + debits_pending
        union all
        select 'account-unknown', account from computed c
        where not exists (select from accounts a where a.id = c.account)
        union all
        select 'debits-differ-from-credits', 'EUR/2' from totals
        where (debits_pending, debits_posted) <> (credits_pending, credits_posted)
        union all
        select 'hold-resolved-twice', transfer_id::text from resolutions group by transfer_id having count(*) > 1
        union all
        select 'resolved-but-no-hold', r.transfer_id::text
        from resolutions r left join transfers t on t.id = r.transfer_id where t.pending is not true
        union all
        select 'means-differ-from-escrow', m.initiative_id::text
        from means m left join computed c on c.account = 'escrow:' || m.initiative_id
        where m.pledged_cents + m.matched_cents <> coalesce(c.credits_pending + c.credits_posted, 0)
    )
    select jsonb_build_object(
        'balanced', not exists (select from faults),
        'transfers', (select count(*) from transfers),
        'holds', (select count(*) from moved where state = 'pending'),
        'accounts', (select count(*) from computed),
        'debitsPendingCents', debits_pending, 'debitsPostedCents', debits_posted,
        'creditsPendingCents', credits_pending, 'creditsPostedCents', credits_posted,
        'faultCount', (select count(*) from faults),
        'faults', (
            select coalesce(jsonb_agg(jsonb_build_object('code', code, 'about', about)), '[]')
            from (select * from faults order by code, about limit $1) as shown
        )
    ) from totals
"""
LAST = "select at, result from audit"
KEEP = """
    insert into audit (at, result) values ($1, $2)
    on conflict (one) do update set at = excluded.at, result = excluded.result where excluded.at >= audit.at
"""


async def take_turn(tx: Transaction) -> bool:
    """Whether nobody else is auditing; so it stays until the transaction ends."""
    taken: bool = await tx.fetchval(TAKE_TURN, AUDIT_LOCK)
    return taken


async def recompute(tx: Transaction, timeout_s: float) -> dict[str, Any]:
    """Recompute every balance from the transfers, in one snapshot, and say what does not agree.

    Raises TimeoutError or QueryCanceledError where that takes longer than `timeout_s` seconds.
    """
    await tx.execute(ALLOW_TIME, str(int(timeout_s * 1000)))
    result: dict[str, Any] = json.loads(await tx.connection.fetchval(RECOMPUTE, MOST_FAULTS_SHOWN, timeout=timeout_s))
    return result


async def keep(tx: Transaction, at: datetime, result: dict[str, Any]) -> None:
    """Keep a result as the last one."""
    await tx.execute(KEEP, at, json.dumps(result))


async def last(tx: Transaction) -> asyncpg.Record | None:
    """When the last audit was and what it found (JSON)."""
    return await tx.fetchrow(LAST)
