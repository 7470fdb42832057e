"""The ledger: append-only, exact, never overdrawn, each hold resolved once; and the audit that would see otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding
from tests.support import running

from funding import commands, storage
from funding.app import SERVICE
from funding.commands.pledges import Pledging
from funding.domain import ledger
from funding.domain.ledger import EUR, Balance, Entries, Resolution, Transfer
from funding.domain.pledges import MakePledge
from funding.storage.ledger import Overdrawn

PARTY, POT, ESCROW = "party:gemeente", "pot:round:line", "escrow:initiative"
HOURS = "TIME/timmeren"


def transfer(debit: str, credit: str, amount: int, *, pending: bool = False, resource: str = EUR) -> Transfer:
    return Transfer(uuid4(), UUID(int=1), "match", resource, debit, credit, amount, pending)


def test_a_hold_counts_as_pending_until_it_is_posted_or_given_back():
    hold = transfer(POT, ESCROW, 70, pending=True)
    assert Entries([hold]).changes() == {
        (ESCROW, EUR): Balance(credits_pending=70),
        (POT, EUR): Balance(debits_pending=70),
    }
    assert Entries(resolutions=ledger.post([hold])).changes() == {
        (ESCROW, EUR): Balance(credits_pending=-70, credits_posted=70),
        (POT, EUR): Balance(debits_pending=-70, debits_posted=70),
    }
    for given_back in (ledger.void([hold]), ledger.void([hold], "expired")):
        assert Entries(resolutions=given_back).changes() == {
            (ESCROW, EUR): Balance(credits_pending=-70),
            (POT, EUR): Balance(debits_pending=-70),
        }


def test_what_is_not_posted_of_a_hold_returns():
    hold = transfer(POT, ESCROW, 70, pending=True)
    assert Entries(resolutions=[Resolution(hold, "posted", 50)]).changes() == {
        (ESCROW, EUR): Balance(credits_pending=-70, credits_posted=50),
        (POT, EUR): Balance(debits_pending=-70, debits_posted=50),
    }


def test_hours_are_never_added_to_euros():
    sums = Entries([transfer(PARTY, ESCROW, 60, resource=HOURS), transfer(PARTY, ESCROW, 70)]).changes()
    assert sums[ESCROW, HOURS] == Balance(credits_posted=60)
    assert sums[ESCROW, EUR] == Balance(credits_posted=70)


def test_the_same_step_of_a_group_is_the_same_transfer_and_another_step_or_account_another():
    made = ledger.transfer(UUID(int=1), "delivery", HOURS, ESCROW, "delivered:x", 60, step="one")
    assert made == ledger.transfer(UUID(int=1), "delivery", HOURS, ESCROW, "delivered:x", 60, step="one")
    others = [
        ledger.transfer(UUID(int=1), "delivery", HOURS, ESCROW, "delivered:x", 60, step="two"),
        ledger.transfer(UUID(int=1), "delivery", HOURS, ESCROW, "delivered:y", 60, step="one"),
        ledger.transfer(UUID(int=1), "return", HOURS, ESCROW, "delivered:x", 60, step="one"),
        ledger.transfer(UUID(int=2), "delivery", HOURS, ESCROW, "delivered:x", 60, step="one"),
    ]
    assert len({one.id for one in (made, *others)}) == 5
    more = ledger.transfer(UUID(int=1), "delivery", HOURS, ESCROW, "delivered:x", 61, step="one")
    assert more.id == made.id
    assert more.input_hash != made.input_hash


accounts = st.sampled_from([PARTY, POT, ESCROW, "party:anna"])
resources = st.sampled_from([EUR, HOURS, "SLOT/zaal"])
transfers = st.builds(transfer, accounts, accounts, st.integers(1, 10**12), pending=st.booleans(), resource=resources)
resolutions = st.builds(
    lambda one, part: Resolution(one, "posted" if part else "voided", one.amount * part // 4),
    transfers,
    st.integers(0, 4),
)


@given(st.lists(transfers), st.lists(resolutions))
def test_debits_equal_credits_in_every_resource_whatever_is_written(new: list[Transfer], resolved: list[Resolution]):
    sums = Entries(new, resolved).changes()
    for resource in {resource for _, resource in sums}:
        of = [balance for (_, one), balance in sums.items() if one == resource]
        assert sum(one.debits_pending - one.credits_pending for one in of) == 0
        assert sum(one.debits_posted - one.credits_posted for one in of) == 0
    assert list(sums) == sorted(sums)


@asynccontextmanager
async def written(funding: Funding) -> AsyncIterator[Any]:
    async with funding.runtime.database.transaction() as tx:
        yield tx


async def test_the_service_cannot_change_what_the_ledger_says(funding: Funding):
    for table, moment in (("accounts", "opened_at"), ("transfers", "at"), ("resolutions", "at")):
        for statement in (f"update {table} set {moment} = now()", f"delete from {table}", f"truncate {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await funding.rows(statement)


async def test_an_account_that_is_no_party_is_never_overdrawn(funding: Funding):
    async with written(funding) as tx:
        await storage.ledger.write(tx, Entries([transfer(PARTY, POT, 100)]), NOON)
        await storage.ledger.write(tx, Entries([transfer(POT, ESCROW, 60, pending=True)]), NOON)
    for pending in (True, False):
        with pytest.raises(Overdrawn):
            async with written(funding) as tx:
                await storage.ledger.write(tx, Entries([transfer(POT, ESCROW, 41, pending=pending)]), NOON)
    async with written(funding) as tx:
        await storage.ledger.write(tx, Entries([transfer(POT, ESCROW, 40, pending=True)]), NOON)
    assert await funding.rows("select count(*) from transfers") == [(3,)]


async def test_hours_in_an_account_are_no_euros_to_take_from_it(funding: Funding):
    async with written(funding) as tx:
        await storage.ledger.write(tx, Entries([transfer(PARTY, ESCROW, 100, resource=HOURS)]), NOON)
    with pytest.raises(Overdrawn):
        async with written(funding) as tx:
            await storage.ledger.write(tx, Entries([transfer(ESCROW, "delivered:x", 1)]), NOON)


async def test_a_hold_is_resolved_once_whoever_tries(funding: Funding):
    hold = transfer(PARTY, ESCROW, 100, pending=True)
    async with written(funding) as tx:
        await storage.ledger.write(tx, Entries([hold]), NOON)
        await storage.ledger.write(tx, Entries(resolutions=ledger.post([hold])), NOON)
    for again in (ledger.post([hold]), ledger.void([hold]), ledger.void([hold], "expired")):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with written(funding) as tx:
                await storage.ledger.write(tx, Entries(resolutions=again), NOON)
    assert await funding.rows("select credits_pending, credits_posted from balances where account = $1", ESCROW) == [
        (0, 100)
    ]


async def test_a_transfer_is_made_once_whatever_it_says_the_second_time(funding: Funding):
    made = transfer(PARTY, ESCROW, 100)
    async with written(funding) as tx:
        await storage.ledger.write(tx, Entries([made]), NOON)
    for again in (made, replace(made, amount=7)):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with written(funding) as tx:
                await storage.ledger.write(tx, Entries([again]), NOON)
    assert await funding.rows("select amount, input_hash from transfers") == [(100, made.input_hash)]


async def test_nothing_moves_when_a_pledge_is_refused_by_the_database(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    before = await funding.events()
    [(account,)] = await funding.rows("select account from balances where account like 'pot:%'")
    await funding.rows("update balances set debits_posted = credits_posted - 1 where account = $1 returning 1", account)
    await funding.rows("update pot_lines set account = 'pot:other' returning 1")
    await funding.rows("insert into balances values ('pot:other', 0, 0, 0, 10000, 'EUR/2')")
    pledge = MakePledge(uuid4(), uuid4(), UUID(initiative), UUID(round_id), EUR, 5_000, NOON)
    with pytest.raises(Overdrawn):
        await funding.runtime.database.grouped(commands.pledges.make_pledges, Pledging(pledge))
    assert await funding.events() == before
    assert await funding.rows("select count(*) from pledges") == [(0,)]


FAULTS = {
    "balance-differs-from-ledger": "update balances set credits_posted = 1 where account like 'escrow:%'",
    "account-unknown": "delete from accounts where id like 'escrow:%'",
    "account-overdrawn": "update transfers set amount = amount * 1000 where kind = 'match'",
    "debits-differ-from-credits": "update balances set debits_posted = debits_posted + 1 where account like 'party:%'",
    "resolved-but-no-hold": "insert into resolutions select id, 'voided', now(), 0 from transfers where not pending",
    "resolved-beyond-its-hold": "insert into resolutions select id, 'posted', now(), amount + 1 from transfers "
    "where pending",
    "promised-differs-from-ledger": "update promised set quantity = quantity + 1",
    "matched-differs-from-ledger": "update means set matched_cents = matched_cents + 1",
    "reserved-differs-from-ledger": "update means set reserved_cents = reserved_cents + 1",
    "donor-differs-from-ledger": "update round_donors set given_cents = given_cents + 1",
    "leaf-differs-from-ledger": "update transfers set kind = 'payout' where kind = 'pot-line'",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_audit_sees_what_an_owner_of_the_database_tampers_with(make_database: MakeDatabase, fault: str):
    urls = make_database("funding")
    async with running(SERVICE, urls) as there:
        funding = Funding(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: NOON)
        await funding.pledge(await funding.initiative(), 5_000, await funding.round(10_000))
        await funding.audit()
        owner = await asyncpg.connect(urls.migration)
        try:
            await owner.execute(FAULTS[fault])
        finally:
            await owner.close()
        answer = (await funding.post("/ledger/audit", by="otto")).json()
        assert not answer["balanced"]
        assert fault in {found["code"] for found in answer["faults"]}
        assert answer["faultCount"] >= len(answer["faults"]) > 0


async def test_the_last_audit_is_public_with_its_age(funding: Funding):
    assert (await funding.get("/ledger/audit")).json()["code"] == "not-audited-yet"
    await funding.pledge(await funding.initiative(), 5_000, await funding.round(10_000))
    made = await funding.audit()
    assert (made["transfers"], made["holds"], made["ageSeconds"]) == (3, 2, 0)
    assert made["resources"] == [
        {
            "resource": EUR,
            "debitsPending": 7_500,
            "debitsPosted": 10_000,
            "creditsPending": 7_500,
            "creditsPosted": 10_000,
        }
    ]
    funding.now += timedelta(seconds=90)
    assert (await funding.get("/ledger/audit")).json() == made | {"ageSeconds": 90}
