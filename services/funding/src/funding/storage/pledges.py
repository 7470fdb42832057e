"""Pledges, and what is locked and read to decide on them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.pledges import Books, Match, Means, Pledge
from funding.domain.rounds import PotLine
from funding.domain.rules import Allocation, Reason
from funding.storage.rounds import LOCK_ROUNDS, round_from

ENSURE_MEANS = """
    insert into means (initiative_id)
    select initiative_id from initiatives where initiative_id = any($1::uuid[]) order by initiative_id
    on conflict do nothing
"""
LOCK_MEANS = "select * from means where initiative_id = any($1::uuid[]) order by initiative_id for no key update"
READ = """
    select
        array(
            select row(initiative_id, status, needed_cents) from initiatives where initiative_id = any($1::uuid[])
        ) as initiatives,
        array(
            select row(
                p.round_id, p.id, p.cofinancier, p.amount_cents,
                b.credits_posted - b.debits_posted - b.debits_pending
            )
            from pot_lines p join balances b using (account)
            where p.round_id = any($2::uuid[]) order by p.round_id, p.position
        ) as lines,
        array(
            select row(round_id, donor_id, given_cents) from round_donors
            where (round_id, donor_id) in (select * from unnest($3::uuid[], $4::uuid[]))
        ) as given
"""
PLEDGES = "select * from pledges where id = any($1::uuid[])"
HELD = "select * from pledges where initiative_id = any($1::uuid[]) and status = 'held' order by id"
BOOKS = """
    stands as (
        update means m set
            pledged_cents = n.pledged, matched_cents = n.matched, pledges = n.pledges, reached_at = n.reached_at
        from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
            as n(id, pledged, matched, pledges, reached_at)
        where m.initiative_id = n.id
    ), given as (
        insert into round_donors select * from unnest($6::uuid[], $7::uuid[], $8::bigint[])
        on conflict (round_id, donor_id) do update set given_cents = excluded.given_cents
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[])
"""
ADD = f"""
    with added as (
        insert into pledges (
            id, pledger_id, initiative_id, round_id, amount_cents, made_at, status, version, match
        )
        select * from unnest(
            $14::uuid[], $15::uuid[], $16::uuid[], $17::uuid[], $18::bigint[], $19::timestamptz[], $20::text[],
            $21::bigint[], $22::jsonb[]
        )
    ), {BOOKS}
"""  # noqa: S608
CHANGE = f"""
    with changed as (
        update pledges p set status = n.status, version = n.version
        from unnest($14::uuid[], $15::text[], $16::bigint[]) as n(id, status, version) where p.id = n.id
    ), {BOOKS}
