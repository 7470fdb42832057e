"""The bare ideal of finding who is near: the statements of the presence service, and nothing around them.

Every question is answered by the same statement about the middle of the town, kept on the plan it got.

python -m tests.bench.ideal_nearby PORT DATABASE_URL
"""

import socket
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import uvicorn
from pydantic_core import to_json
from tests.bench.ideal import as_it_is

from presence.storage import nearby, places

PAGE_OF_A_LIST = 51
MIDDLE, RADIUS_M = (52.0, 4.8), 1_000.0


def statements() -> dict[str, tuple[str, list[Any]]]:
    """The statement of each path, with its arguments."""
    now = datetime.now(UTC)
    search = nearby.Search(now, now + timedelta(days=7), MIDDLE, RADIUS_M)
    return {
        "/v1/presence-slots": nearby.coming_statement(search, None, PAGE_OF_A_LIST),
        "/v1/here-now": nearby.here_now_statement(now, MIDDLE, RADIUS_M, None, PAGE_OF_A_LIST),
        "/v1/places": (places.NEAR, [None, None, *MIDDLE, RADIUS_M, None, PAGE_OF_A_LIST]),
    }


class Finding:
    """The ASGI application: the three lists."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.pool = pool
        self.statements = statements()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the rows as they are."""
        text, arguments = self.statements[scope["path"]]
        rows = await self.pool.fetch(text, *arguments)
        body = to_json({"items": [dict(row) for row in rows]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def main(port: int, database_url: str) -> None:
    """Serve until SIGTERM."""
    async with asyncpg.create_pool(
        database_url, min_size=2, max_size=8, reset=as_it_is, server_settings={"jit": "off"}
    ) as pool:
        config = uvicorn.Config(Finding(pool), lifespan="off", access_log=False, log_config=None, http="httptools")
        with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
            print("ready", flush=True)
            await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
