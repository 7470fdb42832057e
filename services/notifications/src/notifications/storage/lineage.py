"""What came of whose contributions, and who is told: walked in the database, a whole batch in one statement.

Who brought something in is found back along the links from each new one, and what came of it before it was known
onward: links and contributions arrive in any order. From a link that was undone the walk goes on to what was linked by
then; results of an initiative count from when a contribution was offered, and nothing after it was taken back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from notifications.domain.lines.lineage import HOPS, MAILED, ONLY_AFTER, Hop

KEEP_CONTRIBUTORS = """
    insert into contributors (contribution_id, contributor_id, offered_at)
    select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) order by 1 on conflict do nothing
"""
KEEP_WITHDRAWALS = """
    update contributors c set withdrawn_at = w.at from unnest($1::uuid[], $2::timestamptz[]) as w(id, at)
    where c.contribution_id = w.id
"""
KEEP_LINKS = """
    insert into links (id, version, from_kind, from_id, to_kind, to_id, kind, initiative_id, at)
    select * from unnest(
        $1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::uuid[],
        $9::timestamptz[]
    ) as l(id) order by id
    on conflict (id) do update set version = excluded.version, at = excluded.at, ended_at = null
    where excluded.version > links.version
"""
END_LINKS = """
    update links l set version = e.version, ended_at = e.at
    from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as e(id, version, at)
    where l.id = e.id and e.version > l.version
"""
ONWARD = "n.from_id = w.id and n.from_kind = w.kind and (w.until is null or n.at <= w.until)"
HEARD = f"""
    with recursive back as (
        select l.id as root, l.from_kind as kind, l.from_id as id, l.at from links l where l.id = any($1::uuid[])
        union
        select w.root, p.from_kind, p.from_id, p.at from back w join links p
            on p.to_id = w.id and p.to_kind = w.kind and (p.ended_at is null or w.at <= p.ended_at)
    ), onward as (
        select l.id as root, l.id as link_id, l.to_kind as kind, l.to_id as id, l.ended_at as until
        from links l where l.id = any($1::uuid[])
        union
        select w.root, n.id, n.to_kind, n.to_id, n.ended_at from onward w join links n on {ONWARD}
    ), known as (
        select l.id as root, l.id as link_id, l.to_kind as kind, l.to_id as id, l.ended_at as until, l.from_id
        from links l where l.from_kind = 'contribution' and l.from_id = any($2::uuid[])
        union
        select w.root, n.id, n.to_kind, n.to_id, n.ended_at, w.from_id from known w join links n on {ONWARD}
    ), came as (
        select b.id as contribution_id, o.link_id from back b join onward o using (root) where b.kind = 'contribution'
        union
        select from_id, link_id from known
    ), heard as (
        select distinct on (c.contributor_id, l.id) c.contributor_id as person_id, l.id as link_id, c.contribution_id,
            l.at, l.kind, l.to_kind, l.initiative_id
        from came join contributors c using (contribution_id) join links l on l.id = came.link_id
        where l.initiative_id is not null and (l.kind, l.to_kind) in (select * from unnest($3::text[], $4::text[]))
            and (l.at >= c.offered_at or l.kind <> all($5::text[]))
            and (c.withdrawn_at is null or l.at <= c.withdrawn_at)
        order by c.contributor_id, l.id, c.offered_at, c.contribution_id
    )
"""  # noqa: S608
TELL = f"""
    {HEARD}
    insert into personal_lines (person_id, link_id, contribution_id, at)
    select person_id, link_id, contribution_id, at from heard order by person_id, link_id on conflict do nothing
"""  # noqa: S608
MAIL = f"""
    {HEARD}
    insert into mails (person_id, follow_id, link_id)
    select h.person_id, f.id, h.link_id from heard h
    join follows f on f.follower_id = h.person_id and f.kind = 'initiative' and f.initiative_id = h.initiative_id
    join contacts a on a.person_id = h.person_id
    where h.at > now() - interval '2 days'
    order by h.person_id, h.link_id on conflict do nothing
"""  # noqa: S608
"""As with other mails: who follows the initiative and gave an address, once a person and hop, and no old news."""


async def keep_contributors(
    tx: Transaction,
    offered: Sequence[tuple[UUID, UUID, datetime]],
    withdrawn: Sequence[tuple[UUID, datetime]],
) -> None:
    """Keep whose contributions are (id, person, moment), and which of them were taken back (id, moment)."""
    if offered:
        await tx.execute(KEEP_CONTRIBUTORS, *_columns(offered))
    if withdrawn:
        await tx.execute(KEEP_WITHDRAWALS, *_columns(withdrawn))


async def keep_links(
    tx: Transaction, made: Sequence[tuple[Any, ...]], ended: Sequence[tuple[UUID, int, datetime]]
) -> None:
    """Keep links as they were made last, and the end of those that were undone after that."""
    if made:
        await tx.execute(KEEP_LINKS, *_columns(made))
    if ended:
        await tx.execute(END_LINKS, *_columns(ended))


async def tell(tx: Transaction, links: Sequence[UUID], contributions: Sequence[UUID]) -> None:
    """Write a line for everyone who hears of something by these new links and contributions, once a hop."""
    await tx.execute(TELL, *_heard(links, contributions, list(HOPS)))


async def mail(tx: Transaction, links: Sequence[UUID], contributions: Sequence[UUID]) -> None:
    """Queue the mails of what these new links and contributions bring, once a person and hop."""
    await tx.execute(MAIL, *_heard(links, contributions, MAILED))


def _heard(links: Sequence[UUID], contributions: Sequence[UUID], hops: Sequence[Hop]) -> tuple[Any, ...]:
    return (links, contributions, *_columns(hops), list(ONLY_AFTER))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