"""  # noqa: S608


async def lock(
    tx: Transaction,
    rounds: Iterable[UUID],
    initiatives: Iterable[UUID],
    donors: Iterable[tuple[UUID, UUID]],
    pledges: Iterable[UUID] = (),
) -> Books:
    """Lock rounds and the means of initiatives, and read everything pledges in them are decided on.

    What is not there is left out. `donors` are pairs of round and pledger; `pledges` are ids that may be known.
    """
    places, wanted, ids = sorted(set(donors)), sorted(set(initiatives)), list(set(rounds))
    round_rows = await tx.fetch(LOCK_ROUNDS, ids) if ids else []
    standing = {row["initiative_id"]: row for row in await lock_means(tx, wanted)}
    read = await tx.fetchrow(READ, wanted, ids, [place[0] for place in places], [place[1] for place in places])
    assert read is not None
    lines: dict[UUID, list[PotLine]] = {}
    for round_id, *line in read["lines"]:
        lines.setdefault(round_id, []).append(PotLine(*line))
    known = list(pledges)
    return Books(
        means={row[0]: means_from(row, standing[row[0]]) for row in read["initiatives"] if row[0] in standing},
        rounds={row["id"]: round_from(row, lines.get(row["id"], ())) for row in round_rows},
        given={(round_id, donor): cents for round_id, donor, cents in read["given"]},
        pledges={pledge.id: pledge for pledge in await pledges_of(tx, known)} if known else {},
    )


async def lock_means(tx: Transaction, initiatives: Sequence[UUID]) -> list[Any]:
    """Lock the means of initiatives, in sorted order; those known for the first time get their row first."""
    rows = await tx.fetch(LOCK_MEANS, initiatives)
    if len(rows) < len(initiatives):
        await tx.execute(ENSURE_MEANS, initiatives)
        rows = await tx.fetch(LOCK_MEANS, initiatives)
    return rows


async def add(tx: Transaction, books: Books, made: Sequence[Pledge], facts: Sequence[Fact]) -> None:
    """Keep new pledges, what the books say of their initiatives and pledgers, and the facts."""
    await tx.execute(
        ADD,
        *_books(books, made),
        *tx.outbox(facts),
        [pledge.id for pledge in made],
        [pledge.pledger for pledge in made],
        [pledge.initiative for pledge in made],
        [pledge.round for pledge in made],
        [pledge.cents for pledge in made],
        [pledge.made_at for pledge in made],
        [pledge.status for pledge in made],
        [pledge.version for pledge in made],
        [_match_json(pledge.match) for pledge in made],
    )


async def change(tx: Transaction, books: Books, changed: Sequence[Pledge], facts: Sequence[Fact]) -> None:
    """Keep the new status of pledges, what the books say of their initiatives and pledgers, and the facts."""
    await tx.execute(
        CHANGE,
        *_books(books, changed),
        *tx.outbox(facts),
        [pledge.id for pledge in changed],
        [pledge.status for pledge in changed],
        [pledge.version for pledge in changed],
    )


def _books(books: Books, touched: Sequence[Pledge]) -> list[list[Any]]:
    means = [books.means[initiative] for initiative in dict.fromkeys(pledge.initiative for pledge in touched)]
    places = [
        place
        for place in dict.fromkeys((pledge.round, pledge.pledger) for pledge in touched if pledge.round)
        if place in books.given
    ]
    return [
        [one.initiative for one in means],
        [one.pledged for one in means],
        [one.matched for one in means],
        [one.pledges for one in means],
        [one.reached_at for one in means],
        [round_id for round_id, _ in places],
        [donor for _, donor in places],
        [books.given[place] for place in places],
    ]


async def pledges_of(tx: Transaction, ids: Sequence[UUID]) -> list[Pledge]:
    """The pledges with these ids; what is not there is left out."""
    return [pledge_from(row) for row in await tx.fetch(PLEDGES, ids)]


async def held(tx: Transaction, initiatives: Sequence[UUID]) -> list[Pledge]:
    """The pledges that are held for initiatives."""
    return [pledge_from(row) for row in await tx.fetch(HELD, initiatives)]


def means_from(initiative: tuple[UUID, str, int], row: Any) -> Means:
    """What stands for an initiative (id, status, needed), as it is stored."""
    return Means(*initiative, row["pledged_cents"], row["matched_cents"], row["pledges"], row["reached_at"])


def pledge_from(row: Any) -> Pledge:
    """A pledge as it is stored."""
    return Pledge(
        id=row["id"],
        pledger=row["pledger_id"],
        initiative=row["initiative_id"],
        round=row["round_id"],
        cents=row["amount_cents"],
        made_at=row["made_at"],
        status=row["status"],
        version=row["version"],
        match=_match_from(row["match"]),
    )


def _match_json(match: Match | None) -> str | None:
    if match is None:
        return None
    allocation = match.allocation
    return json.dumps(
        {
            "cents": allocation.cents,
            "by": [(str(line), cents) for line, cents in allocation.by],
            "reasons": [(r.code, r.cents, str(r.pot_line) if r.pot_line else None) for r in allocation.reasons],
            "ruleVersion": match.rule_version,
            "inputDigest": match.input_digest,
        }
    )


def _match_from(text: str | None) -> Match | None:
    if text is None:
        return None
    stored = json.loads(text)
    allocation = Allocation(
        stored["cents"],
        tuple((UUID(line), cents) for line, cents in stored["by"]),
        tuple(Reason(code, cents, UUID(line) if line else None) for code, cents, line in stored["reasons"]),
    )
    return Match(allocation, stored["ruleVersion"], stored["inputDigest"])
