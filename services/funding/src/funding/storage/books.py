"""The books in the database: locked and read in a few statements, written in a few more, however many commands."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.books import Books
from funding.domain.means import Board, Means, Need
from funding.domain.pledges import Pledge
from funding.domain.quotes import Quote
from funding.domain.resources import facility_of
from funding.domain.rounds import PotLine, Round
from funding.storage import ledger
from funding.storage.grants import keep_grants
from funding.storage.pledges import match_json, pledges_of
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
            select row(initiative_id, status, needed_cents, initiator_id, theme, neighbourhood)
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
WRITE = """
    with stands as (
        update means m set
            matched_cents = n.matched, reserved_cents = n.reserved, reached_at = n.reached_at,
            missed_at = n.missed_at, top_up_until = n.top_up_until, version = n.version
        from unnest(
            $1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
            $7::bigint[]
        ) as n(id, matched, reserved, reached_at, missed_at, top_up_until, version)
        where m.initiative_id = n.id
    ), promised_now as (
        insert into promised (initiative_id, resource, quantity, pledges)
        select * from unnest($8::uuid[], $9::text[], $10::bigint[], $11::bigint[])
        on conflict (initiative_id, resource) do update
            set quantity = excluded.quantity, pledges = excluded.pledges
    ), given as (
        insert into round_donors (round_id, donor_id, given_cents)
        select * from unnest($12::uuid[], $13::uuid[], $14::bigint[])
        on conflict (round_id, donor_id) do update set given_cents = excluded.given_cents
    ), made as (
        insert into pledges (
            id, pledger_id, initiative_id, round_id, resource, quantity, made_at, status, version, match, starts_at,
            ends_at, quote_id
        )
        select * from unnest(
            $15::uuid[], $16::uuid[], $17::uuid[], $18::uuid[], $19::text[], $20::bigint[], $21::timestamptz[],
            $22::text[], $23::bigint[], $24::jsonb[], $25::timestamptz[], $26::timestamptz[], $27::uuid[]
        )
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($28::smallint[], $29::text[], $30::text[], $31::text[], $32::bytea[])
"""
CHANGE_PLEDGES = """
    with changed as (
        update pledges p set
            status = n.status, version = n.version, delivered = n.delivered, gone = n.gone, match = n.match,
            match_gone = n.match_gone
        from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::jsonb[], $7::bigint[])
            as n(id, status, version, delivered, gone, match, match_gone)
        where p.id = n.id
        returning p.id, p.status
    )
    delete from slots where pledge_id in (
        select id from changed where status not in ('held', 'committed', 'delivered')
    )
"""
TAKE_SLOTS = """
    insert into slots (pledge_id, facility, during)
    select id, facility, tstzrange(starts_at, ends_at)
    from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as s(id, facility, starts_at, ends_at)
"""
KEEP_QUOTES = """
    insert into quotes (
        id, pledger_id, initiative_id, round_id, resource, quantity, match, quoted_at, expires_at, status, pledge_id
    )
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::jsonb[], $8::timestamptz[],
        $9::timestamptz[], $10::text[], $11::uuid[]
    )
"""
CHANGE_QUOTES = """
    update quotes q set status = n.status, pledge_id = n.pledge_id
    from unnest($1::uuid[], $2::text[], $3::uuid[]) as n(id, status, pledge_id) where q.id = n.id
"""
KEEP_LINE_GIVEN = """
    insert into pot_line_given select * from unnest($1::uuid[], $2::uuid[], $3::bigint[])
    on conflict (pot_line_id, initiative_id) do update set given_cents = excluded.given_cents
