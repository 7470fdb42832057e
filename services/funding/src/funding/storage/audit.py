"""The audit: everything the ledger claims, recomputed from its transfers alone."""

import json
from datetime import datetime
from typing import Any

import asyncpg

from dorpsplein.database import Transaction

MOST_FAULTS_SHOWN = 100
AUDIT_LOCK = 7_310_001

ONE_MOMENT = "set transaction isolation level repeatable read"
TAKE_TURN = "select pg_try_advisory_xact_lock($1)"
ALLOW_TIME = "select set_config('statement_timeout', $1, true)"
RECOMPUTE = """
    with moved as (
        select t.debit, t.credit, t.resource,
            case when t.pending and r.outcome is null then t.amount else 0 end as held,
            case when not t.pending then t.amount else coalesce(r.amount, 0) end as posted
        from transfers t left join resolutions r on r.transfer_id = t.id
    ), computed as (
        select account, resource,
            coalesce(sum(held) filter (where debits), 0) as debits_pending,
            coalesce(sum(posted) filter (where debits), 0) as debits_posted,
            coalesce(sum(held) filter (where not debits), 0) as credits_pending,
            coalesce(sum(posted) filter (where not debits), 0) as credits_posted
        from (
            select debit as account, true as debits, resource, held, posted from moved
            union all select credit, false, resource, held, posted from moved
        ) as sides group by account, resource
    ), totals as (
        select resource, sum(debits_pending) as debits_pending, sum(debits_posted) as debits_posted,
            sum(credits_pending) as credits_pending, sum(credits_posted) as credits_posted
        from balances group by resource
    ), standing as (
        select t.kind, t.resource, t.debit, t.credit, coalesce(p.pledger_id, q.pledger_id) as donor_id,
            case when t.pending and r.outcome is not null then r.amount else t.amount end as amount,
            q.id is not null as only_quoted
        from transfers t left join resolutions r on r.transfer_id = t.id
            left join quotes q on q.id = t.group_id left join pledges p on p.id = t.group_id
        where t.kind in ('pledge', 'match', 'return')
    ), escrowed as (
        select substr(account, 8)::uuid as initiative_id, resource, sum(pledged) as pledged, sum(matched) as matched,
            sum(reserved) as reserved
        from (
            select credit as account, resource,
                case when kind = 'pledge' then amount else 0 end as pledged,
                case when kind = 'match' and not only_quoted then amount else 0 end as matched,
                case when kind = 'match' and only_quoted then amount else 0 end as reserved
            from standing where kind <> 'return'
            union all
            select debit, resource,
                case when starts_with(credit, 'returned:') then -amount else 0 end,
                case when starts_with(credit, 'returned:') then 0 else -amount end, 0
            from standing where kind = 'return'
        ) as parts group by 1, 2
    ), drawn as (
        select split_part(pot, ':', 2)::uuid as round_id, donor_id, sum(amount) as cents
        from (
            select debit as pot, donor_id, amount from standing where kind = 'match'
            union all
            select credit, donor_id, -amount from standing where kind = 'return' and starts_with(credit, 'pot:')
        ) as moves where donor_id is not null group by 1, 2
    ), faults as (
        select 'balance-differs-from-ledger' as code,
            coalesce(c.account, b.account) || ' ' || coalesce(c.resource, b.resource) as about
        from computed c full join balances b on b.account = c.account and b.resource = c.resource
        where (c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted)
            is distinct from (b.debits_pending, b.debits_posted, b.credits_pending, b.credits_posted)
        union all
        select 'account-overdrawn', account || ' ' || resource from computed
        where account not like 'party:%' and credits_posted < debits_posted + debits_pending
        union all
        select 'account-unknown', account from computed c
        where not exists (select from accounts a where a.id = c.account)
        union all
        select 'debits-differ-from-credits', resource from totals
        where (debits_pending, debits_posted) <> (credits_pending, credits_posted)
        union all
        select 'hold-resolved-twice', transfer_id::text from resolutions group by transfer_id having count(*) > 1
        union all
        select 'resolved-but-no-hold', r.transfer_id::text
        from resolutions r left join transfers t on t.id = r.transfer_id where t.pending is not true
        union all
        select 'resolved-beyond-its-hold', r.transfer_id::text
        from resolutions r join transfers t on t.id = r.transfer_id
        where r.amount > t.amount or (r.outcome <> 'posted' and r.amount > 0)
        union all
        select 'promised-differs-from-ledger',
            coalesce(p.initiative_id, e.initiative_id) || ' ' || coalesce(p.resource, e.resource)
        from promised p full join escrowed e on e.initiative_id = p.initiative_id and e.resource = p.resource
        where coalesce(p.quantity, 0) <> coalesce(e.pledged, 0)
        union all
        select 'matched-differs-from-ledger', m.initiative_id::text
        from means m left join escrowed e on e.initiative_id = m.initiative_id and e.resource = 'EUR/2'
        where m.matched_cents <> coalesce(e.matched, 0)
        union all
        select 'reserved-differs-from-ledger', m.initiative_id::text
        from means m left join escrowed e on e.initiative_id = m.initiative_id and e.resource = 'EUR/2'
        where m.reserved_cents <> coalesce(e.reserved, 0)
        union all
        select 'donor-differs-from-ledger', coalesce(d.round_id, r.round_id)::text
        from round_donors r full join drawn d on d.round_id = r.round_id and d.donor_id = r.donor_id
        where coalesce(r.given_cents, 0) <> coalesce(d.cents, 0)
    )
    select jsonb_build_object(
        'balanced', not exists (select from faults),
        'transfers', (select count(*) from transfers),
        'holds', (select count(*) from moved where held > 0),
        'accounts', (select count(distinct account) from computed),
        'resources', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'resource', resource, 'debitsPending', debits_pending, 'debitsPosted', debits_posted,
                'creditsPending', credits_pending, 'creditsPosted', credits_posted
            ) order by resource), '[]') from totals
        ),
        'faultCount', (select count(*) from faults),
        'faults', (
            select coalesce(jsonb_agg(jsonb_build_object('code', code, 'about', about)), '[]')
            from (select * from faults order by code, about limit $1) as shown
        )
    )
"""
LAST = "select at, result from audit"
KEEP = """
    insert into audit (at, result) values ($1, $2)
    on conflict (one) do update set at = excluded.at, result = excluded.result where excluded.at >= audit.at
"""


async def see_one_moment(tx: Transaction) -> None:
    """Have every statement of a transaction that has none yet see the same moment."""
    await tx.execute(ONE_MOMENT)


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
