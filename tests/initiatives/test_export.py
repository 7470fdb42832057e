"""Initiatives as open data: complete, filtered as a search is, harmless in a spreadsheet, and about no person."""

import csv
import gzip
import io
import json
from typing import Any
from uuid import UUID

from tests.initiatives.conftest import Initiatives, heard
from tests.support import person

from dorpsplein.contracts.funding.pledges import PledgeMade
from dorpsplein.exports import TAKES_GZIP
from initiatives.api.search import TURNS
from initiatives.storage.exports import COLUMNS


async def lines(initiatives: Initiatives, **asked: Any) -> list[dict[str, Any]]:
    answer = await initiatives.get("/initiatives/export", format="jsonl", **asked)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/jsonl"), answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_export_says_all_that_is_public_and_names_nobody(initiatives: Initiatives) -> None:
    garden = await initiatives.propose(title="=1+1", summary='Samen "groen",\nmet de buurt')
    await initiatives.client.put("/people/me", json={"name": "Wilhelmina"})
    await initiatives.support(garden, by="piet")
    pledge = PledgeMade(
        pledge_id=UUID(int=1), initiative_id=UUID(garden), pledger_id=person("piet"), amount_cents=2_500,
        round_id=None, rule_version="1",
    )  # fmt: skip
    await initiatives.catch_up()
    await initiatives.hear(heard(pledge))
    [line] = await lines(initiatives)
    assert list(line) == list(COLUMNS)
    said = {name: line[name] for name in ("id", "title", "supports", "pledgedCents", "neededCents", "status")}
    assert said == {
        "id": garden, "title": "=1+1", "supports": 1, "pledgedCents": 2_500, "neededCents": 100_000,
        "status": "proposed",
    }  # fmt: skip
    answer = await initiatives.get("/initiatives/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="initiatives.csv"'
    [row] = csv.DictReader(io.StringIO(answer.text, newline=""), strict=True)
    assert row["title"] == "'=1+1"
    assert row["summary"] == 'Samen "groen",\nmet de buurt'
    assert row["latitude"] == "52.37"
    for who in ("anna", "piet"):
        assert str(person(who)) not in answer.text
    assert "Wilhelmina" not in answer.text


async def test_an_export_is_filtered_as_a_search_is_and_zipped_for_who_takes_that(initiatives: Initiatives) -> None:
    ids = {theme: await initiatives.propose(title="Een plan", theme=theme) for theme in ("groen", "kunst", "sport")}
    await initiatives.rows("insert into hidden values ('initiative', $1)", UUID(ids["sport"]))
    assert [line["id"] for line in await lines(initiatives)] == [ids["groen"], ids["kunst"]]
    assert [line["id"] for line in await lines(initiatives, theme="kunst,sport")] == [ids["kunst"]]
    assert await lines(initiatives, query="zwembad") == []
    assert (await initiatives.get("/initiatives/export", format="xls")).json()["code"] == "invalid-request"
    assert (await initiatives.get("/initiatives/export", radius=5)).json()["code"] == "radius-without-near"
    request = initiatives.client.build_request("GET", "/initiatives/export", headers={"Accept-Encoding": "gzip"})
    zipped = await initiatives.client.send(request, stream=True)
    raw = b"".join([piece async for piece in zipped.aiter_raw()])
    assert zipped.headers["Content-Encoding"] == "gzip"
    plain = await initiatives.client.get("/initiatives/export", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert plain.text.count("\r\n") == 3
    assert TURNS.left == 2


def test_gzip_is_sent_to_who_takes_it_alone() -> None:
    assert all(TAKES_GZIP.fullmatch(one) for one in ("gzip", " gzip ", "gzip;q=1.0", "GZIP; q=0.5"))
    assert not any(TAKES_GZIP.fullmatch(one) for one in ("gzip;q=0", "gzip; q=0.000", "br", "x-gzip", "", "*"))
