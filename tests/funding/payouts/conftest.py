"""A funding service that pays from an account of its own, with what treasurers and initiators do there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response
from tests.conftest import MakeDatabase
from tests.funding.conftest import Funding
from tests.funding.payouts.statements import OURS
from tests.support import login, person, running

from dorpsplein.contracts.initiatives.initiatives import InitiativeProposed
from funding.app import SERVICE

DEBTOR = {"debtor_name": "Gemeente Dorp", "debtor_iban": OURS, "debtor_bic": "ABNANL2A"}
ACCOUNT = {"iban": "NL20INGB0001234567", "name": "Stichting De Buurttuin"}


@dataclass
class Bank:
    """The service as treasurer Theo and initiator Anna speak to it."""

    funding: Funding

    async def initiative(self, needed: int = 0) -> str:
        """An initiative of Anna's; its id."""
        initiative = uuid4()
        event = InitiativeProposed(
            initiative_id=initiative,
            initiator_id=person("anna"),
            theme="groen",
            means_needed_cents=needed,
            threshold=5,
        )
        await self.funding.hear((event, 1))
        return str(initiative)

    async def funded(self, cents: int, *, account: bool = True) -> str:
        """An initiative that reached its goal of so many cents, with a bank account unless it is left out."""
        initiative = await self.initiative(cents)
        await self.funding.pledge(initiative, cents, by="boris")
        if account:
            answer = await self.put_account(initiative)
            assert answer.status_code == 200, answer.text
        return initiative

    async def put_account(self, initiative: str, *, by: str = "anna", **other: Any) -> Response:
        path = f"/initiatives/{initiative}/bank-account"
        return await self.funding.client.put(path, json=ACCOUNT | other, headers=login(by))

    async def delete_account(self, initiative: str, *, by: str = "anna") -> Response:
        return await self.funding.client.delete(f"/initiatives/{initiative}/bank-account", headers=login(by))

    async def get(self, path: str, *, by: str = "theo", **query: Any) -> Response:
        return await self.funding.client.get(path, params=query, headers=login(by))

    async def order(self, initiative: str, cents: int | None = None, **other: Any) -> Response:
        amount: dict[str, Any] = {"all": True} if cents is None else {"amountCents": cents}
        return await self.funding.post("/payouts", {"initiativeId": initiative} | amount | other, by="theo")

    async def batch(self, day: str = "2026-05-02", **other: Any) -> Response:
        return await self.funding.post("/payout-batches", {"executionDate": day} | other, by="theo")

    async def sent(self, cents: int = 10_000) -> tuple[str, UUID]:
        """An initiative, and a pay-out to it of all it has that is in a file for the bank."""
        initiative = await self.funded(cents)
        payout = (await self.order(initiative)).json()["id"]
        assert (await self.batch()).status_code == 201
        return initiative, UUID(payout)

    async def take_in(self, content: bytes, *, by: str = "theo") -> Response:
        headers = login(by) | {"Content-Type": "application/xml"}
        return await self.funding.client.post("/bank-statements", content=content, headers=headers)

    async def balance(self, account: str) -> tuple[int, int]:
        """What stands on an account in euros, and what of it is held to leave."""
        rows = await self.funding.rows(
            "select credits_posted - debits_posted, debits_pending from balances"
            " where account = $1 and resource = 'EUR/2'",
            account,
        )
        return rows[0] if rows else (0, 0)

    async def status(self, payout: UUID) -> str:
        status: str = (await self.get(f"/payouts/{payout}")).json()["status"]
        return status


@pytest.fixture
async def bank(make_database: MakeDatabase) -> AsyncIterator[Bank]:
    async with running(SERVICE, make_database("funding"), settings=DEBTOR) as there:
        service = Funding(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: service.now)
        yield Bank(service)
