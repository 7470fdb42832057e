"""The load generator: a lean HTTP/1.1 client in a process of its own, so that its CPU is not counted.

    python -m tests.bench.load PORT CLIENTS SECONDS

Standard input gives the requests, one JSON array `[method, path, headers, body]` a line, then an empty line. It
answers `ready` once all connections are open, starts at the next line, and ends with one JSON document. Every
client sends its next request when the last is answered. Any answer but 2xx ends it.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast


def encoded(method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += ["Content-Type: application/json"]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on its way."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.received[:end]).lower()
        mark = head.find(b"content-length: ")
        length = int(head[mark + 16 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
        if len(self.received) < end + 4 + length:
            return
        answer, self.received = bytes(self.received), bytearray()
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> float:
        """Send a request; the seconds until its answer. Raises ValueError for any answer but 2xx."""
        if self.transport.is_closing():
            raise ConnectionError("the server closed the connection while it was idle")
        self.answer = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self.transport.write(request)
        answer = await self.answer
        if answer[9:10] != b"2":
            raise ValueError(f"{request[:200]!r} was answered {answer[:600]!r}")
        return time.perf_counter() - started


async def connections(port: int, count: int) -> list[Connection]:
    """Open connections."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(count)]
    return [connection for _, connection in opened]


@dataclass
class Load:
    """What a run sent: how many, in how many seconds, and the sorted seconds until each answer."""

    count: int
    seconds: float
    waits: list[float]

    def document(self) -> dict[str, float]:
        """The run in figures; milliseconds where it says so."""
        return {
            "count": self.count,
            "seconds": self.seconds,
            "p50_ms": percentile(self.waits, 50) * 1000,
            "p99_ms": percentile(self.waits, 99) * 1000,
        }


def percentile(values: Sequence[float], percent: float) -> float:
    """A percentile by the nearest rank; nan where there is nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


async def run(port: int, clients: int, seconds: float, requests: Sequence[bytes]) -> Load:
    """Send until the time or the requests are over."""
    waits: list[float] = []
    left = iter(requests)
    opened = await connections(port, clients)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    started = time.perf_counter()

    async def client(connection: Connection) -> None:
        for request in left:
            waits.append(await connection.ask(request))
            if time.perf_counter() - started >= seconds:
                return

    await asyncio.gather(*map(client, opened))
    return Load(len(waits), time.perf_counter() - started, waits)


if __name__ == "__main__":
    import uvloop

    made = [encoded(*json.loads(line)) for line in iter(sys.stdin.readline, "\n")]
    load = uvloop.run(run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), made))
    print(json.dumps(load.document()))
