"""The HTTP face: every error a problem document, every answer with its headers, lists by cursor."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import APIRouter, Request, Response
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from tests.support import login, token, verifier

from dorpsplein.database import Database
from dorpsplein.envelope import CAUSE
from dorpsplein.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Rejected, Stale, Transient
from dorpsplein.fields import Body, Cents, Line
from dorpsplein.identity import Role, allow
from dorpsplein.outbox import Outbox
from dorpsplein.web import (
    MOST_BODY_BYTES,
    SECURITY_HEADERS,
    IfMatch,
    create_app,
    etag,
    from_cursor,
    page,
    permitted,
    to_cursor,
)

FAULTS: dict[str, Exception] = {
    "refused": Refused("tool-is-away", "The saw is lent; ask for it on Friday.", until=UUID(int=7)),
    "invalid": Invalid("not-so"),
    "forbidden": Forbidden("not-yours"),
    "missing": NotFound("tool-unknown"),
    "conflict": Conflict("taken"),
    "stale": Stale("changed"),
    "away": Transient("the database cannot be reached"),
    "slow": asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    "too-large-a-number": asyncpg.NumericValueOutOfRangeError("value out of int64 range"),
    "bug": ZeroDivisionError("a secret of the house"),
}
STATUS = {
    "refused": 422,
    "invalid": 400,
    "forbidden": 403,
    "missing": 404,
    "conflict": 409,
    "stale": 412,
    "away": 503,
    "slow": 503,
    "too-large-a-number": 400,
    "bug": 500,
}


class Loan(Body):
    tool: Line
    cents: Cents


router = APIRouter()


@router.get("/faults/{name}")
async def fail(name: str) -> dict[str, Any]:
    raise FAULTS[name]


@router.get("/faults-of-responses/{name}")
async def fail_directly(name: str) -> Response:
    raise FAULTS[name]


@router.post("/loans", status_code=201)
async def lend(body: Loan, _: Annotated[Any, permitted(allow(Role.RESIDENT))]) -> dict[str, Any]:
    return {"tool": body.tool}


@router.put("/loans")
async def lend_directly(body: Loan, _: Annotated[Any, permitted(allow(Role.RESIDENT))]) -> Response:
    return Response(json.dumps({"tool": body.tool}), media_type="application/json")


@router.patch("/loans/{loan_id}")
async def change(loan_id: UUID, version: IfMatch) -> Response:
    if version != 3:
        raise Stale("loan-changed")
    return Response(headers={"ETag": etag(4)})


@router.get("/loans")
async def list_loans(request: Request, after: int = 0, cursor: str = "") -> Response:
    start = from_cursor(cursor, int)[0] if cursor else after
    return page(request, [{"id": UUID(int=n)} for n in range(start, start + 3)], to_cursor(start + 3))


@router.get("/cause")
async def cause() -> dict[str, Any]:
    current = CAUSE.get()
    assert current is not None
    return {"correlation": current.correlation_id, "traceparent": current.traceparent}


@asynccontextmanager
async def toolshed(missing: dict[str, str]) -> AsyncIterator[AsyncClient]:
    async def ready() -> dict[str, str]:
        return missing

    app = create_app(
        "toolshed",
        [router],
        database=Database("", Outbox("urn:x", "http://x")),
        verifier=verifier(),
        ready=ready,
        public_url="https://dorp.example",
        large_bodies={"/blueprints": 2 * MOST_BODY_BYTES, "/sheds/{shed_id}/plan": 3 * MOST_BODY_BYTES},
    )
    async with AsyncClient(transport=ASGITransport(app), base_url="http://service.test/v1") as made:
        yield made


@pytest.fixture
def missing() -> dict[str, str]:
    return {}


@pytest.fixture
async def client(missing: dict[str, str]) -> AsyncIterator[AsyncClient]:
    async with toolshed(missing) as made:
        yield made


def assert_problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["type"] == f"urn:dorpsplein:problem:{document['code']}"
    assert code in (None, document["code"])
    assert SECURITY_HEADERS.items() <= {n: answer.headers.get(n) for n in SECURITY_HEADERS}.items()
    return document


@pytest.mark.parametrize("way", ["faults", "faults-of-responses"])
@pytest.mark.parametrize("name", list(FAULTS))
async def test_every_fault_is_a_problem_document_on_both_ways(client: AsyncClient, name: str, way: str) -> None:
    answer = await client.get(f"/{way}/{name}")
    fault = FAULTS[name]
    assert_problem(answer, STATUS[name], fault.code if isinstance(fault, Rejected) else None)
    assert (answer.headers.get("retry-after") is not None) is (STATUS[name] == 503)
    assert "secret" not in answer.text


async def test_a_refusal_carries_its_facts(client: AsyncClient) -> None:
    document = assert_problem(await client.get("/faults/refused"), 422, "tool-is-away")
    assert document["until"] == str(UUID(int=7))
    assert document["detail"] == "The saw is lent; ask for it on Friday."


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_all_faults_of_a_body_are_listed(client: AsyncClient, method: str) -> None:
    body = {"tool": "a\0b", "cents": -1, "more": True}
    document = assert_problem(await client.request(method, "/loans", json=body, headers=login("anna")), 400)
    assert document["code"] == "invalid-request"
    assert {(e["in"], e["pointer"]) for e in document["errors"]} == {
        ("body", "/tool"),
        ("body", "/cents"),
        ("body", "/more"),
    }


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"tool": "a", "cents": NaN}',
        b'{"tool": "a", "cents": 1e400}',
        b'{"tool": "a", "cents": 9223372036854775808}',
        b'{"tool": "a", "cents": ' + b"9" * 5000 + b"}",
        b'{"tool": "\\ud800", "cents": 1}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_no_body_breaks_anything(client: AsyncClient, method: str, body: bytes) -> None:
    headers = login("anna") | {"Content-Type": "application/json"}
    assert_problem(await client.request(method, "/loans", content=body, headers=headers), 400)


@given(
    body=st.binary(max_size=60),
    path=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    query=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
async def test_whatever_is_sent_nothing_breaks(body: bytes, path: str, query: str) -> None:
    async with toolshed({}) as client:
        headers = login("anna") | {"Content-Type": "application/json"}
        for answer in (
            await client.put("/loans", content=body, headers=headers),
            await client.get("/loans", params={"after": query, "cursor": path}),
            await client.get("/loans/" + quote(path)),
        ):
            assert answer.status_code < 500, answer.text


async def test_who_has_no_or_a_bad_token_is_told_to_send_one(client: AsyncClient) -> None:
    loan = {"tool": "saw", "cents": 1}
    for headers in (
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
    ):
        for method in ("POST", "PUT"):
            answer = await client.request(method, "/loans", json=loan, headers=headers)
            assert_problem(answer, 401)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    forged = token("anna", Role.OPERATOR)[:-4] + "AAAA"
    assert_problem(await client.post("/loans", json=loan, headers={"Authorization": f"Bearer {forged}"}), 401)


async def test_another_role_is_forbidden(client: AsyncClient) -> None:
    document = assert_problem(await client.post("/loans", json={}, headers=login("otto")), 403, "role-not-allowed")
    assert "resident" in document["detail"]


async def test_what_is_not_there_is_not_found(client: AsyncClient) -> None:
    for path in ("/nothing", "/loans/", "/loans//", "/"):
        assert_problem(await client.get(path), 404, "not-found")


async def test_a_wrong_method_names_all_that_are_right(client: AsyncClient) -> None:
    answer = await client.delete("/loans")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST, PUT"


async def test_a_body_that_is_too_large_or_of_unknown_length_is_not_read(client: AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"{}"

    assert_problem(await client.post("/loans", content=b"x" * (MOST_BODY_BYTES + 1)), 413, "too-large")
    assert_problem(
        await client.post("/loans", content=b"", headers={b"Content-Length": "²".encode("latin-1")}), 413, "too-large"
    )
    assert_problem(await client.post("/loans", content=chunks()), 411, "length-required")


async def test_a_larger_body_is_let_in_only_where_that_was_said_and_up_to_its_own_limit(client: AsyncClient) -> None:
    for size, status in ((MOST_BODY_BYTES + 1, 404), (2 * MOST_BODY_BYTES, 404), (2 * MOST_BODY_BYTES + 1, 413)):
        assert (await client.post("/blueprints", content=b"x" * size)).status_code == status
    assert (await client.post("/blueprints/1", content=b"x" * (MOST_BODY_BYTES + 1))).status_code == 413
    for path, size, status in (
        ("/sheds/7/plan", 3 * MOST_BODY_BYTES, 404),
        ("/sheds/7/plan", 3 * MOST_BODY_BYTES + 1, 413),
        ("/sheds/7/8/plan", MOST_BODY_BYTES + 1, 413),
        ("/sheds/7/plan/x", MOST_BODY_BYTES + 1, 413),
    ):
        assert (await client.put(path, content=b"x" * size)).status_code == status, path


async def test_a_nul_in_an_address_is_refused(client: AsyncClient) -> None:
    for path in ("/loans?cursor=%00", "/loans/%00", "/faults/a%00b"):
        assert_problem(await client.get(path), 400, "invalid-request")


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 428),
        ('"3"', 200),
        ('"2"', 412),
        ('W/"3"', 200),
        ("³", 400),
        ("*", 400),
        ('"x"', 400),
        ('"' + "9" * 19, 400),
    ],
)
async def test_an_edit_says_which_version_it_was_based_on(
    client: AsyncClient, if_match: str | None, status: int
) -> None:
    headers = {} if if_match is None else {b"If-Match": if_match.encode("latin-1")}
    answer = await client.patch(f"/loans/{uuid4()}", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["ETag"] == '"4"'
    else:
        assert_problem(answer, status)


async def test_every_answer_has_version_and_security_headers(client: AsyncClient) -> None:
    for path in ("/loans", "/cause", "/health/live", "/openapi.json"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert SECURITY_HEADERS.items() <= {n: answer.headers.get(n) for n in SECURITY_HEADERS}.items()
    assert re.fullmatch(r"\d+\.\d+\.\d+", answer.headers["API-Version"])


async def test_a_list_links_its_next_page_relative_to_wherever_it_was_asked(client: AsyncClient) -> None:
    answer = await client.get("/loans?after=3&after=4")
    assert [item["id"] for item in answer.json()["items"]] == [str(UUID(int=n)) for n in (4, 5, 6)]
    link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers["Link"])
    assert link
    behind_gateway = urljoin("https://dorp.example/api/toolshed/v1/loans?after=3", link[1])
    assert behind_gateway.startswith("https://dorp.example/api/toolshed/v1/loans?")
    assert parse_qs(urlsplit(behind_gateway).query)["cursor"] == [answer.json()["next"]]
    following = await client.get(f"/loans?{urlsplit(behind_gateway).query}")
    assert following.json()["items"][0]["id"] == str(UUID(int=7))


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: to_cursor(raw.hex())))
def test_a_made_up_cursor_is_refused_or_a_position(cursor: str) -> None:
    with suppress(Invalid):
        assert abs(from_cursor(cursor, int)[0]) < 2**63


@given(
    st.integers(-(2**62), 2**62), st.uuids(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
)
def test_a_cursor_comes_back_as_the_position_it_was(number: int, key: UUID, text: str) -> None:
    assert from_cursor(to_cursor(number, key, text), int, UUID, str) == [number, key, text]


async def test_openapi_is_open_to_all_and_tells_the_truth(client: AsyncClient) -> None:
    answer = await client.get("/openapi.json", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = answer.json()
    assert document["info"]["contact"]["name"]
    assert document["servers"] == [{"url": "https://dorp.example/api/toolshed/v1"}]
    assert set(document["paths"]) >= {"/loans", "/loans/{loan_id}"}
    assert document["paths"]["/loans"]["post"]["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/loans"]["get"]
    responses = document["paths"]["/loans"]["post"]["responses"]
    assert "422" not in responses
    assert "application/problem+json" in responses["default"]["content"]
    assert "HTTPValidationError" not in json.dumps(document)


async def test_readiness_says_what_is_missing(client: AsyncClient, missing: dict[str, str]) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "pass"}
    missing["kafka"] = "the relay has no connection"
    answer = await client.get("/health/ready")
    assert "the relay has no connection" in assert_problem(answer, 503, "not-ready")["detail"]
    assert answer.headers["Retry-After"]


async def test_a_correlation_id_is_passed_on_when_it_is_plain(client: AsyncClient) -> None:
    trace = f"00-{1:032x}-{2:016x}-00"
    headers = {"X-Correlation-Id": "order-7", "traceparent": trace}
    assert (await client.get("/cause", headers=headers)).json() == {"correlation": "order-7", "traceparent": trace}
    for odd in ("a b", "a" * 65, "a;drop"):
        answer = (await client.get("/cause", headers={"X-Correlation-Id": odd})).json()
        assert UUID(answer["correlation"])
