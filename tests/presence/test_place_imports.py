"""Files of places: all of a file or none of it, every fault by its line, and no half whatever is killed."""

import asyncio
import csv
import io
import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.presence.conftest import CANTEEN, Presence

from dorpsplein.contracts.presence.places import PlaceAdded, PlaceChanged, PlaceState
from dorpsplein.errors import Transient
from presence.commands import place_files
from presence.commands.place_files import Unreadable
from presence.commands.place_imports import CLAIM_LASTS, import_next
from presence.domain.area import NETHERLANDS
from presence.domain.place_imports import Fault, Format

MANY = 3_000
HEADER = "name,address,kind,latitude,longitude"


def feature(name: str = "De Goal", at: tuple[float, float] = (5.0, 52.0), **other: Any) -> dict[str, Any]:
    properties = {"name": name, "address": f"Straat {name}", "kind": "school"} | other
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": properties}


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def generated(count: int, **other: Any) -> list[dict[str, Any]]:
    spread = random.Random(7)
    return [
        feature(f"Plek {n}", (spread.uniform(4, 6), spread.uniform(52, 53)), capacity=n + 1, **other)
        for n in range(count)
    ]


async def send(presence: Presence, content: bytes, kind: str = "application/geo+json", **other: Any) -> str:
    """Send a file; where its import is."""
    answer = await presence.send("/place-imports", content, kind, **other)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/place-imports/{answer.json()['id']}"
    return f"/place-imports/{answer.json()['id']}"


async def work(presence: Presence) -> UUID | None:
    return await import_next(presence.runtime.database, NETHERLANDS, lambda: presence.now)


async def brought_in(presence: Presence, content: bytes, kind: str = "application/geo+json") -> dict[str, Any]:
    """Send a file and bring it in; what became of it."""
    path = await send(presence, content, kind)
    assert await work(presence)
    answer: dict[str, Any] = (await presence.get(path, by="bram")).json()
    return answer


