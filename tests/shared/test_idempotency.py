"""One request, one effect."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from tests.shared.rig import Shed
from tests.shared.toolshed import lend

from dorpsplein.database import Transaction
from dorpsplein.errors import Conflict, Refused
from dorpsplein.idempotency import Once, forget_old, once, request_hash

TOOL = uuid4()
CALLER = uuid4()


class Lending:
    """Lends the tool, slowly; counts its runs."""

    def __init__(self, slow_s: float = 0) -> None:
        self.runs = 0
        self.slow_s = slow_s

    async def __call__(self, tx: Transaction) -> dict[str, Any]:
        self.runs += 1
        return {"version": await lend(tx, TOOL, hold_s=self.slow_s)}


def asked(key: str | None = "k", body: bytes = b"{}") -> Once:
    return Once(CALLER, key, request_hash("POST", "/v1/loans", body))


async def test_the_same_request_answers_the_same_and_runs_once(shed: Shed) -> None:
    lending = Lending()
    answers = [await once(shed.db, asked(), 201, lending) for _ in range(3)]
    assert answers == [(201, {"version": 1})] * 3
    assert lending.runs == 1
    assert (await shed.fetch("select count(*) from outbox"))[0][0] == 1


async def test_another_body_under_the_key_is_refused_and_changes_nothing(shed: Shed) -> None:
    lending = Lending()
    await once(shed.db, asked(), 201, lending)
    with pytest.raises(Conflict) as fault:
        await once(shed.db, asked(body=b"[]"), 201, lending)
    assert fault.value.code == "idempotency-key-reused"
    assert lending.runs == 1


async def test_requests_at_the_same_moment_run_once_and_all_get_its_answer(shed: Shed) -> None:
    lending = Lending(slow_s=0.1)
    answers = await asyncio.gather(*(once(shed.db, asked(), 201, lending) for _ in range(5)))
    assert answers == [(201, {"version": 1})] * 5
    assert lending.runs == 1


async def test_a_refusal_is_not_kept(shed: Shed) -> None:
    async def refuse(_: Transaction) -> dict[str, Any]:
        raise Refused("tool-is-away")

    with pytest.raises(Refused):
        await once(shed.db, asked(), 201, refuse)
    assert await once(shed.db, asked(), 201, Lending()) == (201, {"version": 1})


async def test_another_caller_may_use_the_same_key(shed: Shed) -> None:
    lending = Lending()
    await once(shed.db, asked(), 201, lending)
    other = Once(uuid4(), "k", asked().request_hash)
    assert await once(shed.db, other, 201, lending) == (201, {"version": 2})


async def test_without_a_key_every_request_runs(shed: Shed) -> None:
    lending = Lending()
    for _ in range(2):
        await once(shed.db, asked(None), 201, lending)
    assert lending.runs == 2


async def test_keys_are_forgotten_after_two_days(shed: Shed) -> None:
    lending = Lending()
    await once(shed.db, asked("old"), 201, lending)
    await once(shed.db, asked("new"), 201, lending)
    await shed.fetch("update idempotency set at = now() - interval '49 hours' where key = 'old'")
    await forget_old(shed.db)
    assert [row["key"] for row in await shed.fetch("select key from idempotency")] == ["new"]
