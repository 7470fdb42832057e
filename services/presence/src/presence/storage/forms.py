"""The catalogue of working forms in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.forms import Description, Form, FormStatus

ADD = """
    with saved as (
        insert into working_forms (id, code, name, name_en, what_for, minutes, least_people, most_people, materials)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (code) do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($10::smallint[], $11::text[], $12::text[], $13::text[], $14::bytea[]) as fact, saved
    )
    select id from saved
"""
ID_OF = "select id from working_forms where code = $1"
STATUS_OF = "select status from working_forms where code = $1"
ONE = "select * from working_forms where id = $1"
LOCK = "select * from working_forms where id = $1 for update"
LOCK_UNTOLD = "select * from working_forms where id = any($1::uuid[]) and not announced order by id for update"
SAVE = """
    with saved as (
        update working_forms
        set name = $2, name_en = $3, what_for = $4, minutes = $5, least_people = $6, most_people = $7, materials = $8,
            status = $9, version = $10, announced = true
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($11::smallint[], $12::text[], $13::text[], $14::text[], $15::bytea[])
"""
TOLD = """
    with saved as (
        update working_forms set announced = true where id = any($1::uuid[])
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($2::smallint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
"""
BY_NAME = """
    select * from working_forms
    where status = 'in-use'
      and ($1::int is null or $1 between least_people and most_people)
      and ($2::int is null or minutes <= $2)
      and ($3::uuid is null or (name, id) > (select name, id from working_forms where id = $3))
    order by name, id limit $4
"""


async def add(tx: Transaction, form: Form, facts: Sequence[Fact]) -> bool:
    """Add a form with its facts; False, and nothing done, where its code is taken."""
    return bool(await tx.fetchval(ADD, form.id, form.code, *_described(form), *tx.outbox(facts)))


async def id_of(tx: Transaction, code: str) -> UUID:
    """The id of the form with this code."""
    found: UUID = await tx.fetchval(ID_OF, code)
    return found


async def status_of(tx: Transaction, code: str) -> FormStatus | None:
    """The status of the form with this code; None where there is none."""
    status = await tx.fetchval(STATUS_OF, code)
    return None if status is None else FormStatus(status)


async def one(tx: Transaction, form_id: UUID) -> Form | None:
    """A form, if it is there."""
    row = await tx.fetchrow(ONE, form_id)
    return None if row is None else form_of(row)


async def lock(tx: Transaction, form_id: UUID) -> Form | None:
    """A form, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, form_id)
    return None if row is None else form_of(row)


async def lock_untold(tx: Transaction, form_ids: Sequence[UUID]) -> list[Form]:
    """Those of these forms that nobody was told of yet, locked until the transaction ends."""
    return [form_of(row) for row in await tx.fetch(LOCK_UNTOLD, form_ids)]


async def save(tx: Transaction, form: Form, facts: Sequence[Fact]) -> None:
    """Save a locked form with its facts; from then on others were told of it."""
    await tx.execute(SAVE, form.id, *_described(form), form.status, form.version, *tx.outbox(facts))


async def told(tx: Transaction, forms: Sequence[Form], facts: Sequence[Fact]) -> None:
    """Keep that others were told of these locked forms, and tell them."""
    await tx.execute(TOLD, [form.id for form in forms], *tx.outbox(facts))


async def by_name(
    tx: Transaction, *, people: int | None, minutes: int | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Forms in use by name: for so many people, in at most so many minutes."""
    return await tx.fetch(BY_NAME, people, minutes, after, limit)


def form_of(row: asyncpg.Record) -> Form:
    """The form a row holds."""
    description = Description(
        name=row["name"],
        what_for=row["what_for"],
        minutes=row["minutes"],
        least_people=row["least_people"],
        most_people=row["most_people"],
        name_en=row["name_en"],
        materials=tuple(row["materials"]),
    )
    return Form(row["id"], row["code"], description, FormStatus(row["status"]), row["announced"], row["version"])


def _described(form: Form) -> tuple[object, ...]:
    it = form.description
    return it.name, it.name_en, it.what_for, it.minutes, it.least_people, it.most_people, list(it.materials)