"""


async def lock(
    tx: Transaction,
    rounds: Iterable[UUID],
    initiatives: Iterable[UUID],
    donors: Iterable[tuple[UUID, UUID]] = (),
    pledges: Iterable[UUID] = (),
    quotes: Iterable[UUID] = (),
) -> Books:
    """Lock rounds and the means of initiatives, and read everything commands on them are decided on.

    What is not there is left out. `donors` are pairs of round and pledger; `pledges` and `quotes` are ids that may be
    known. Rounds are locked before means, each in sorted order.
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
    """What stands for an initiative (id, status, needed, initiator, theme, neighbourhood), as it is stored."""
    known, status, needed, initiator, theme, neighbourhood = initiative
    return Means(
        known,
        status,
        needed,
        initiator,
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


async def write(tx: Transaction, books: Books, at: datetime) -> None:
    """Keep what was decided: ledger, state and facts. Nothing is written where nothing was decided.

    Raises what `ledger.write` raises, UniqueViolationError for an id that another transaction took meanwhile, and
    ExclusionViolationError for a slot that is taken.
    """
    if not books.facts:
        return
    await ledger.write(tx, books.entries, at)
    made = [books.pledges[one] for one in books.made]
    await tx.execute(WRITE, *_standing(books), *_made(made), *tx.outbox(books.facts))
    await _write_slots(tx, [pledge for pledge in made if pledge.slot])
    changed = [books.pledges[one] for kind, one in books.touched if kind == "pledge" and one not in books.made]
    if changed:
        await tx.execute(CHANGE_PLEDGES, *_changed(changed))
    if books.asked:
        await tx.execute(KEEP_QUOTES, *_quotes(list(books.asked.values())))
    if quotes := [books.quotes[one] for kind, one in books.touched if kind == "quote"]:
        await tx.execute(
            CHANGE_QUOTES,
            [quote.id for quote in quotes],
            [quote.status for quote in quotes],
            [quote.pledge for quote in quotes],
        )
    if granted := [books.grants[one] for kind, one in books.touched if kind == "grant"]:
        await keep_grants(tx, granted)
    if books.line_given:
        lines, initiatives = zip(*books.line_given, strict=True)
        await tx.execute(KEEP_LINE_GIVEN, lines, initiatives, list(books.line_given.values()))


def _standing(books: Books) -> list[list[Any]]:
    means = [books.means[one] for kind, one in books.touched if kind == "means"]
    promised = [(one, resource) for one in means for resource in one.pledged]
    return [
        [one.initiative for one in means],
        [one.matched for one in means],
        [one.reserved for one in means],
        [one.reached_at for one in means],
        [one.missed_at for one in means],
        [one.top_up_until for one in means],
        [one.version for one in means],
        [one.initiative for one, _ in promised],
        [resource for _, resource in promised],
        [one.pledged[resource] for one, resource in promised],
        [one.pledges.get(resource, 0) for one, resource in promised],
        [round_id for round_id, _ in books.given],
        [donor for _, donor in books.given],
        list(books.given.values()),
    ]


def _made(made: Sequence[Pledge]) -> list[list[Any]]:
    return [
        [pledge.id for pledge in made],
        [pledge.pledger for pledge in made],
        [pledge.initiative for pledge in made],
        [pledge.round for pledge in made],
        [pledge.resource for pledge in made],
        [pledge.quantity for pledge in made],
        [pledge.made_at for pledge in made],
        [pledge.status for pledge in made],
        [pledge.version for pledge in made],
        [match_json(pledge.match) for pledge in made],
        [pledge.slot.starts_at if pledge.slot else None for pledge in made],
        [pledge.slot.ends_at if pledge.slot else None for pledge in made],
        [pledge.quote for pledge in made],
    ]


async def _write_slots(tx: Transaction, made: Sequence[Pledge]) -> None:
    taken = [(pledge.id, facility_of(pledge.resource), pledge.slot) for pledge in made if pledge.slot]
    if taken:
        await tx.execute(
            TAKE_SLOTS,
            [pledge for pledge, _, _ in taken],
            [facility for _, facility, _ in taken],
            [slot.starts_at for _, _, slot in taken],
            [slot.ends_at for _, _, slot in taken],
        )


def _changed(changed: Sequence[Pledge]) -> list[list[Any]]:
    return [
        [pledge.id for pledge in changed],
        [pledge.status for pledge in changed],
        [pledge.version for pledge in changed],
        [pledge.delivered for pledge in changed],
        [pledge.gone for pledge in changed],
        [match_json(pledge.match) for pledge in changed],
        [sum(cents for _, cents in pledge.match.back) if pledge.match else 0 for pledge in changed],
    ]


def _quotes(kept: Sequence[Quote]) -> list[list[Any]]:
    return [
        [quote.id for quote in kept],
        [quote.pledger for quote in kept],
        [quote.initiative for quote in kept],
        [quote.round for quote in kept],
        [quote.resource for quote in kept],
        [quote.quantity for quote in kept],
        [match_json(quote.match) for quote in kept],
        [quote.quoted_at for quote in kept],
        [quote.expires_at for quote in kept],
        [quote.status for quote in kept],
        [quote.pledge for quote in kept],
    ]
