"""One address for all services."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from dorpsplein_local import gateway
from dorpsplein_local.gateway import Gateway, create_gateway
from dorpsplein_local.issuer import Issuer

Client = TestClient[web.Request, web.Application]


async def echo(request: web.Request) -> web.Response:
    body = await request.text()
    seen = {"path": request.path_qs, "body": body, "headers": dict(request.headers), "method": request.method}
    return web.json_response(seen, status=201, headers={"API-Version": "1.0.0", "Keep-Alive": "yes"})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: one\n\n")
    await request.app[ONWARD].wait()
    await response.write(b"data: two\n\n")
    return response


async def breaks_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.abort()
    return response


async def bare(_: web.Request) -> web.Response:
    return web.Response(headers={"Upload-Offset": "70", "Location": "/v1/uploads/1"})


async def slow(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


ONWARD = web.AppKey("onward", asyncio.Event)


@pytest.fixture
async def service() -> AsyncIterator[TestServer]:
    app = web.Application()
    app[ONWARD] = asyncio.Event()
    app.router.add_get("/v1/events", stream)
    app.router.add_get("/v1/half", breaks_off)
    app.router.add_get("/v1/slow", slow)
    app.router.add_route("HEAD", "/v1/head", bare)
    app.router.add_route("OPTIONS", "/v1/options", bare)
    app.router.add_route("*", "/v1/{rest:.*}", echo)
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
async def client(service: TestServer, tmp_path: Path) -> AsyncIterator[Client]:
    services = {"tools": str(service.make_url("")).rstrip("/"), "away": "http://127.0.0.1:1"}
    app = create_gateway(Gateway(services, Issuer(tmp_path, "local")))
    async with TestClient(TestServer(app)) as asking:
        yield asking


async def test_a_request_reaches_the_service_as_it_was_asked(client: Client) -> None:
    asked = {"X-Forwarded-For": "6.6.6.6", "Idempotency-Key": "k", "Connection": "Extra", "Extra": "hop"}
    answer = await client.post("/api/tools/v1/saws%2Fsmall?near=a%20b&x=%C3%A9", data="{}", headers=asked)
    seen = await answer.json()
    assert (answer.status, seen["method"], seen["body"]) == (201, "POST", "{}")
    assert seen["path"] == "/v1/saws%2Fsmall?near=a%20b&x=%C3%A9"
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert seen["headers"]["X-Forwarded-Prefix"] == "/api/tools"
    assert seen["headers"]["Idempotency-Key"] == "k"
    assert "Extra" not in seen["headers"]
    assert answer.headers["API-Version"] == "1.0.0"
    assert "Keep-Alive" not in answer.headers


async def test_an_event_passes_before_the_next_one_is_there(client: Client, service: TestServer) -> None:
    async with client.get("/api/tools/v1/events") as answer:
        assert await asyncio.wait_for(answer.content.readuntil(b"\n\n"), 5) == b"data: one\n\n"
        service.app[ONWARD].set()
        assert await asyncio.wait_for(answer.content.readuntil(b"\n\n"), 5) == b"data: two\n\n"


async def test_a_large_body_passes_through_whole(client: Client) -> None:
    body = "x" * 900_000
    answer = await client.put("/api/tools/v1/saws", data=body)
    assert (await answer.json())["body"] == body


async def test_a_body_may_take_long_as_long_as_it_keeps_coming(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ANSWER_BEGINS_WITHIN_S", 0.3)

    async def slowly(pauses: list[float]) -> AsyncIterator[bytes]:
        for pause in pauses:
            await asyncio.sleep(pause)
            yield b"x" * 100

    headers = {"Content-Length": "500", "Tus-Resumable": "1.0.0", "Upload-Offset": "7"}
    answer = await client.patch("/api/tools/v1/uploads/1", data=slowly([0.15] * 5), headers=headers)
    seen = await answer.json()
    assert (answer.status, seen["method"], seen["body"]) == (201, "PATCH", "x" * 500)
    assert headers.items() <= seen["headers"].items()
    assert "Transfer-Encoding" not in seen["headers"]
    assert (await client.patch("/api/tools/v1/uploads/1", data=slowly([0, 1, 0, 0, 0]), headers=headers)).status == 503


async def test_nothing_is_asked_for_that_nobody_asked_for(client: Client) -> None:
    unsaid = {"Accept", "Accept-Encoding", "User-Agent"}
    answer = await client.get("/api/tools/v1/saws", skip_auto_headers=unsaid)
    assert not unsaid & (await answer.json())["headers"].keys()


async def test_an_answer_without_a_body_keeps_its_headers(client: Client) -> None:
    for method, path in (("HEAD", "head"), ("OPTIONS", "options")):
        answer = await client.request(method, f"/api/tools/v1/{path}")
        assert (answer.status, answer.headers["Upload-Offset"], await answer.read()) == (200, "70", b"")
        assert answer.headers["Location"] == "/api/tools/v1/uploads/1"


async def test_a_service_that_is_away_is_a_503_with_a_time_to_come_back(client: Client) -> None:
    answer = await client.get("/api/away/v1/saws")
    problem = json.loads(await answer.text())
    assert (answer.status, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    assert problem["code"] == "service-away"


async def test_a_service_that_does_not_begin_to_answer_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ANSWER_BEGINS_WITHIN_S", 0.1)
    assert (await client.get("/api/tools/v1/slow")).status == 503


async def test_half_an_answer_never_looks_whole(client: Client) -> None:
    answer = await client.get("/api/tools/v1/half")
    with pytest.raises(ClientPayloadError):
        await answer.read()


@pytest.mark.parametrize("path", ["/api/none/v1/saws", "/api/tools/secrets", "/api/tools/v1x", "/nothing"])
async def test_there_is_nothing_elsewhere(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_the_issuer_and_the_front_page_are_there(client: Client) -> None:
    keys = await (await client.get("/dev-issuer/jwks")).json()
    discovery = await (await client.get("/dev-issuer/.well-known/openid-configuration")).json()
    assert keys["keys"][0]["crv"] == "P-256"
    async with ClientSession() as anyone, anyone.get(discovery["jwks_uri"]) as answer:
        assert await answer.json() == keys
    page = await (await client.get("/")).text()
    assert 'href="/api/tools/v1/openapi.json"' in page
    assert "<script" not in page
