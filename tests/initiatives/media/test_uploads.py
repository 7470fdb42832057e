"""Uploads by tus: a cut costs a piece, two at once never mix, and what is refused leaves nothing behind."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
import uvicorn
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.initiatives.media.conftest import PIECE, Uploads, eventually, metadata
from tests.initiatives.media.making import photo
from tests.support import login

from dorpsplein import failpoints
from dorpsplein_local.gateway import Gateway, create_gateway
from dorpsplein_local.issuer import Issuer
from initiatives.commands import uploads as commands

EXAMPLES = int(os.environ.get("DORPSPLEIN_EXAMPLES", "20"))


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


async def test_a_server_says_what_it_speaks_and_speaks_nothing_else(uploads: Uploads) -> None:
    for path in ("/uploads", "/uploads/0190f1e2-0000-7000-8000-000000000000"):
        answer = await uploads.service.client.options(path)
        assert (answer.status_code, answer.headers["Tus-Version"]) == (204, "1.0.0")
        assert set(answer.headers["Tus-Extension"].split(",")) == {
            "creation", "creation-with-upload", "expiration", "termination", "checksum",
        }  # fmt: skip
        assert int(answer.headers["Tus-Max-Size"]) == 200_000_000
    upload = await uploads.begin(3)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = await uploads.service.client.patch(
            f"/uploads/{upload}", content=b"abc", headers=login("anna") | PIECE | {"Upload-Offset": "0"} | version
        )
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert await uploads.offset(upload) == 0


async def test_an_upload_is_begun_goes_on_and_is_checked(uploads: Uploads) -> None:
    content = photo()
    told = metadata(description="Een rood vlak", filename="../../etc/passwd", filetype="text/html")
    begun = await uploads.ask("POST", "/uploads", Upload_Length=str(len(content)), **told)
    assert begun.headers["Upload-Expires"] == "Sat, 02 May 2026 12:00:00 GMT"
    upload = begun.headers["Location"].removeprefix("/v1/uploads/")
    first = await uploads.piece(upload, 0, content[:100])
    assert (first.status_code, first.headers["Upload-Offset"], first.headers["Tus-Resumable"]) == (204, "100", "1.0.0")
    asked = await uploads.ask("HEAD", f"/uploads/{upload}")
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("100", str(len(content)))
    assert asked.headers["Cache-Control"] == "no-store"
    assert (await uploads.media(upload))["status"] == "uploading"
    last = await uploads.piece(upload, 100, content[100:])
    assert (last.headers["Upload-Offset"], "Upload-Expires" in last.headers) == (str(len(content)), False)
    assert (await uploads.media(upload))["status"] == "checking"
    await uploads.check()
    shown = await uploads.media(upload)
    assert (shown["status"], shown["kind"], shown["contentType"]) == ("ready", "image", "image/jpeg")
    assert shown["description"] == "Een rood vlak"
    await uploads.pass_time()
    [file] = uploads.files()
    assert file.startswith(f"media/{upload}/")
    assert "passwd" not in str(await uploads.service.rows("select * from media"))


async def test_a_first_piece_may_come_with_the_beginning_and_any_method_by_post(uploads: Uploads) -> None:
    told = metadata(description="x") | PIECE | {"Upload-Length": "6"}
    begun = await uploads.ask("POST", "/uploads", b"abc", **told)
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "3")
    upload = begun.headers["Location"].removeprefix("/v1/uploads/")
    override = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "3"} | PIECE
    assert (await uploads.ask("POST", f"/uploads/{upload}", b"def", **override)).status_code == 204
    assert await uploads.assembled(upload) == b"abcdef"
    again = await uploads.piece(upload, 6, b"")
    assert (again.status_code, again.headers["Upload-Offset"]) == (204, "6")


@asynccontextmanager
async def behind_the_gateway(uploads: Uploads, folder: Path) -> AsyncIterator[TestClient[Request, Application]]:
    """A client of the gateway, with the service behind it, both on ports of their own."""
    config = uvicorn.Config(uploads.service.runtime.app(), port=0, lifespan="off", log_config=None)
    server = uvicorn.Server(config)

    async def started() -> bool:
        return server.started

    task = asyncio.create_task(server._serve())
    await eventually(started)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    gateway = create_gateway(Gateway({"initiatives": address}, Issuer(folder / "issuer", "local")))
    try:
        async with TestClient(TestServer(gateway)) as client:
            yield client
    finally:
        server.should_exit = True
        await task


async def test_what_came_before_a_cut_is_kept_and_the_rest_follows(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(commands, "PART_BYTES", 100_000)
    content, who = os.urandom(1_500_000), login("anna") | {"Tus-Resumable": "1.0.0"}

    async def stalls() -> AsyncIterator[bytes]:
        yield content[:450_000]
        await asyncio.sleep(60)

    async with behind_the_gateway(uploads, tmp_path) as client:
        told = metadata(description="x") | {"Upload-Length": "1500000"}
        place = (await client.post("/api/initiatives/v1/uploads", headers=who | told)).headers["Location"]
        upload = place.removeprefix("/api/initiatives/v1/uploads/")
        first = PIECE | {"Upload-Offset": "0", "Content-Length": "1500000"}
        sending = asyncio.create_task(client.patch(place, headers=who | first, data=stalls()).__aenter__())
        await eventually(lambda: uploads.has(upload, 400_000))
        sending.cancel()
        await eventually(lambda: uploads.has(upload, 450_000))
        asked = await client.head(place, headers=who)
        assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("450000", "1500000")
        rest = PIECE | {"Upload-Offset": "450000"}
        last = await client.patch(place, headers=who | rest, data=BytesIO(content[450_000:]))
        assert (last.status, last.headers["Upload-Offset"]) == (204, "1500000")
        assert await uploads.assembled(upload) == content
        link = "/api/initiatives" + (await uploads.media(await uploads.upload(photo())))["content"]
        part = await client.get(link, headers={"Range": "bytes=0-2"})
        assert (part.status, await part.read()) == (206, b"\xff\xd8\xff")


async def test_what_was_stored_and_not_counted_is_sent_again_and_swept_away(uploads: Uploads) -> None:
    upload = await uploads.begin(6)
    await uploads.piece(upload, 0, b"abc")
    failpoints.arm("before_commit=raise@1")
    try:
        assert (await uploads.piece(upload, 3, b"def")).status_code == 503
    finally:
        failpoints.arm("")
    assert (await uploads.offset(upload), len(uploads.files())) == (3, 2)
    assert (await uploads.piece(upload, 3, b"def")).status_code == 204
    assert await uploads.assembled(upload) == b"abcdef"
    assert len(uploads.files()) == 3
    await uploads.check()
    await uploads.pass_time()
    assert uploads.files() == []


async def test_two_at_once_on_one_upload_never_mix(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PART_BYTES", 100)
    for _ in range(5):
        upload = await uploads.begin(1_000)
        answers = await asyncio.gather(*(uploads.piece(upload, 0, letter * 1_000) for letter in (b"a", b"b", b"c")))
        assert sorted(answer.status_code for answer in answers) == [204, 409, 409]
        assert await uploads.assembled(upload) in (b"a" * 1_000, b"b" * 1_000, b"c" * 1_000)
        assert len([file for file in uploads.files() if upload in file]) == 10


async def test_a_piece_with_a_checksum_is_kept_whole_or_not_at_all(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "PART_BYTES", 2)
    upload = await uploads.begin(12)
    for algorithm in ("sha1", "sha256"):
        wrong = await uploads.piece(upload, 0, b"abcdef", **checksum(algorithm, b"abcdeF"))
        assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum-mismatch")
        assert (await uploads.offset(upload), uploads.files()) == (0, [])
    assert (await uploads.piece(upload, 0, b"abcdef", **checksum("sha1", b"abcdef"))).status_code == 204
    assert (await uploads.piece(upload, 6, b"ghijkl", **checksum("sha256", b"ghijkl"))).status_code == 204
    assert await uploads.assembled(upload) == b"abcdefghijkl"
    for header in ("md5 abcd", "sha256 &", "sha256"):
        answer = await uploads.piece(upload, 12, b"", **{"Upload-Checksum": header})
        assert answer.status_code in {400, 460}, answer.text


async def test_every_refusal_of_an_upload_leaves_nothing_behind(uploads: Uploads) -> None:
    good = {"Upload-Length": "10"} | metadata(description="x")
    cases: list[tuple[dict[str, str], bytes | None, int, str]] = [
        ({"Upload-Length": "200000001"}, None, 413, "upload-too-large"),
        ({"Upload-Length": "0"}, None, 400, "upload-empty"),
        ({"Upload-Length": "-1"}, None, 400, "invalid-request"),
        ({"Upload-Length": "9" * 30}, None, 400, "invalid-request"),
        ({"Upload-Metadata": ""}, None, 400, "description-missing"),
        ({"Upload-Metadata": "filename eA=="}, None, 400, "description-missing"),
        ({"Upload-Metadata": "description"}, None, 400, "invalid-request"),
        ({"Upload-Metadata": "description &&&"}, None, 400, "upload-metadata-not-valid"),
        ({"Upload-Metadata": "description /w=="}, None, 400, "upload-metadata-not-valid"),
        (metadata(description="a\0b"), None, 400, "invalid-request"),
        (metadata(description="x" * 501), None, 400, "invalid-request"),
        ({"Content-Type": "image/jpeg"}, b"abc", 415, "piece-expected"),
        ({"Upload-Checksum": "md5 eA=="} | PIECE, b"abc", 400, "checksum-not-spoken"),
    ]
    for headers, content, status, code in cases:
        answer = await uploads.ask("POST", "/uploads", content, **(good | headers))
        assert (answer.status_code, answer.json()["code"]) == (status, code), headers
        assert (await uploads.left(), answer.headers["Tus-Resumable"]) == ((0, []), "1.0.0")
    missing = await uploads.ask("POST", "/uploads", **metadata(description="x"))
    assert missing.json()["errors"][0]["pointer"] == "/upload-length"


async def test_every_refusal_of_a_piece_changes_nothing(uploads: Uploads) -> None:
    upload = await uploads.begin(10)
    await uploads.piece(upload, 0, b"abcde")
    before = await uploads.left()
    for headers, content, by, status, code in (
        ({"Upload-Offset": "0"}, b"abc", "anna", 409, "offset-mismatch"),
        ({"Upload-Offset": "6"}, b"abc", "anna", 409, "offset-mismatch"),
        ({"Upload-Offset": "x"}, b"abc", "anna", 400, "invalid-request"),
        ({"Upload-Offset": "5"}, b"abcdef", "anna", 413, "more-than-announced"),
        ({"Upload-Offset": "5", "Content-Type": "application/json"}, b"abc", "anna", 415, "piece-expected"),
        ({"Upload-Offset": "5"}, b"abc", "boris", 404, "media-unknown"),
    ):
        answer = await uploads.ask("PATCH", f"/uploads/{upload}", content, by=by, **(PIECE | headers))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await uploads.left() == before
    for method in ("HEAD", "DELETE"):
        assert (await uploads.ask(method, f"/uploads/{upload}", by="boris")).status_code == 404
    assert await uploads.offset(upload) == 5


async def test_an_upload_that_is_taken_back_or_not_complete_in_time_is_gone_with_its_bytes(uploads: Uploads) -> None:
    ended, late, done = await uploads.begin(6), await uploads.begin(6), await uploads.upload(photo())
    for upload in (ended, late):
        await uploads.piece(upload, 0, b"abc")
    assert (await uploads.ask("DELETE", f"/uploads/{ended}")).status_code == 204
    assert (await uploads.ask("HEAD", f"/uploads/{ended}")).status_code == 404
    await uploads.pass_time()
    assert not [file for file in uploads.files() if ended in file]
    uploads.service.now += timedelta(hours=24)
    assert (await uploads.ask("HEAD", f"/uploads/{late}")).status_code == 410
    answer = await uploads.piece(late, 3, b"def")
    assert (answer.status_code, answer.json()["code"]) == (410, "upload-expired")
    await uploads.pass_time()
    assert (await uploads.ask("HEAD", f"/uploads/{late}")).status_code == 404
    assert [file.split("/")[:2] for file in uploads.files()] == [["media", done]]
    assert (await uploads.media(done))["status"] == "ready"


async def test_a_person_uploads_so_much_a_day_and_begins_again_on_the_next(uploads: Uploads) -> None:
    for length in (200_000_000, 200_000_000):
        await uploads.ask("DELETE", f"/uploads/{await uploads.begin(length)}")
    many = [uploads.ask("POST", "/uploads", Upload_Length="60000000", **metadata(description="x")) for _ in range(3)]
    answers = await asyncio.gather(*many)
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
    no = next(answer for answer in answers if answer.status_code == 422).json()
    assert (no["code"], no["most_bytes_a_day"]) == ("upload-quota-reached", 500_000_000)
    await uploads.begin(200_000_000, by="boris")
    uploads.service.now += timedelta(days=1)
    await uploads.begin(200_000_000)
    await uploads.pass_time()
    assert await uploads.service.rows("select bytes from uploaded_per_day") == [(200_000_000,)]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=60),
    cuts=st.sets(st.integers(1, 59), max_size=5),
    repeats=st.lists(st.integers(0, 5), max_size=4),
    part=st.integers(1, 20),
)
async def test_any_pieces_with_any_repeats_come_to_the_same_bytes(
    uploads: Uploads, content: bytes, cuts: set[int], repeats: list[int], part: int
) -> None:
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = list(pairwise(places))
    sent = sorted([*range(len(pieces)), *(repeat for repeat in repeats if repeat < len(pieces))])
    upload, commands.PART_BYTES = await uploads.begin(len(content)), part
    here = 0
    try:
        for number in sent:
            start, end = pieces[number]
            answer = await uploads.piece(upload, start, content[start:end])
            assert answer.status_code == (204 if start == here else 409)
            here = max(here, end)
            assert await uploads.offset(upload) == here
    finally:
        commands.PART_BYTES = 8 * 2**20
    assert await uploads.assembled(upload) == content
