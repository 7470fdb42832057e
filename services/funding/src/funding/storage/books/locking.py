"""The books, locked and read in a few statements, however many commands they are for."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.books import Books
from funding.domain.means import Board, Means, Need
from funding.domain.resources import facility_of
from funding.domain.rounds import PotLine, Round
from funding.storage.facilities import withdrawn_of
from funding.storage.pledges import pledges_of
from funding.storage.quotes import quotes_of
from funding.storage.rounds import LOCK_ROUNDS, line_from, round_from

ENSURE_MEANS = """
    insert into means (initiative_id)
    select initiative_id from initiatives where initiative_id = any($1::uuid[]) order by initiative_id
    on conflict do nothing
"""
LOCK_MEANS = "select * from means where initiative_id = any($1::uuid[]) order by initiative_id for no key update"
READ = """
    select
        array(
            select row(initiative_id, status, needed_cents, initiators, theme, neighbourhood)
            from initiatives where initiative_id = any($1::uuid[])
        ) as initiatives,
        array(
            select row(initiative_id, resource, minimum, wished) from needs
            where initiative_id = any($1::uuid[]) order by resource
        ) as needs,
        array(
            select row(initiative_id, resource, quantity, pledges) from promised where initiative_id = any($1::uuid[])
        ) as promised,
        array(
            select row(
                p.round_id, p.id, p.cofinancier, p.amount_cents,
                b.credits_posted - b.debits_posted - b.debits_pending, p.themes, p.neighbourhoods,
                p.most_per_initiative
            )
            from pot_lines p join balances b on b.account = p.account and b.resource = 'EUR/2'
            where p.round_id = any($2::uuid[]) order by p.round_id, p.position
        ) as lines,
        array(
            select row(round_id, donor_id, given_cents) from round_donors
            where (round_id, donor_id) in (select * from unnest($3::uuid[], $4::uuid[]))
        ) as given
"""
LINE_GIVEN = """
    select pot_line_id, initiative_id, given_cents from pot_line_given
    where pot_line_id = any($1::uuid[]) and initiative_id = any($2::uuid[])
"""
DONORS = """
    select distinct initiative_id, pledger_id from pledges
    where initiative_id = any($1::uuid[]) and status in ('held', 'committed', 'delivered')
"""
RESERVED = """
    select round_id, pledger_id, count(*) as quotes from quotes
    where status = 'reserved' and (round_id, pledger_id) in (select * from unnest($1::uuid[], $2::uuid[])) group by 1, 2
"""


async def lock(
    tx: Transaction,
    rounds: Iterable[UUID],
    initiatives: Iterable[UUID],
    donors: Iterable[tuple[UUID, UUID]] = (),
    pledges: Iterable[UUID] = (),
    quotes: Iterable[UUID] = (),
    resources: Iterable[str] = (),
) -> Books:
    """Lock rounds and the means of initiatives, and read everything commands on them are decided on.

    What is not there is left out. `donors` are pairs of round and pledger; `pledges` and `quotes` are ids that may be
    known, `resources` what is about to be promised. Rounds are locked before means, each in sorted order.
    """
    places, wanted, ids = sorted(set(donors)), sorted(set(initiatives)), sorted(set(rounds))
    round_rows = await tx.fetch(LOCK_ROUNDS, ids) if ids else []
    standing = {row["initiative_id"]: row for row in await _lock_means(tx, wanted)}
    by_round, by_donor = [place[0] for place in places], [place[1] for place in places]
    read = await tx.fetchrow(READ, wanted, ids, by_round, by_donor)
    assert read is not None
    known, asked = list(pledges), list(quotes)
    books = Books(
        means=_means(read, standing),
        rounds=_rounds(read, round_rows),
        given={(round_id, donor): cents for round_id, donor, cents in read["given"]},
        pledges={pledge.id: pledge for pledge in await pledges_of(tx, known)} if known else {},
        quotes={quote.id: quote for quote in await quotes_of(tx, asked)} if asked else {},
    )
    await _read_what_rules_ask(tx, books, wanted)
    if facilities := {facility for resource in resources if (facility := facility_of(resource))}:
        books.withdrawn = await withdrawn_of(tx, facilities)
    if asked:
        rows = await tx.fetch(RESERVED, by_round, by_donor)
        books.reserved = {(row["round_id"], row["pledger_id"]): row["quotes"] for row in rows}
    return books


async def _lock_means(tx: Transaction, initiatives: Sequence[UUID]) -> list[Any]:
    """Lock the means of initiatives, in sorted order; those known for the first time get their row first."""
    rows = await tx.fetch(LOCK_MEANS, initiatives)
    if len(rows) < len(initiatives):
        await tx.execute(ENSURE_MEANS, initiatives)
        rows = await tx.fetch(LOCK_MEANS, initiatives)
    return rows


async def _read_what_rules_ask(tx: Transaction, books: Books, initiatives: Sequence[UUID]) -> None:
    capped = [line.id for one in books.rounds.values() for line in one.lines if line.most is not None]
    if capped:
        rows = await tx.fetch(LINE_GIVEN, capped, initiatives)
        books.line_given = {(row["pot_line_id"], row["initiative_id"]): row["given_cents"] for row in rows}
    if any(one.terms.rule.knobs().get("leastDonors", 0) for one in books.rounds.values()):
        for row in await tx.fetch(DONORS, initiatives):
            books.donors.setdefault(row["initiative_id"], set()).add(row["pledger_id"])


def _means(read: Any, standing: dict[UUID, Any]) -> dict[UUID, Means]:
    needs: dict[UUID, list[Need]] = {}
    pledged: dict[UUID, dict[str, int]] = {}
    pledges: dict[UUID, dict[str, int]] = {}
    for initiative, *need in read["needs"]:
        needs.setdefault(initiative, []).append(Need(*need))
    for initiative, resource, quantity, count in read["promised"]:
        pledged.setdefault(initiative, {})[resource] = quantity
        pledges.setdefault(initiative, {})[resource] = count
    return {
        initiative[0]: means_from(
            initiative,
            standing[initiative[0]],
            needs.get(initiative[0], ()),
            pledged.get(initiative[0], {}),
            pledges.get(initiative[0], {}),
        )
        for initiative in read["initiatives"]
        if initiative[0] in standing
    }


def means_from(
    initiative: Sequence[Any], row: Any, needs: Sequence[Need], pledged: dict[str, int], pledges: dict[str, int]
) -> Means:
    """What stands for an initiative (id, status, needed, initiators, theme, neighbourhood), as it is stored."""
    known, status, needed, initiators, theme, neighbourhood = initiative
    return Means(
        known,
        status,
        needed,
        tuple(initiators),
        theme,
        neighbourhood,
        board=Board(tuple(needs), row["all_or_nothing"], row["deadline"], row["top_up_days"]),
        pledged=pledged,
        pledges=pledges,
        matched=row["matched_cents"],
        reserved=row["reserved_cents"],
        reached_at=row["reached_at"],
        missed_at=row["missed_at"],
        top_up_until=row["top_up_until"],
        version=row["version"],
    )


def _rounds(read: Any, rows: Sequence[Any]) -> dict[UUID, Round]:
    lines: dict[UUID, list[PotLine]] = {}
    for round_id, *line in read["lines"]:
        lines.setdefault(round_id, []).append(line_from(line))
    return {row["id"]: round_from(row, lines.get(row["id"], ())) for row in rows}
