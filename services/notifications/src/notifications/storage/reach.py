"""Counting how far news came, and what was told of it."""

from collections.abc import Sequence

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from notifications.domain.reach import COUNTED, Reach

REACH_LOCK = 7_320_101
COUNT_FOR_DAYS = 5
"""Longer than anything is tried: mail is sent of news of two days, a sending is given up after 76 hours by default."""

TYPES = ", ".join(f"'{news.type}'" for news in COUNTED)
KIND = " ".join(f"when '{news.type}' then '{kind}'" for news, kind in COUNTED.items())
TAKE_TURN = "select pg_try_advisory_xact_lock($1)"
COUNT = f"""
    with recent as (
        select distinct subject, case type {KIND} end as kind from log
        where type in ({TYPES}) and time > now() - interval '{COUNT_FOR_DAYS} days'
    ), news as (
        select l.subject, l.position from recent r join log l on l.subject = r.subject and l.type in ({TYPES})
    ), mailed as (
        select n.subject, count(*) as mails, count(distinct m.person_id) as people
        from news n join feed f on f.log_position = n.position
        join mails m on m.feed_position = f.position and m.state = 'sent'
        group by n.subject
    ), delivered as (
        select n.subject, count(*) as deliveries
        from news n cross join subscriptions s cross join lateral (
            select from deliveries d
            where d.subscription_id = s.id and d.position = n.position and d.state = 'delivered' offset 0
        ) as d
        group by n.subject
    )
    select r.subject, r.kind, coalesce(m.people, 0) as people, coalesce(m.mails, 0) as mails,
        coalesce(d.deliveries, 0) as deliveries, coalesce(k.people, 0) as told_people,
        coalesce(k.mails, 0) as told_mails, coalesce(k.deliveries, 0) as told_deliveries,
        coalesce(k.version, 0) as version
    from recent r left join mailed m using (subject) left join delivered d using (subject)
    left join reach k on k.subject_id = r.subject
    order by r.subject
"""  # noqa: S608
"""The lateral part looks each delivery up by its key: of one subject there are few, of all there may be millions."""
SAVE = """
    with saved as (
        insert into reach (subject_id, version, people, mails, deliveries)
        select * from unnest($6::uuid[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) as r(id) order by id
        on conflict (subject_id) do update set
            version = excluded.version, people = excluded.people, mails = excluded.mails,
            deliveries = excluded.deliveries, measured_at = excluded.measured_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""


async def take_turn(tx: Transaction) -> bool:
    """Whether nobody else counts until the transaction ends."""
    return bool(await tx.fetchval(TAKE_TURN, REACH_LOCK))


async def counted(tx: Transaction) -> list[tuple[Reach, Reach]]:
    """Of each story and session with recent news: what was told of its reach, and what it is now."""
    return [
        (
            Reach(*subject, row["told_people"], row["told_mails"], row["told_deliveries"], row["version"]),
            Reach(*subject, row["people"], row["mails"], row["deliveries"]),
        )
        for row in await tx.fetch(COUNT)
        for subject in [(row["subject"], row["kind"])]
    ]


async def save(tx: Transaction, told: Sequence[Reach], facts: Sequence[Fact]) -> None:
    """Keep what is told now."""
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        [one.subject_id for one in told],
        [one.version for one in told],
        [one.people for one in told],
        [one.mails for one in told],
        [one.deliveries for one in told],
    )
