"""Elections over HTTP: brought in once, without their voters."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.funding.conftest import NOON, Funding, at_once
from tests.funding.counts.conftest import election, load, loaded, pabulib

from dorpsplein.contracts.funding.counts import ElectionLoaded
from funding import storage
from funding.domain import pabulib as files
from funding.domain.inputs import document_of

ASSEN = "Netherlands_Assen_2024.pb"


async def test_a_real_vote_is_brought_in_and_shown(funding: Funding, shared_data: Path):
    raw = pabulib(shared_data, ASSEN)
    answer = await load(funding, raw)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown["digest"] == hashlib.sha256(raw).hexdigest()
    assert (shown["unit"], shown["instance"], shown["currency"]) == ("Assen", "2024", "EUR")
    assert (shown["voters"], shown["candidates"], shown["budgetCents"]) == (84, 14, 10_000_000)
    assert shown["projects"][0] | {"theme": ""} == {
        "id": "3",
        "name": "PopUp Podium",
        "costCents": 720_000,
        "theme": "",
        "neighbourhood": "",
    }
    assert answer.headers["Location"] == f"/v1/elections/{shown['id']}"
    assert (await funding.get(f"/elections/{shown['id']}")).json() == shown
    [(event, version)] = await funding.events()
    assert isinstance(event, ElectionLoaded)
    assert (str(event.election_id), event.voters, event.candidates, version) == (shown["id"], 84, 14, 1)
    assert (event.digest, event.budget_cents) == (shown["digest"], 10_000_000)


async def test_a_vote_of_more_than_a_megabyte_is_brought_in(funding: Funding, shared_data: Path):
    raw = pabulib(shared_data, "Netherlands_Amsterdam_309.pb")
    assert len(raw) > 1_000_000
    assert (await load(funding, raw)).json()["voters"] == 14_411


async def test_a_file_of_more_than_sixteen_megabytes_is_not_read(funding: Funding):
    answer = await load(funding, b"x" * 16_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_what_rules_see_of_an_election_is_what_its_file_says(funding: Funding, shared_data: Path):
    raw = pabulib(shared_data, ASSEN)
    election_id = UUID(await loaded(funding, raw))
    async with funding.runtime.database.transaction() as tx:
        kept = await storage.elections.snapshot(tx, election_id)
        assert await storage.elections.latest(tx, 5) == [election_id]
        assert await storage.elections.snapshot(tx, UUID(int=1)) is None
    assert kept == files.snapshot(files.parse(raw, ASSEN))
    [(root,)] = await funding.rows("select input_root from elections")
    assert root == hashlib.sha256(document_of(kept).encode()).hexdigest()


async def test_like_ballots_are_kept_as_one_and_nothing_of_who_voted(funding: Funding):
    await loaded(funding, election("p1", "p2,p1", "p1", "p1,p2"))
    [(document,)] = await funding.rows("select document from count_inputs")
    assert sorted(json.loads(document)["ballots"], key=lambda ballot: len(ballot["points"])) == [
        {"points": [["p1", 1]], "voters": 2},
        {"points": [["p1", 1], ["p2", 1]], "voters": 2},
    ]
    for table in ("elections", "count_inputs", "outbox"):
        for row in await funding.rows(f"select * from {table}"):
            assert not [word for word in ("kiezer", "oud", "vrouw") if word in str(row)]


async def test_the_same_file_twice_is_one_election(funding: Funding):
    first, again = await load(funding, election("p1")), await load(funding, election("p1"), by="saar")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(await funding.events()) == 1
    assert await loaded(funding, election("p2")) != first.json()["id"]


async def test_the_same_file_at_once_is_one_election(funding: Funding):
    answers = await at_once(*(load(funding, election("p1")) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len(await funding.events(ElectionLoaded)) == 1


async def test_a_broken_file_is_refused_with_every_fault_and_its_line(funding: Funding):
    broken = election("p1", "p9").replace("p2;10;", "p2;tien;")
    answer = await load(funding, broken, file="proef.pb")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "election-not-readable")
    lines = broken.splitlines()
    where = [lines.index("p2;tien;Plan 2;groen") + 1, lines.index("kiezer-2;p9;oud;vrouw") + 1]
    assert [fault["pointer"] for fault in problem["errors"]] == [f"proef.pb:{line}" for line in where]
    assert "tien" in problem["errors"][0]["detail"]
    assert await funding.events() == []
    assert await funding.rows("select * from count_inputs") == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"\xff\xfe", b"META", b"key;value", b"{}", b"META\nkey;value\nbudget;1e9\n"],
)
async def test_what_is_no_election_is_refused(funding: Funding, content: bytes):
    answer = await load(funding, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "election-not-readable")
    assert len(answer.json()["errors"]) >= 1


@pytest.mark.parametrize("length", ["x", "1.5", "9" * 5_000])
async def test_a_length_of_ballots_that_is_no_number_is_refused(funding: Funding, length: str):
    ordinal = election("p1,p2").replace("approval", f"ordinal\nmax_length;{length}")
    answer = await load(funding, ordinal)
    assert (answer.status_code, answer.json()["code"]) == (400, "election-not-readable")


async def test_a_file_comes_as_text(funding: Funding):
    for kind in ("application/json", "application/octet-stream", ""):
        headers = {"Content-Type": kind} if kind else {}
        token = (await load(funding, "")).request.headers["Authorization"]
        answer = await funding.client.post(
            "/elections", content=election("p1").encode(), headers=headers | {"Authorization": token}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "not-a-text")


async def test_elections_are_read_page_by_page(funding: Funding):
    for number in range(1, 4):
        funding.now = NOON + timedelta(minutes=number)
        await loaded(funding, election(*["p1"] * number))
    whole = (await funding.get("/elections")).json()["items"]
    assert [item["voters"] for item in whole] == [3, 2, 1]
    first = (await funding.get("/elections", limit=2)).json()
    rest = (await funding.get("/elections", limit=2, cursor=first["next"])).json()
    assert [*first["items"], *rest["items"]] == whole
    unknown = await funding.get(f"/elections/{UUID(int=1)}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "election-unknown")
