"""What an audit looks for in the transparency log: that it says what the ledger says, and is what was signed."""

from datetime import datetime, timedelta

from dorpsplein import merkle
from dorpsplein.database import Transaction
from funding.storage.transparency import hashes, last_head

LATEST = timedelta(seconds=60)
"""Whatever is older than this has its place in the tree, else it is a fault."""
MOST_FAULTS = 100

PUBLIC = """
    case when {0} !~ '^(party|returned):[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' then {0}
    when salt is not null
    then split_part({0}, ':', 1) || ':' || encode(sha256(salt || convert_to({0}, 'UTF8')), 'hex')
    else substring(l.text from '"{0}":"(' || split_part({0}, ':', 1) || ':[0-9a-f]{{64}})"') end
"""
"""An account as its leaf shows it; where the salt is erased, whatever commitment stands there."""
AGREES = """
    with leaves as (
        select index, ref, text, right(text, 20) = '"type":"resolution"}' as resolves
        from (select index, ref, encode(leaf, 'escape') as text from log_entries) as read
    ), expected as (
        select t.id as ref, false as resolves, t.at, t.kind as what, t.amount, t.group_id, t.resource, t.debit,
            t.credit, t.pending, s.salt
        from transfers t left join salts s on s.transfer_id = t.id
        union all
        select transfer_id, true, at, outcome, amount, null, null, null, null, null, null from resolutions
    ), faults as (
        select
            case
                when l.index is null then case when e.at < $1 then 'leaf-missing' end
                when e.ref is null then 'leaf-unknown'
                when l.text <> case
                    when e.resolves then format(
                        '{"amount":%s,"at":"%s","outcome":"%s","transfer":"%s","type":"resolution"}',
                        amount, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), what, e.ref
                    )
                    else format(
                        '{"amount":%s,"at":"%s","credit":"%s","debit":"%s","group":"%s","id":"%s","kind":"%s",'
                        '"pending":%s,"resource":"%s","type":"transfer"}',
                        amount, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                        _PUBLIC_credit_, _PUBLIC_debit_, group_id, e.ref, what, pending::text, resource
                    ) end
                then 'leaf-differs-from-ledger'
            end as code,
            coalesce(l.index::text, e.ref::text) as about
        from leaves l full join expected e on e.ref = l.ref and e.resolves = l.resolves
        union all
        select 'leaf-twice', min(index)::text from leaves group by ref, resolves having count(*) > 1
    )
    select code, about from faults where code is not null order by code, about limit $2
""".replace("_PUBLIC_credit_", PUBLIC.format("credit")).replace("_PUBLIC_debit_", PUBLIC.format("debit"))
TREE = r"""
    with size as (
        select count(*) as leaves, coalesce(max(index) + 1, 0) as places from log_entries
    ), kept as (
        select level, count(*) as nodes from log_nodes group by level
    ), faults as (
        select 'log-has-gaps' as code, places::text as about from size where leaves <> places
        union all
        select 'node-differs-from-leaves', '1/' || n.index
        from log_nodes n
        left join log_entries l on l.index = 2 * n.index
        left join log_entries r on r.index = 2 * n.index + 1
        where n.level = 1 and n.hash is distinct from
            sha256('\x01'::bytea || sha256('\x00'::bytea || l.leaf) || sha256('\x00'::bytea || r.leaf))
        union all
        select 'node-differs-from-leaves', n.level || '/' || n.index
        from log_nodes n
        left join log_nodes l on l.level = n.level - 1 and l.index = 2 * n.index
        left join log_nodes r on r.level = n.level - 1 and r.index = 2 * n.index + 1
        where n.level > 1 and n.hash is distinct from sha256('\x01'::bytea || l.hash || r.hash)
        union all
        select 'nodes-missing', level::text
        from size cross join generate_series(1, 62) as level left join kept k using (level)
        where leaves >> level <> coalesce(k.nodes, 0)
    )
    select code, about from faults order by code, about limit $1
"""
SIZE = "select count(*) from log_entries"


async def faults(tx: Transaction, at: datetime, timeout_s: float) -> list[dict[str, str]]:
    """What does not agree between ledger, log and last signed head: a code and what it is about; nothing when all does.

    The transaction must see one moment (repeatable read): else what is written meanwhile looks like a fault.
    Raises TimeoutError or QueryCanceledError where a part of it takes longer than `timeout_s` seconds.
    """
    agrees = await tx.connection.fetch(AGREES, at - LATEST, MOST_FAULTS, timeout=timeout_s)
    tree = await tx.connection.fetch(TREE, MOST_FAULTS, timeout=timeout_s)
    found = [(row["code"], row["about"]) for row in (*agrees, *tree)]
    return [{"code": code, "about": about} for code, about in (*found, *await _of_head(tx))]


async def _of_head(tx: Transaction) -> list[tuple[str, str]]:
    head, size = await last_head(tx), await tx.fetchval(SIZE)
    if head is None:
        return [("head-missing", str(size))] if size else []
    if head.head.size != size:
        return [("head-of-another-size", str(head.head.size))]
    edge = merkle.subtrees((0, size))
    known = await hashes(tx, edge)
    found = []
    if merkle.fold([known[node] or b"" for node in edge]) != head.head.root:
        found.append(("head-differs-from-tree", str(size)))
    if not head.key.verifies(head.head, head.signature):
        found.append(("signature-does-not-hold", str(size)))
    return found
