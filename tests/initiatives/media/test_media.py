"""Media are seen by their owner, and by anyone where they stand in something public, by links that last minutes."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from tests.initiatives.conftest import NOON, Initiatives, some_id
from tests.initiatives.media.conftest import Uploads, eventually
from tests.initiatives.media.making import huge_png, photo
from tests.support import person

from dorpsplein.errors import NotFound, Refused, Transient
from initiatives.api import views
from initiatives.commands import checking
from initiatives.commands import media as commands
from initiatives.domain.media import Found, Kind
from initiatives.media.ranges import NoSuchPart, part_of
from initiatives.media.store import media_prefix
from initiatives.storage import media as storage
from initiatives.storage import removals

CONTRIBUTION = some_id(7)


async def use(service: Initiatives, media: str, kind: str = "contribution", used_by: UUID = CONTRIBUTION) -> None:
    async with service.runtime.database.transaction() as tx:
        await commands.ready(tx, UUID(media), person("anna"))
        await commands.use(tx, UUID(media), kind, used_by)


async def test_media_are_for_everyone_as_long_as_they_stand_in_something_public(uploads: Uploads) -> None:
    service, media = uploads.service, await uploads.upload(photo())
    views.media.Media.model_validate(await uploads.media(media))

    async def strangers_see() -> bool:
        statuses = {(await uploads.ask("GET", f"/media/{media}", by=by)).status_code for by in ("boris", None)}
        listed = (await service.get("/media", ids=f"{media},{some_id(1)}")).json()["items"]
        assert statuses in ({200}, {404})
        assert [item["id"] for item in listed] == ([media] if statuses == {200} else [])
        async with service.runtime.database.connection() as connection:
            assert await commands.is_public(connection, UUID(media)) is (statuses == {200})
        return statuses == {200}

    assert not await strangers_see()
    await use(service, media)
    assert await strangers_see()
    assert (await uploads.ask("DELETE", f"/media/{media}")).json()["code"] == "media-in-use"
    await service.rows("insert into hidden values ('contribution', $1)", CONTRIBUTION)
    await use(service, media, "scene", some_id(8))
    assert not await strangers_see()
    assert (await uploads.media(media))["status"] == "ready"
    await service.rows("delete from hidden")
    async with service.runtime.database.transaction() as tx:
        await commands.unuse(tx, UUID(media), "contribution", CONTRIBUTION)
        await commands.unuse(tx, UUID(media), "scene", some_id(8))
    assert not await strangers_see()
    assert (await uploads.ask("DELETE", f"/media/{media}", by="boris")).status_code == 404
    link = (await uploads.media(media))["content"].removeprefix("/v1")
    assert (await uploads.ask("DELETE", f"/media/{media}")).status_code == 204
    assert (await uploads.ask("GET", link, by=None)).status_code == 404
    await uploads.pass_time()
    assert await uploads.left() == (0, [])


async def test_only_ones_own_media_that_are_ready_are_used(uploads: Uploads) -> None:
    ready, waiting = await uploads.upload(photo()), await uploads.begin(10)
    async with uploads.service.runtime.database.transaction() as tx:
        for media, owner, fault in (
            (ready, "boris", NotFound),
            (str(some_id(1)), "anna", NotFound),
            (waiting, "anna", Refused),
        ):
            with pytest.raises(fault):
                await commands.ready(tx, UUID(media), person(owner))


async def test_bytes_come_whole_or_in_the_part_that_is_asked_for(uploads: Uploads) -> None:
    media = await uploads.upload(photo())
    whole = await uploads.content(media)
    size, tag = len(whole.content), whole.headers["ETag"]
    assert (whole.status_code, size) == (200, (await uploads.media(media))["bytes"])
    expected = {
        "Content-Type": "image/jpeg",
        "Content-Disposition": "inline",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Content-Length": str(size),
    }
    assert expected.items() <= {name: whole.headers.get(name) for name in expected}.items()
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["Cache-Control"].startswith("private")
    for asked, unless, status, start, end in (
        ("bytes=0-9", None, 206, 0, 10),
        ("bytes=5-", tag, 206, 5, size),
        ("bytes=-7", None, 206, size - 7, size),
        ("bytes=3-999999", None, 206, 3, size),
        ("bytes=0-9", '"another"', 200, 0, size),
        ("bytes=0-1,3-4", None, 200, 0, size),
        ("lines=1-2", None, 200, 0, size),
    ):
        headers = {"Range": asked} | ({"If-Range": unless} if unless else {})
        part, head = await uploads.content(media, **headers), await uploads.content(media, method="HEAD", **headers)
        assert (part.status_code, part.content) == (status, whole.content[start:end])
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (status, b"", str(end - start))
        assert part.headers.get("Content-Range") == (f"bytes {start}-{end - 1}/{size}" if status == 206 else None)
    beyond = await uploads.content(media, Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert (await uploads.content(media, If_None_Match=tag)).status_code == 304


async def test_a_link_is_good_for_minutes_and_for_nothing_else(uploads: Uploads) -> None:
    one, other = await uploads.upload(photo()), await uploads.upload(photo(colour="blue"))
    link = (await uploads.media(one))["content"].removeprefix("/v1")
    asked = parse_qs(urlsplit(link).query)
    expires, signature = int(asked["expires"][0]), asked["signature"][0]
    uploads.service.now = NOON + timedelta(minutes=9, seconds=59)
    assert (await uploads.ask("GET", link, by=None)).status_code == 200
    for media, until, signed in (
        (other, expires, signature),
        (one, expires + 60, signature),
        (one, expires, "0" * 64),
        (one, expires, "é"),
    ):
        forged = await uploads.ask("GET", f"/media/{media}/content?expires={until}&signature={signed}", by=None)
        assert (forged.status_code, forged.json()["code"]) == (403, "link-not-valid")
    uploads.service.now = NOON + timedelta(minutes=11)
    late = await uploads.ask("GET", link, by=None)
    assert (late.status_code, late.json()["code"]) == (410, "link-expired")
    assert (await uploads.content(one)).status_code == 200
    assert (await uploads.ask("GET", f"/media/{one}/content", by="anna")).status_code == 400


async def test_what_is_refused_says_why_to_its_owner_until_it_is_forgotten(uploads: Uploads) -> None:
    media = await uploads.upload(huge_png())
    shown = await uploads.media(media)
    assert (shown["status"], shown["refusal"]["code"], shown["content"]) == ("refused", "too-many-pixels", None)
    assert (await uploads.ask("GET", f"/media/{media}", by="boris")).status_code == 404
    await uploads.pass_time()
    assert uploads.files() == []
    uploads.service.now += timedelta(hours=25)
    await uploads.pass_time()
    assert await uploads.left() == (0, [])


async def test_an_upload_is_checked_by_another_where_a_process_died_over_it(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, service = photo(), uploads.service
    media = await uploads.begin(len(content))
    await uploads.piece(media, 0, content)

    async def dies(*_: object) -> None:
        raise KeyboardInterrupt

    async def is_away(*_: object) -> None:
        raise Transient("away")

    with monkeypatch.context() as broken:
        broken.setattr(checking, "_inspected", is_away)
        for _ in range(5):
            with pytest.raises(Transient):
                await uploads.check()
    with monkeypatch.context() as broken:
        broken.setattr(checking, "_decide", dies)
        with pytest.raises(KeyboardInterrupt):
            await uploads.check()
    assert await uploads.check() == 0
    service.now += checking.CLAIM_LASTS
    assert await uploads.check() == 1
    assert (await uploads.media(media))["status"] == "ready"
    assert len([file for file in uploads.files() if file.startswith("media/")]) == 2
    service.now += timedelta(days=2)
    await uploads.pass_time()
    assert len(uploads.files()) == 1
    assert (await uploads.content(media)).status_code == 200


async def test_workers_check_and_clean_by_themselves(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "POLL_S", 0.05)
    left = Path(gettempdir(), f"{checking.FOLDER}of-a-process-that-was-killed")
    left.mkdir(exist_ok=True)
    os.utime(left, (1, 1))
    workers = [asyncio.create_task(worker(uploads.service.runtime)) for worker in (checking.check, checking.keep_clean)]
    content = photo()
    media = await uploads.begin(len(content))
    await uploads.piece(media, 0, content)

    async def clean() -> bool:
        return [file.split("/")[:2] for file in uploads.files()] == [["media", media]]

    await eventually(clean)
    assert (await uploads.media(media))["status"] == "ready"
    assert not left.exists()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def test_what_ends_every_process_that_looks_into_it_is_refused_in_the_end(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = photo()
    media = await uploads.begin(len(content))
    await uploads.piece(media, 0, content)

    async def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("initiatives.media.inspecting.inspect", dies)
    for _ in range(checking.MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            await uploads.check()
        uploads.service.now += checking.CLAIM_LASTS
    assert await uploads.check() == 1
    assert (await uploads.media(media))["refusal"]["code"] == "too-heavy"


async def test_what_was_made_here_is_kept_shown_and_fetched_as_other_media(uploads: Uploads, tmp_path: Path) -> None:
    database, film, again = uploads.service.runtime.database, tmp_path / "film.vtt", tmp_path / "again"
    film.write_bytes(b"WEBVTT\n")
    found = Found(Kind.CAPTIONS, "text/vtt", 7, b"digest")

    async def keep() -> None:
        until = NOON + timedelta(days=1)
        await commands.keep(
            database, uploads.store, film, found, media_id=some_id(9), description="x", removed_at=until, now=NOON
        )

    for _ in range(2):
        await keep()
    assert len(uploads.files()) == 1
    async with database.transaction() as tx:
        await storage.delete(tx, some_id(9))
        await removals.note(tx, [media_prefix(some_id(9))], NOON)
    await keep()
    await uploads.pass_time()
    assert (await uploads.ask("GET", f"/media/{some_id(9)}", by="anna")).status_code == 404
    async with database.transaction() as tx:
        await commands.use(tx, some_id(9), "film", some_id(10))
    answer = await uploads.content(str(some_id(9)), by=None)
    assert (answer.content, answer.headers["Content-Type"]) == (b"WEBVTT\n", "text/vtt")
    await commands.fetch_to(database, uploads.store, some_id(9), again)
    assert again.read_bytes() == b"WEBVTT\n"
    uploads.service.now += timedelta(days=2)
    await uploads.pass_time()
    assert len(uploads.files()) == 1
    assert (await uploads.ask("DELETE", f"/media/{some_id(9)}", by="anna")).status_code == 404


def test_a_part_is_what_the_rfc_says_it_is() -> None:
    for asked, size, part in (
        (None, 10, None),
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=9-", 10, (9, 10)),
        ("bytes=-20", 10, (0, 10)),
        ("bytes=5-4", 10, None),
        ("bytes=-", 10, None),
        ("bytes=²-3", 10, None),
        ("bytes=" + "9" * 40 + "-", 10, None),
    ):
        assert part_of(asked, size) == part, asked
    for asked in ("bytes=10-", "bytes=10-12", "bytes=-0"):
        with pytest.raises(NoSuchPart):
            part_of(asked, 10)
