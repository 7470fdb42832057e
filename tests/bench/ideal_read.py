"""The bare ideal of reading: the very statements of the initiatives service, and nothing around them.

python -m tests.bench.ideal_read PORT DATABASE_URL
"""

import socket
import sys
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from tests.bench.ideal import as_it_is

from initiatives.storage import pages, search

PAGE_OF_A_LIST = 20
LIST, ARGUMENTS = search.statement(search.Search(), search.Sort.NEWEST, None, PAGE_OF_A_LIST + 1)


class Reading:
    """The ASGI application: `GET /v1/initiatives` and `GET /v1/initiatives/{id}`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with what PostgreSQL made."""
        asked = scope["path"].removeprefix("/v1/initiatives").strip("/")
        if asked:
            row = await self.pool.fetchrow(pages.PAGE, UUID(asked))
            assert row is not None
            body = row["document"].encode()
        else:
            rows = await self.pool.fetch(LIST, *ARGUMENTS)
            body = b'{"items":[%s]}' % ",".join(row["document"] for row in rows[:PAGE_OF_A_LIST]).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def main(port: int, database_url: str) -> None:
    """Serve until SIGTERM."""
    async with asyncpg.create_pool(
        database_url, min_size=2, max_size=8, reset=as_it_is, server_settings={"jit": "off"}
    ) as pool:
        config = uvicorn.Config(Reading(pool), lifespan="off", access_log=False, log_config=None, http="httptools")
        with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
            print("ready", flush=True)
            await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