def counts(done: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(done[name] for name in ("status", "total", "read", "written", "added", "changed", "already"))


async def test_a_file_is_brought_in_and_the_same_again_changes_nothing(presence: Presence) -> None:
    content = collection(*generated(MANY))
    path = await send(presence, content)
    waiting = (await presence.get(path, by="otto")).json()
    assert counts(waiting) == ("queued", None, 0, 0, 0, 0, 0)
    assert await work(presence)
    done = (await presence.get(path, by="bram")).json()
    assert counts(done) == ("done", MANY, MANY, MANY, MANY, 0, 0)
    assert done["endedAt"] is not None
    said = await presence.events()
    assert [(event, version) for event, version, _ in said] == [(PlaceAdded, 1), (PlaceState, 1)] * MANY
    assert await presence.rows("select count(*), max(capacity) from places") == [(MANY, MANY)]
    again = await brought_in(presence, content)
    assert counts(again) == ("done", MANY, MANY, MANY, 0, 0, MANY)
    assert len(await presence.events()) == len(said)
    assert await presence.rows("select count(*) from place_imports where content is not null") == [(0,)]
    assert await work(presence) is None


async def test_what_is_told_otherwise_is_changed_whatever_its_capitals(presence: Presence) -> None:
    await brought_in(presence, collection(*generated(3)))
    other = feature("PLEK 1", (5.5, 52.5), host="Stichting Plek")
    other["properties"]["address"] = "straat plek 1"
    done = await brought_in(presence, collection(generated(3)[0], other, feature("Nieuw")))
    assert counts(done)[4:] == (1, 1, 1)
    changed = [
        json.loads(body or b"")["changed"] for event, _, body in await presence.events() if event is PlaceChanged
    ]
    assert changed == [["name", "address", "latitude", "longitude", "host", "capacity"]]
    assert len((await presence.get("/places")).json()["items"]) == 4


async def test_the_map_that_is_given_out_is_taken_in_as_it_is(presence: Presence) -> None:
    hours = {"mo": ["09:00-12:00"], "su": ["10:00-24:00"]}
    await presence.place(openingHours=hours, accessibility={"stepFree": False}, host="v.v. De Goal", capacity=3)
    await presence.place(name="Kaal")
    done = await brought_in(presence, (await presence.get("/places/geojson")).content)
    assert counts(done)[4:] == (0, 0, 2)


async def test_a_csv_of_a_dutch_spreadsheet_is_read(presence: Presence) -> None:
    text = (
        "\ufeffkind;name;address;latitude;longitude;stepFree;hearingLoop;capacity;neighbourhood;host;mo;sa\r\n"
        '\r\nlibrary;"Bieb; ""Noord""";Plein 1;52,37;4,89;ja;nee;40;noord;OBA;09:00-12:00 13:00-17:00;\r\n'
    )
    done = await brought_in(presence, text.encode(), "text/csv; charset=utf-8")
    assert counts(done)[4:] == (1, 0, 0), done
    [place] = (await presence.get("/places")).json()["items"]
    assert (place["name"], place["point"]) == ('Bieb; "Noord"', {"latitude": 52.37, "longitude": 4.89})
    assert place["accessibility"] == {"stepFree": True, "hearingLoop": False, "quietRoom": None}
    assert (place["openingHours"], place["capacity"]) == ({"mo": ["09:00-12:00", "13:00-17:00"]}, 40)
    assert (place["neighbourhood"], place["host"]) == ("noord", "OBA")


async def test_one_fault_keeps_a_whole_file_out(presence: Presence) -> None:
    bad = [feature("Ver", (2.35, 48.85)), feature("Plek 5"), feature(kind="town-hall", extra=1)]
    done = await brought_in(presence, collection(*generated(1_200), *bad))
    assert counts(done) == ("refused", 1_203, 1_203, 0, 0, 0, 0)
    assert [(fault["feature"], fault["pointer"], fault["code"]) for fault in done["faults"]] == [
        (1_200, "/geometry/coordinates", "outside-the-municipality"),
        (1_201, "", "place-twice"),
        (1_202, "/properties/kind", "enum"),
        (1_202, "/properties/extra", "extra-forbidden"),
    ]
    assert all(fault["line"] is None and fault["detail"] for fault in done["faults"])
    assert await presence.events() == []
    assert await presence.rows("select count(*) from places") == [(0,)]


async def test_of_very_many_faults_the_first_thousand_are_told(presence: Presence) -> None:
    text = "\n".join([HEADER, *(f"Plek {n},Straat {n},school,4.89,52.37" for n in range(1_234))])
    done = await brought_in(presence, text.encode(), "text/csv")
    assert (done["status"], len(done["faults"]), done["moreFaults"]) == ("refused", 1_000, 234)
    first = done["faults"][0]
    assert (first["line"], first["pointer"], first["code"]) == (2, "/point", "coordinates-swapped")


def unreadable(content: bytes, format_: Format) -> Fault:
    with pytest.raises(Unreadable) as caught:
        place_files.entries(content, format_)
    return caught.value.fault


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "not-json", 1),
        (b'{"type": "FeatureCollection",\n"features": [}', "not-json", 2),
        (b"[" * 100_000, "not-json", None),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "not-json", None),
        (b"9" * 5_000, "not-json", None),
        (b"[]", "no-feature-collection", None),
        (b'{"type": "Feature"}', "no-feature-collection", None),
        (b'{"type": "FeatureCollection"}', "no-feature-collection", None),
        (b'{"type": "FeatureCollection", "features": []}', "nothing-in-it", None),
        (b'{"type":\n"caf\xe9"}', "not-utf-8", 2),
    ],
)
def test_what_is_no_geojson_is_refused_as_a_whole(content: bytes, code: str, line: int | None) -> None:
    fault = unreadable(content, Format.GEOJSON)
    assert (fault.code, fault.line, fault.feature) == (code, line, None)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "columns-missing", 1),
        (b"name,address\na,b", "columns-missing", 1),
        (f"{HEADER},gemeente\n".encode(), "columns-unknown", 1),
        (f"{HEADER},name\n".encode(), "columns-twice", 1),
        (f"{HEADER}\n\n,,,,\n".encode(), "nothing-in-it", None),
        (f'{HEADER}\na,b,school,52,5\n"a" b,c,school,52,5\n'.encode(), "not-csv", 3),
        (f'{HEADER}\n"a'.encode(), "not-csv", 2),
        (f"{HEADER}\nCaf\u00e9,b,school,52,5".encode("latin-1"), "not-utf-8", 2),
        (HEADER.encode("utf-16"), "not-utf-8", 1),
    ],
)
def test_what_is_no_csv_of_places_is_refused_as_a_whole(content: bytes, code: str, line: int | None) -> None:
    fault = unreadable(content, Format.CSV)
    assert (fault.code, fault.line) == (code, line)


