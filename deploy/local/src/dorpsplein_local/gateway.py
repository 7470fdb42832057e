"""One address for the whole run: the front page, the services' APIs and the development issuer."""

import asyncio
import html
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.issuer import Issuer

HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
    ]
)
ANSWER_BEGINS_WITHIN_S = 60.0
RETRY_AFTER_S = "2"


@dataclass
class Gateway:
    """What the gateway stands before: services by name, each with the base URL it serves `/v1` at."""

    services: Mapping[str, str]
    issuer: Issuer


GATEWAY = web.AppKey("gateway", Gateway)
CLIENT = web.AppKey("client", ClientSession)


def create_gateway(gateway: Gateway) -> web.Application:
    """Return the application that serves it."""
    app = web.Application(client_max_size=0)
    app[GATEWAY] = gateway
    app.cleanup_ctx.append(_client)
    app.router.add_get("/", _front_page)
    app.router.add_get("/healthz", _healthy)
    app.router.add_get("/dev-issuer/jwks", _keys)
    app.router.add_get("/dev-issuer/.well-known/openid-configuration", _discovery)
    app.router.add_route("*", r"/api/{service:[a-z-]+}/{path:v\d+(?:/.*)?}", _forward)
    return app


async def _client(app: web.Application) -> AsyncIterator[None]:
    """Keep one pool to the services, without limits: streams of events stay open for hours."""
    endless = ClientTimeout(total=None, sock_connect=5)
    connector = TCPConnector(limit=0)
    async with ClientSession(timeout=endless, connector=connector, auto_decompress=False) as app[CLIENT]:
        yield


async def _forward(request: web.Request) -> web.StreamResponse:
    """Pass a request on and its answer back, both as they come; 503 while the service is away."""
    services = request.app[GATEWAY].services
    service = request.match_info["service"]
    if service not in services:
        return _problem(404, "no-such-service", f"There are {', '.join(services)}.")
    path = request.rel_url.raw_path_qs.removeprefix(f"/api/{service}")
    try:
        async with asyncio.timeout(ANSWER_BEGINS_WITHIN_S) as patience:
            answer = await request.app[CLIENT].request(
                request.method,
                URL(services[service] + path, encoded=True),
                headers=_headers_on(request),
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
                data=_body(request, patience) if request.body_exists else None,
                allow_redirects=False,
            )
    except (ClientError, OSError, TimeoutError) as fault:
        return _problem(503, "service-away", f"{service} is away: {type(fault).__name__}.")
    async with answer:
        headers = _end_to_end(answer.headers)
        if (location := headers.get("Location", "")).startswith("/"):
            headers["Location"] = f"/api/{service}{location}"
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        await response.prepare(request)
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except ClientError:
            _cut(request)
        return response


async def _body(request: web.Request, patience: asyncio.Timeout) -> AsyncIterator[bytes]:
    """Pass a body on as it comes. While it keeps coming there is no answer to wait for, so patience begins anew."""
    async for chunk in request.content.iter_any():
        patience.reschedule(asyncio.get_running_loop().time() + ANSWER_BEGINS_WITHIN_S)
        yield chunk


def _headers_on(request: web.Request) -> CIMultiDict[str]:
    headers = _end_to_end(request.headers)
    for name in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix"):
        headers.popall(name, None)
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Host"] = request.host
    headers["X-Forwarded-Proto"] = request.scheme
    headers["X-Forwarded-Prefix"] = f"/api/{request.match_info['service']}"
    return headers


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for line in headers.getall("Connection", []) for name in line.split(",")}
    return CIMultiDict((k, v) for k, v in headers.items() if k.lower() not in HOP_BY_HOP | named)


def _cut(request: web.Request) -> None:
    """Break the connection off, so that nobody takes half an answer for a whole one."""
    if request.transport is not None:
        request.transport.abort()


def _problem(status: int, code: str, detail: str) -> web.Response:
    titles = {404: "There is no such thing", 503: "Not available for a moment"}
    problem = {"type": f"urn:dorpsplein:problem:{code}", "title": titles[status], "status": status}
    return web.json_response(
        {**problem, "code": code, "detail": detail},
        status=status,
        headers={"Retry-After": RETRY_AFTER_S} if status == 503 else {},
        content_type="application/problem+json",
    )


async def _healthy(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[GATEWAY].issuer.keys())


async def _discovery(request: web.Request) -> web.Response:
    base = f"{request.scheme}://{request.host}/dev-issuer"
    return web.json_response(request.app[GATEWAY].issuer.discovery(base))


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Dorpsplein</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}</style>
<h1>Dorpsplein</h1>
<p>The square runs on this machine. These are its services; the page for residents is still to be built.</p>
<table>{rows}</table>
<p>Messages that would have been sent: <a href="/api/notifications/v1/inbox">the local inbox</a>.
Log in by a token: <code>./dorpsplein token --as anna</code>.</p>
</html>
"""


async def _front_page(request: web.Request) -> web.Response:
    row = (
        '<tr><th align="left">{0}</th><td><code>/api/{0}/v1</code></td>'
        '<td><a href="/api/{0}/v1/openapi.json">openapi.json</a></td></tr>'
    )
    rows = "\n".join(row.format(html.escape(name)) for name in request.app[GATEWAY].services)
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return web.Response(
        text=PAGE.format(rows=rows), content_type="text/html", headers={"Content-Security-Policy": policy}
    )


def main() -> None:
    """Serve on the socket that the supervisor handed over, until SIGTERM."""
    environment = os.environ
    try:
        issuer = Issuer(Path(environment["DORPSPLEIN_DATA_DIR"]), environment.get("DORPSPLEIN_ENVIRONMENT", ""))
    except CannotRun as fault:
        sys.exit(str(fault))
    app = create_gateway(Gateway(json.loads(environment["DORPSPLEIN_UPSTREAMS"]), issuer))
    listener = socket.socket(fileno=int(environment["DORPSPLEIN_LISTEN_FD"]))
    web.run_app(app, sock=listener, print=None, access_log=None, shutdown_timeout=1, handler_cancellation=True)


if __name__ == "__main__":
    main()
