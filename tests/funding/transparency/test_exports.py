"""Open data: complete, without persons, and in constant memory however much there is."""

import asyncio
import csv
import gc
import io
import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import pytest
from tests.funding.conftest import NOON, Funding
from tests.funding.transparency.conftest import Log
from tests.support import person

from funding.api.exports import MOST_AT_ONCE, TURNS
from funding.domain.receipts import transfer_leaf
from funding.storage.exports import EXPORTS

ROWS = 200_000
LEAF = transfer_leaf(
    transfer_id=UUID(int=1),
    group=UUID(int=2),
    kind="pledge",
    resource="EUR/2",
    debit=f"party:{UUID(int=3)}",
    credit=f"escrow:{UUID(int=4)}",
    amount=500,
    pending=True,
    at=NOON,
    salt=b"salt",
)


async def fill(funding: Funding, rows: int) -> None:
    """Let a log have so many leaves that it does not matter what they say."""
    await funding.rows(
        "insert into log_entries (index, ref, leaf) select n, $2, $3 from generate_series(0, $1 - 1) as n", rows,
        UUID(int=1), LEAF,
    )  # fmt: skip


async def of(funding: Funding, name: str, form: str) -> list[dict[str, Any]]:
    answer = await funding.get(f"/exports/{name}", format=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.{form}"'
    if form == "csv":
        assert answer.headers["Content-Type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text), strict=True))
    assert answer.headers["Content-Type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


async def filled(funding: Funding, log: Log) -> dict[str, str]:
    """Two pledges, one of them matched by two pot lines and withdrawn; their ids, the initiative and the round."""
    initiative, round_id = await funding.initiative(), await funding.round(10_000, 10_000)
    first = await funding.pledge(initiative, 5_000, round_id)
    second = await funding.pledge(initiative, 700, by="piet")
    await funding.post(f"/pledges/{first['id']}/withdrawal", by="anna")
    await log.write()
    return {"first": first["id"], "second": second["id"], "initiative": initiative, "round": round_id}


async def test_every_export_says_the_same_in_both_forms_with_the_columns_it_is_described_by(funding: Funding, log: Log):
    await filled(funding, log)
    for name, export in EXPORTS.items():
        as_csv, as_json = await of(funding, name, "csv"), await of(funding, name, "jsonl")
        assert [list(row) for row in as_json] == [list(export.columns)] * len(as_json)
        assert as_csv == [{key: "" if value is None else str(value) for key, value in row.items()} for row in as_json]
        assert bool(as_json) == (name != "knob-changes"), name


async def test_transfers_are_those_of_the_ledger_with_what_became_of_them(funding: Funding, log: Log):
    made = await filled(funding, log)
    rows = await of(funding, "transfers", "jsonl")
    assert [row["index"] for row in rows] == sorted(row["index"] for row in rows)
    written = await funding.rows("select id::text, amount, kind from transfers")
    assert {(row["id"], row["amount"], row["kind"]) for row in rows} == set(written)
    assert all(isinstance(row["amount"], int) for row in rows)
    states = {(row["groupId"] == made["first"], row["kind"]): (row["status"], row["posted"]) for row in rows}
    assert states[True, "pledge"] == states[True, "match"] == ("voided", 0)
    assert states[False, "pledge"] == ("pending", 0)
    assert states[False, "pot-line"] == ("posted", 10_000)
    [voided] = [row for row in rows if row["status"] == "voided" and row["kind"] == "pledge"]
    assert voided["at"] == voided["resolvedAt"] == "2026-05-01T12:00:00.000000Z"


async def test_pledges_and_matches_are_those_that_were_made(funding: Funding, log: Log):
    made = await filled(funding, log)
    pledges = {row["id"]: row for row in await of(funding, "pledges", "jsonl")}
    assert {one: (pledges[made[one]]["quantity"], pledges[made[one]]["status"]) for one in ("first", "second")} == {
        "first": (5_000, "withdrawn"),
        "second": (700, "held"),
    }
    shown = (await funding.get(f"/pledges/{made['first']}")).json()["match"]
    assert pledges[made["first"]]["ruleVersion"] == shown["ruleVersion"]
    matches = await of(funding, "matches", "jsonl")
    assert {row["potLineId"]: row["amountCents"] for row in matches} == {
        one["potLineId"]: one["amountCents"] for one in shown["matchedBy"]
    }
    assert {(row["pledgeId"], row["initiativeId"], row["roundId"]) for row in matches} == {
        (made["first"], made["initiative"], made["round"])
    }


async def test_no_person_is_in_any_export(funding: Funding, log: Log):
    await filled(funding, log)
    everyone = [str(person(name)) for name in ("anna", "piet", "chris", "otto", "bram")]
    for name in EXPORTS:
        for form in ("csv", "jsonl"):
            text = (await funding.get(f"/exports/{name}", format=form)).text
            assert [one for one in everyone if one in text] == [], name


async def test_every_column_is_described_where_the_api_is(funding: Funding):
    described = (await funding.get("/openapi.json")).json()["paths"]["/exports/{name}"]["get"]
    for name, export in EXPORTS.items():
        assert f"**{name}**" in described["description"]
        assert all(f"`{column}`" in described["description"] for column in export.columns)
    [name_of] = [one for one in described["parameters"] if one["in"] == "path"]
    assert name_of["schema"]["enum"] == list(EXPORTS)


async def test_what_is_not_there_is_refused(funding: Funding):
    unknown = await funding.get("/exports/persons")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "export-unknown")
    assert (await funding.get("/exports/pledges", format="xlsx")).status_code == 400


async def test_an_empty_export_is_its_heading_alone(funding: Funding):
    assert (await funding.get("/exports/pledges")).text == ",".join(EXPORTS["pledges"].columns) + "\r\n"
    assert (await funding.get("/exports/pledges", format="jsonl")).text == ""


class Reader:
    """Speaks to the application as a server does, and keeps nothing of what it reads but its length."""

    def __init__(self, funding: Funding, path: str, **query: str) -> None:
        self.app = funding.client._transport.app  # type: ignore[attr-defined]
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": f"/v1{path}",
            "raw_path": f"/v1{path}".encode(),
            "query_string": urlencode(query).encode(),
            "root_path": "",
            "headers": [(b"host", b"service.test")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.status = self.size = self.lines = self.pieces = self.most_memory = 0
        self.gone = asyncio.Event()
        self.began = asyncio.Event()
        self.pause: asyncio.Event | None = None
        self._asked = False

    async def read(self) -> None:
        await self.app(self.scope, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        body = message.get("body", b"")
        self.size += len(body)
        self.lines += body.count(b"\n")
        if self.pieces % 20 == 0:
            self.most_memory = max(self.most_memory, psutil.Process().memory_info().rss)
        self.pieces += 1
        self.began.set()
        if self.pause is not None:
            await self.pause.wait()


async def test_two_hundred_thousand_rows_are_streamed_in_constant_memory(funding: Funding):
    await fill(funding, ROWS)
    for form in ("csv", "jsonl"):
        await Reader(funding, "/exports/pledges", format=form).read()
        gc.collect()
        before = psutil.Process().memory_info().rss
        reader = Reader(funding, "/exports/transfers", format=form)
        await reader.read()
        assert reader.status == 200
        assert reader.lines == ROWS + (form == "csv")
        assert reader.size > 45_000_000
        assert reader.pieces > 300
        assert reader.most_memory - before < 20_000_000, f"{reader.most_memory - before:,} of {reader.size:,} bytes"


async def test_a_reader_who_goes_away_gives_its_turn_and_connection_back(funding: Funding):
    await fill(funding, 20_000)
    readers = [Reader(funding, "/exports/transfers") for _ in range(MOST_AT_ONCE)]
    reading = []
    for reader in readers:
        reader.pause = asyncio.Event()
        reading.append(asyncio.create_task(reader.read()))
        await asyncio.wait_for(reader.began.wait(), 10)
    refused = await funding.get("/exports/transfers")
    assert (refused.status_code, refused.json()["code"]) == (503, "not-available")
    assert refused.headers["Retry-After"]
    assert TURNS.left == 0
    for reader in readers:
        reader.gone.set()
    await asyncio.wait_for(asyncio.gather(*reading, return_exceptions=True), 10)
    assert TURNS.left == MOST_AT_ONCE
    assert (await funding.get("/exports/transfers")).text.count("\r\n") == 20_001
    open_cursors = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
    assert await funding.rows(open_cursors) == [(0,)]


async def test_a_fault_before_the_first_row_is_a_problem_and_not_half_an_answer(
    funding: Funding, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as away:
        away.setattr(funding.runtime.database, "_pool", None)
        answer = await funding.get("/exports/pledges")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-available")
    assert TURNS.left == MOST_AT_ONCE
