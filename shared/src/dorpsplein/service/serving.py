"""Serving: a process of a service from its start to its clean end."""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

from dorpsplein import failpoints, telemetry
from dorpsplein.service.runtime import Runtime, Service
from dorpsplein.settings import Settings


async def serve(service: Service, settings: Settings) -> None:
    """Run a process of a service until SIGTERM or SIGINT. Ends the process where settings are not safe."""

    async def work(runtime: Runtime, stopping: asyncio.Task[None]) -> None:
        if settings.role == "worker":
            await stopping
        else:
            await _serve_http(runtime, stopping)

    await _run(service, settings, work)


Work = Callable[[Runtime, asyncio.Event], Awaitable[None]]
"""Work of a service in a process of its own; it ends soon after the event is set."""


async def serve_apart(service: Service, settings: Settings, work: Work) -> None:
    """Run one work of a service as a process of its own, until SIGTERM or SIGINT: its database and metrics only.

    What it records is sent by the relay of another process, which is told. Ends the process where settings are not
    safe.
    """

    async def until_stopped(runtime: Runtime, stopping: asyncio.Task[None]) -> None:
        stop = asyncio.Event()
        stopping.add_done_callback(lambda _: stop.set())
        await work(runtime, stop)

    await _run(service, settings.model_copy(update={"role": "api"}), until_stopped)


async def _run(
    service: Service, settings: Settings, work: Callable[[Runtime, asyncio.Task[None]], Awaitable[None]]
) -> None:
    if missing := settings.unsafe():
        sys.exit(f"This is not safe to run in production: set {', '.join(missing)}.")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if settings.environment == "local":
        failpoints.arm(settings.failpoints)
    telemetry.start_tracing(settings.otlp_endpoint, service.name)
    metrics = await telemetry.serve_metrics(_listener(settings.metrics_fd, settings.host, settings.metrics_port))
    async with Runtime(service, settings) as runtime, metrics:
        await work(runtime, asyncio.create_task(_either(stop, runtime.broken)))
    telemetry.stop_tracing()
    if runtime.broken.is_set():
        sys.exit("This process stopped because a part of it broke; the log says which.")


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_http(runtime: Runtime, stopping: asyncio.Task[None]) -> None:
    settings = runtime.settings
    server = _Server(
        uvicorn.Config(
            runtime.app(),
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=3,
            server_header=False,
            proxy_headers=False,
            backlog=2048,
        )
    )

    def stop(_: object) -> None:
        server.should_exit = True

    stopping.add_done_callback(stop)
    await server.serve(sockets=[_listener(settings.listen_fd, settings.host, settings.port)])


def _listener(fd: int | None, host: str, port: int) -> socket.socket:
    """The socket a supervisor handed over, or one bound here."""
    if fd is not None:
        return socket.socket(fileno=fd)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def run_on_uvloop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on uvloop, uvicorn's own choice."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