def faults(content: bytes, format_: Format) -> Iterator[tuple[int | None, str, str]]:
    for _, told in place_files.check(place_files.entries(content, format_), format_, NETHERLANDS, uuid4):
        for one in told if isinstance(told, list) else []:
            yield (one.line if format_ is Format.CSV else one.feature), one.pointer, one.code


def test_every_fault_of_a_csv_is_told_by_its_line_and_column() -> None:
    rows = [
        ["ok", "a", "school", "52", "5", "09:00-12:00", "", ""],
        ["two\nlines", "a", "school", "52", "5", "", "", ""],
        ["ok", "", "town-hall", "52", "5", "", "", ""],
        ["ok", "b", "school", "52", "5"],
        ["ok", "c", "school", "north", "5", "", "", ""],
        ["ok", "d", "school", "155000", "463000", "", "", ""],
        ["ok", "e", "school", "inf", "5", "", "", ""],
        ["ok", "f", "school", "52", "5", "12:00-09:00", "", ""],
        ["ok", "g", "school", "52", "5", "", "maybe", "many"],
        ["ok", "h", "school", "5", "52", "", "", ""],
        ["ok", "i", "school", "", "5", "", "", ""],
    ]
    text = io.StringIO()
    csv.writer(text).writerows([[*HEADER.split(","), "tu", "stepFree", "capacity"], *rows])
    assert list(faults(text.getvalue().encode(), Format.CSV)) == [
        (3, "/name", "control-character"),
        (5, "/address", "missing"),
        (5, "/kind", "enum"),
        (6, "", "cells-do-not-fit"),
        (7, "/latitude", "not-a-number"),
        (8, "/point", "not-degrees"),
        (9, "/point", "not-degrees"),
        (10, "/tu", "opening-hours-not-valid"),
        (11, "/stepFree", "bool-type"),
        (11, "/capacity", "int-type"),
        (12, "/point", "coordinates-swapped"),
        (13, "/latitude", "not-a-number"),
    ]


def test_every_fault_of_a_geojson_is_told_by_its_feature_and_pointer() -> None:
    line = {"type": "LineString", "coordinates": [[5, 52], [5, 53]]}
    wrong: list[Any] = [
        3,
        {"type": "Feature"},
        feature() | {"geometry": None},
        feature() | {"geometry": line},
        feature() | {"properties": None},
        feature(name=""),
        feature(openingHours={"mo": ["09:00-12:00", "11:00-12:00"]}),
        feature(openingHours={"monday": []}),
        feature(at=(52.0, 5.0)),
        feature(at=(155_000, 463_000)),
        feature(capacity="many"),
        feature(neighbourhood="Oost!"),
    ]
    assert list(faults(collection(*wrong), Format.GEOJSON)) == [
        (0, "", "model-type"),
        (1, "/geometry", "missing"),
        (1, "/properties", "missing"),
        (2, "/geometry", "point-missing"),
        (3, "/geometry", "literal-error"),
        (4, "/properties", "properties-missing"),
        (5, "/properties/name", "string-too-short"),
        (6, "/properties/openingHours/mo/1", "opening-hours-not-valid"),
        (7, "/properties/openingHours/monday/[key]", "enum"),
        (8, "/geometry/coordinates", "coordinates-swapped"),
        (9, "/geometry/coordinates", "not-degrees"),
        (10, "/properties/capacity", "int-type"),
        (11, "/properties/neighbourhood", "string-pattern-mismatch"),
    ]


