"""The short way through HTTP answers exactly as FastAPI's own way does, and is taken by the routes it is for."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response
from httpx import ASGITransport, AsyncClient
from tests.support import login, verifier

from dorpsplein.direct import ShortWay
from dorpsplein.errors import Refused, Transient
from dorpsplein.fields import Body, Cents, View
from dorpsplein.identity import Caller, Role, allow
from dorpsplein.web import OnlyOnce, create_app, permitted

THING = "0199c2f4-5ad2-7c7e-8c1f-0b7c4a5f9d11"
RESIDENT = Annotated[Caller, permitted(allow(Role.RESIDENT))]

router = APIRouter()


class Offer(Body):
    amount_cents: Cents
    thing_id: UUID | None = None


class Thing(View):
    thing_id: UUID


@router.get("/things/first")
async def first() -> Response:
    return JSONResponse({"which": "first"})


@router.get("/things/{thing_id}")
async def one(thing_id: UUID, language: Annotated[str, Header(max_length=5)] = "nl") -> Response:
    if thing_id.int == 0:
        raise Refused("nothing", "There is nothing there.", thing=thing_id)
    if thing_id.int == 1:
        raise Transient("away")
    return JSONResponse({"thing": str(thing_id), "language": language}, headers={"ETag": '"1"'})


@router.post("/things/{thing_id}/offers", status_code=201)
async def offer(thing_id: UUID, offered: Offer, caller: RESIDENT, once: OnlyOnce) -> Response:
    return JSONResponse({"thing": str(thing_id), "cents": offered.amount_cents, "key": once.key}, 201)


@router.put("/things/{thing_id}/yes")
async def say_yes(thing_id: UUID, offered: Offer | None = None) -> Response:
    return JSONResponse({"thing": str(thing_id), "cents": offered and offered.amount_cents})


@router.get("/views/{thing_id}")
async def view(thing_id: UUID) -> Thing:
    return Thing(thing_id=thing_id)


@router.get("/lists/{thing_id}")
async def listed(thing_id: UUID, limit: int = 3) -> Response:
    return JSONResponse({"limit": limit})


@router.get("/words")
async def words(words: Annotated[list[str], Query()]) -> Response:
    return JSONResponse({"words": words})


async def _ready() -> dict[str, str]:
    return {}


def _client(*, short: bool) -> AsyncClient:
    database: Any = None
    app = create_app(
        "things", [router], database=database, verifier=verifier(), ready=_ready, public_url="http://town.test"
    )
    if not short:
        app.user_middleware = [one for one in app.user_middleware if str(one.cls) != str(ShortWay)]
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://town.test")


@pytest.fixture
async def ways() -> AsyncIterator[Sequence[AsyncClient]]:
    async with _client(short=True) as short, _client(short=False) as long:
        yield short, long


def _asked() -> list[tuple[str, str, dict[str, Any]]]:
    offers = f"/v1/things/{THING}/offers"
    anna, dora = login("anna"), login("dora")
    good = {"amountCents": 500}
    bodies: list[Any] = [good, {}, {"amountCents": 0}, {"amountCents": "5"}, {**good, "more": 1}, [], None, 7, "x"]
    return [
        *(("GET", f"/v1/things/{path}", {}) for path in (THING, THING.upper(), "first", "no-uuid", "", f"{{{THING}}}")),
        *(("GET", f"/v1/things/{UUID(int=number)}", {}) for number in (0, 1, 2)),
        ("GET", f"/v1/things/{THING}", {"headers": {"language": "fy"}}),
        ("GET", f"/v1/things/{THING}", {"headers": {"language": "too long"}}),
        ("GET", f"/v1/things/{THING}?surprise=1", {}),
        ("DELETE", f"/v1/things/{THING}", {}),
        ("HEAD", f"/v1/things/{THING}", {}),
        ("GET", f"/v1/views/{THING}", {}),
        *(("GET", f"/v1/lists/{THING}{query}", {}) for query in ("", "?limit=9", "?limit=x", "?", "?other=1")),
        ("GET", "/v1/words", {}),
        ("GET", "/v1/words?words=a&words=b", {}),
        ("GET", "/v1/health/live", {}),
        ("GET", "/v2/things", {}),
        *(("POST", offers, {"headers": anna, "json": body}) for body in bodies),
        *(("POST", offers, {"headers": who, "json": good}) for who in ({}, dora, {"Authorization": "Bearer x.y.z"})),
        *(
            ("POST", offers, {"headers": {**anna, "Idempotency-Key": key}, "json": good})
            for key in ("k", "", "k" * 201)
        ),
        ("POST", offers, {"headers": {**anna, "Content-Type": "text/plain"}, "content": json.dumps(good)}),
        ("POST", offers, {"headers": {**anna, "Content-Type": "application/json"}, "content": b"\xff{"}),
        ("POST", offers, {"headers": {**anna, "Content-Type": "application/json"}, "content": b"[" * 100_000}),
        ("POST", "/v1/things/no-uuid/offers", {"headers": dora, "json": {}}),
        *(("PUT", f"/v1/things/{THING}/yes", {"json": body}) for body in bodies),
        *(("PUT", f"/v1/things/{THING}/yes", {"content": content}) for content in (None, b"", b"{")),
    ]


async def test_every_request_is_answered_alike_on_both_ways(ways: Sequence[AsyncClient]) -> None:
    for method, path, sent in _asked():
        short, long = [await way.request(method, path, **sent) for way in ways]
        assert (short.status_code, short.text) == (long.status_code, long.text), (method, path, sent)
        assert sorted(short.headers.items()) == sorted(long.headers.items()), (method, path, sent)


def test_plain_routes_take_the_short_way_and_no_others() -> None:
    way = ShortWay(lambda *_: None, [router], "/v1", {})  # type: ignore[arg-type]
    taken = {
        path: way._find({"type": "http", "method": method, "path": path}) is not None
        for method, path in (
            ("GET", f"/v1/things/{THING}"),
            ("POST", f"/v1/things/{THING}/offers"),
            ("GET", f"/v1/views/{THING}"),
            ("GET", f"/v1/lists/{THING}"),
        )
    }
    assert list(taken.values()) == [True, True, False, True]
