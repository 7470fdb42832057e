"""Somebody who uploads by tus, and the store their bytes end up in."""

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from tests.initiatives.conftest import Initiatives
from tests.support import login

from dorpsplein.timers import fire_due
from initiatives.commands.checking import check_next, sweep
from initiatives.media.inspecting import Limits
from initiatives.media.store import Store, store_of
from initiatives.settings import InitiativesSettings
from initiatives.timers import HANDLERS

PIECE = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}


def metadata(**pairs: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{key} {base64.b64encode(v.encode()).decode()}" for key, v in pairs.items())}


async def eventually(question: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the answer is yes."""
    async with asyncio.timeout(20):
        while True:
            if await question():
                return
            await asyncio.sleep(0.01)


@dataclass
class Uploads:
    """The service as somebody who uploads speaks to it."""

    service: Initiatives

    @property
    def store(self) -> Store:
        settings = self.service.runtime.settings
        assert isinstance(settings, InitiativesSettings)
        return store_of(settings)

    async def ask(
        self, method: str, path: str, content: Any = None, *, by: str | None = "anna", **headers: str
    ) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        who = login(by) if by else {}
        return await self.service.client.request(method, path, content=content, headers=TUS | who | named)

    async def begin(self, length: int, *, by: str = "anna", **pairs: str) -> str:
        """Begin an upload; its id."""
        told = metadata(**{"description": "De tuin in mei", **pairs})
        answer = await self.ask("POST", "/uploads", by=by, Upload_Length=str(length), **told)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].removeprefix("/v1/uploads/")

    async def piece(self, upload: str, offset: int, content: bytes, *, by: str = "anna", **headers: str) -> Response:
        sent = PIECE | {"Upload-Offset": str(offset)} | headers
        return await self.ask("PATCH", f"/uploads/{upload}", content, by=by, **sent)

    async def offset(self, upload: str, *, by: str = "anna") -> int:
        answer = await self.ask("HEAD", f"/uploads/{upload}", by=by)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["Upload-Offset"])

    async def has(self, upload: str, size: int) -> bool:
        return await self.offset(upload) == size

    async def upload(self, content: bytes, *, by: str = "anna", **pairs: str) -> str:
        """Upload something whole, and have it checked; its id."""
        upload = await self.begin(len(content), by=by, **pairs)
        answer = await self.piece(upload, 0, content, by=by)
        assert answer.status_code == 204, answer.text
        await self.check()
        return upload

    async def check(self, limits: Limits | None = None) -> int:
        """Let all that wait be checked; how many those were."""
        checked = 0
        while await check_next(self.service.runtime.database, self.store, limits or Limits(), self.service.now):
            checked += 1
        return checked

    async def pass_time(self) -> None:
        """Let happen what is due by now."""
        await fire_due(self.service.runtime.database, HANDLERS, self.service.now)
        await sweep(self.service.runtime.database, self.store, self.service.now)

    async def media(self, media: str, *, by: str | None = "anna") -> dict[str, Any]:
        answer = await self.ask("GET", f"/media/{media}", by=by)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def content(self, media: str, *, method: str = "GET", by: str | None = "anna", **headers: str) -> Response:
        """What is behind a fresh link."""
        link = (await self.media(media, by=by))["content"]
        return await self.ask(method, link.removeprefix("/v1"), by=None, **headers)

    async def assembled(self, upload: str) -> bytes:
        """The bytes that an upload counts, in order."""
        rows = await self.service.rows(
            "select media_id, starts_at, attempt_id from upload_parts where media_id = $1 order by starts_at",
            UUID(upload),
        )
        keys = [f"uploads/{media}/{start}-{attempt}" for media, start, attempt in rows]
        return b"".join([piece for key in keys async for piece in self.store.stream(key)])

    def files(self) -> list[str]:
        """What is in the store."""
        root = Path(self.service.runtime.settings.data_dir, "media")
        found = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
        return sorted(str(path.relative_to(root)) for path in found)

    async def left(self) -> tuple[int, list[str]]:
        """How many rows and which files there are."""
        [(rows,)] = await self.service.rows("select count(*) from media")
        return rows, self.files()


@pytest.fixture
async def uploads(initiatives: Initiatives) -> Uploads:
    return Uploads(initiatives)