async def test_a_worker_that_is_killed_while_it_adds_leaves_no_half(presence: Presence) -> None:
    """Another takes it up once the claim has ended; whoever looks sees it go on, and never back."""
    path = await send(presence, collection(*generated(MANY)))
    seen: list[dict[str, Any]] = []

    async def look() -> dict[str, Any]:
        seen.append((await presence.get(path, by="bram")).json())
        return seen[-1]

    worker = asyncio.create_task(work(presence))
    while not 0 < (await look())["written"] < MANY:
        assert not worker.done()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert await presence.rows("select count(*) from places") == [(0,)]
    assert await presence.events() == []
    assert await work(presence) is None, "another took it up while the claim stood"
    assert (await look())["status"] == "adding"
    presence.now += CLAIM_LASTS
    worker = asyncio.create_task(work(presence))
    while not worker.done():
        await look()
    assert counts(await look()) == ("done", MANY, MANY, MANY, MANY, 0, 0)
    assert len(await presence.events()) == 2 * MANY
    life = ["queued", "checking", "adding", "done"]
    for name in ("read", "written", "added"):
        assert [one[name] for one in seen] == sorted(one[name] for one in seen)
    assert [life.index(one["status"]) for one in seen] == sorted(life.index(one["status"]) for one in seen)
    assert {one["added"] for one in seen} == {0, MANY}


async def test_a_worker_that_was_only_slow_takes_back_what_it_did(
    presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim ends just before the first says that it is done; a second one takes the import up meanwhile."""
    from presence.storage import place_imports as storage

    path = await send(presence, collection(*generated(20)))
    finish, claims = storage.finish, []

    async def overtaken(tx: Any, claimed: Any, *others: Any) -> bool:
        claims.append(claimed.claim_id)
        if len(claims) == 1:
            presence.now += CLAIM_LASTS
            with pytest.raises(Transient, match="another import is being added"):
                await work(presence)
        return await finish(tx, claimed, *others)

    monkeypatch.setattr(storage, "finish", overtaken)
    await work(presence)
    assert await presence.rows("select count(*) from places") == [(0,)]
    assert await presence.events() == []
    assert await work(presence)
    assert counts((await presence.get(path, by="bram")).json())[4:] == (20, 0, 0)
    assert len(await presence.events()) == 40


async def test_a_file_over_which_processes_die_is_refused_in_the_end(presence: Presence) -> None:
    path = await send(presence, collection(feature()))
    await presence.rows("update place_imports set attempts = 3")
    assert await work(presence)
    done = (await presence.get(path, by="bram")).json()
    assert (done["status"], [fault["code"] for fault in done["faults"]]) == ("refused", ["too-heavy"])


async def test_workers_at_once_bring_in_each_file_once(presence: Presence) -> None:
    for part in range(4):
        await send(presence, collection(*generated(50)[part * 10 : part * 10 + 20]))

    async def at_work() -> None:
        for _ in range(200):
            try:
                if await work(presence) is None:
                    return
            except Transient:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(at_work() for _ in range(3)))
    rows = await presence.rows("select status, added + already, changed from place_imports")
    assert rows == [("done", 20, 0)] * 4
    assert await presence.rows("select count(*), max(version) from places") == [(50, 1)]


async def test_a_file_is_sent_once_under_its_key_and_as_what_it_is(presence: Presence) -> None:
    content = collection(feature())
    first = await send(presence, content, key="once")
    assert await send(presence, content, key="once") == first
    for sent, kind, status, code in [
        (content, "application/json", 415, "type-not-taken"),
        (content, "", 415, "type-not-taken"),
        (b"", "text/csv", 400, "file-missing"),
        (b"x" * 20_000_001, "text/csv", 413, "too-large"),
    ]:
        answer = await presence.send("/place-imports", sent, kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    unknown = await presence.get(f"/place-imports/{uuid4()}", by="bram")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "place-import-unknown")
    assert await presence.rows("select count(*) from place_imports") == [(1,)]


async def test_a_place_that_is_closed_is_not_the_one_in_a_file(presence: Presence) -> None:
    closed = await presence.place()
    await presence.post(f"/places/{closed}/closing", {"reason": "moved"})
    properties = {name: told for name, told in CANTEEN.items() if name != "point"}
    one = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.9, 52.4]}, "properties": properties}
    assert counts(await brought_in(presence, collection(one)))[4:] == (1, 0, 0)
