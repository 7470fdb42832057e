"""What was decided on the books, written in a few statements, however many commands decided it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dorpsplein.database import Transaction
from funding.domain.books import Books
from funding.domain.pledges import Pledge
from funding.domain.quotes import Quote
from funding.domain.resources import facility_of
from funding.storage import ledger
from funding.storage.grants import keep_grants
from funding.storage.pledges import match_json

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
