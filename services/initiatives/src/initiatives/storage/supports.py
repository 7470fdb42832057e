"""Where supports stand, and their counts."""

from collections.abc import Sequence, Set
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.initiative import Status
from initiatives.domain.support import Support

LOCK = """
    with known as (
        select id, supporter_id, given, sequence, changed_at from supports
        where id = any($1::uuid[]) order by id for update
    )
    select w.id, w.initiative_id, w.supporter_id, i.status, k.given, k.sequence, k.changed_at
    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w(id, initiative_id, supporter_id)
    left join initiatives i on i.id = w.initiative_id
    left join known k on k.id = w.id
"""
SAVE = """
    with changed as (
        select * from unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::boolean[], $10::bigint[], $11::timestamptz[],
            $12::boolean[]) as c(id, initiative_id, supporter_id, given, sequence, changed_at, is_new)
    ), added as (
        insert into supports (id, initiative_id, supporter_id, given, sequence, changed_at)
        select id, initiative_id, supporter_id, given, sequence, changed_at from changed where is_new order by id
        on conflict (id) do nothing returning id
    ), updated as (
        update supports s set given = c.given, sequence = c.sequence, changed_at = c.changed_at
        from changed c where s.id = c.id and not c.is_new returning s.id
    ), saved as (
        select id from added union all select id from updated
    ), told as (
        insert into outbox (shard, topic, key, headers, body)
        select o.shard, o.topic, o.key, o.headers, o.body
        from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[]) with ordinality
            as o(shard, topic, key, headers, body, place)
        join saved on saved.id = o.key::uuid
        order by o.place
    )
    select id from saved
"""
COUNTS = "select initiative_id, supports from support_counts where initiative_id = any($1::uuid[])"


async def lock(tx: Transaction, supports: Sequence[Support]) -> dict[UUID, tuple[Status | None, Support]]:
    """Supports by id as they stand, those that exist locked, each with the status of its initiative.

    The status is read without a lock: a support that passes a withdrawal on the way counts as given before it.
    """
    rows = await tx.fetch(
        LOCK,
        [support.id for support in supports],
        [support.initiative_id for support in supports],
        [support.supporter_id for support in supports],
    )
    return {
        row["id"]: (
            None if row["status"] is None else Status(row["status"]),
            Support(
                row["id"],
                row["initiative_id"],
                row["supporter_id"],
                given=bool(row["given"]),
                sequence=row["sequence"] or 0,
                at=row["changed_at"],
            ),
        )
        for row in rows
    }


async def save(tx: Transaction, changed: Sequence[Support], new: Set[UUID], facts: Sequence[Fact]) -> set[UUID]:
    """Store supports, some of them new, with their facts; returns the ids of those that were stored.

    A new one that somebody else stored in the meantime is not, and neither are its facts.
    """
    rows = await tx.fetch(
        SAVE,
        *tx.outbox(facts),
        [support.id for support in changed],
        [support.initiative_id for support in changed],
        [support.supporter_id for support in changed],
        [support.given for support in changed],
        [support.sequence for support in changed],
        [support.at for support in changed],
        [support.id in new for support in changed],
    )
    return {row["id"] for row in rows}


async def counts(tx: Transaction, initiative_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many support each initiative, by the service's own projection; those nobody supports are left out."""
    return {row["initiative_id"]: row["supports"] for row in await tx.fetch(COUNTS, initiative_ids)}
