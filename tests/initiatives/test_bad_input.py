"""Whatever is sent: a problem document that says what is wrong, and nothing has changed."""

import json
from typing import Any

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.initiatives.conftest import GARDEN, Initiatives, some_id
from tests.support import login

ID = str(some_id(1))
ITEM = {"reference": "1", "title": "Tuin", "summary": "Groen", "theme": "groen", "meansNeededCents": 100}
SUPPORT = {"initiativeId": ID, "supporterReference": "1"}
GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "propose": ("POST", "/initiatives", GARDEN),
    "withdraw": ("POST", f"/initiatives/{ID}/withdrawal", {"reason": "other"}),
    "name": ("PUT", "/me/profile", {"name": "Anna"}),
    "initiatives": ("POST", "/initiatives/bulk", {"source": "pb", "items": [ITEM]}),
    "supports": ("POST", "/supports/bulk", {"source": "pb", "items": [SUPPORT]}),
}
TOO_MUCH = 2**63


def faults(name: str, field: str, *wrong: Any) -> list[tuple[str, dict[str, Any], str]]:
    """Bodies with one field gone wrong, and where the fault is to be found."""
    return [(name, {field: value}, f"/{field}") for value in wrong]


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    *((name, {"extra": 1}, "/extra") for name in GOOD),
    *faults("propose", "title", "", "  ", "x" * 201, "a\0b", "a\nb", "\ud800", 3, None, ["x"], {}),
    *faults("propose", "summary", "", "x" * 20_001, "a\0b", "a\x1bb", None, 1),
    *faults("propose", "theme", "", "Groen", "a b", "a--b", "x" * 61, None, "groen\n"),
    *faults("propose", "neighbourhood", "", "Noord", "a b", "a--b", "x" * 61, 1, "noord\n"),
    *faults("propose", "meansNeededCents", 0, -1, TOO_MUCH, 10**40, 1.5, 1.0, True, "100", [], float("nan")),
    ("propose", {"place": {"latitude": 52}}, "/place/longitude"),
    ("propose", {"place": "here"}, "/place"),
    *(
        ("propose", {"place": {"latitude": wrong, "longitude": 5}}, "/place/latitude")
        for wrong in (90.1, -91, "52", True, None, float("nan"), float("inf"))
    ),
    ("propose", {"status": "supported"}, "/status"),
    ("propose", {"initiatorId": ID}, "/initiatorId"),
    *faults("withdraw", "reason", "", "because", None, 1, []),
    *faults("name", "name", "", "x" * 81, "a\0b", None, 5),
    *faults("initiatives", "source", "", "A", None, 1, "a\0"),
    *faults("initiatives", "items", [], None, {}, [ITEM] * 501),
    ("initiatives", {"items": [ITEM, ITEM | {"title": ""}]}, "/items/1/title"),
    ("initiatives", {"items": [ITEM | {"extra": 1}]}, "/items/0/extra"),
    ("initiatives", {"items": [ITEM | {"meansNeededCents": 0}]}, "/items/0/meansNeededCents"),
    ("initiatives", {"items": [ITEM | {"neighbourhood": "Noord"}]}, "/items/0/neighbourhood"),
    ("initiatives", {"items": [ITEM | {"latitude": 52.0}]}, "/items/0"),
    ("initiatives", {"items": [ITEM | {"latitude": 91.0, "longitude": 5.0}]}, "/items/0/latitude"),
    *faults("supports", "items", [], None, [SUPPORT] * 2001),
    ("supports", {"items": [SUPPORT | {"initiativeId": "1"}]}, "/items/0/initiativeId"),
    ("supports", {"items": [SUPPORT | {"supporterReference": ""}]}, "/items/0/supporterReference"),
]


async def send(initiatives: Initiatives, name: str, body: Any) -> Response:
    """Send a body as Python writes JSON: with NaN, infinity and lone surrogates, which httpx would refuse."""
    method, path, _ = GOOD[name]
    headers = login(sender(name)) | {"Idempotency-Key": "k", "Content-Type": "application/json"}
    return await initiatives.client.request(method, path, content=json.dumps(body), headers=headers)


def sender(name: str) -> str:
    return "saar" if name in {"initiatives", "supports"} else "anna"


def is_a_problem(answer: Response, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["code"]
    assert document["title"]
    return document


async def nothing_changed(initiatives: Initiatives) -> None:
    tables = ("initiatives", "supports", "profiles", "outbox", "idempotency")
    counted = ", ".join(f"(select count(*) from {table})" for table in tables)
    assert await initiatives.rows(f"select {counted}") == [(0,) * len(tables)]


async def test_every_fault_is_named_and_nothing_changes(initiatives: Initiatives) -> None:
    for name, fault, pointer in FAULTS:
        document = is_a_problem(await send(initiatives, name, GOOD[name][2] | fault), 400)
        assert any(error["pointer"] == pointer for error in document["errors"]), (name, fault, document)
    await nothing_changed(initiatives)


async def test_all_faults_are_listed_at_once(initiatives: Initiatives) -> None:
    document = is_a_problem(await send(initiatives, "propose", {"title": "", "theme": "A", "more": 1}), 400)
    assert {error["pointer"] for error in document["errors"]} == {"/title", "/summary", "/theme", "/more"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b"[" * 100_000, b'{"title": ' + b"9" * 5_000 + b"}"]
)
async def test_a_body_that_is_no_object_is_refused(initiatives: Initiatives, content: bytes) -> None:
    for name, (method, path, _) in GOOD.items():
        headers = login(sender(name)) | {"Content-Type": "application/json"}
        is_a_problem(await initiatives.client.request(method, path, content=content, headers=headers), 400)
    await nothing_changed(initiatives)


async def test_a_body_of_more_than_a_megabyte_is_refused(initiatives: Initiatives) -> None:
    is_a_problem(await send(initiatives, "propose", GARDEN | {"summary": "x" * 1_000_000}), 413)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/initiatives?query=", 400),
        ("/initiatives?query=%00", 400),
        ("/initiatives?query=" + "x" * 201, 400),
        ("/initiatives?status=rejected", 400),
        ("/initiatives?theme=Groen", 400),
        ("/initiatives?near=here", 400),
        ("/initiatives?near=91,5", 400),
        ("/initiatives?near=nan,5", 400),
        ("/initiatives?near=52,5&radius=0", 400),
        ("/initiatives?near=52,5&radius=-1", 400),
        ("/initiatives?near=52,5&radius=nan", 400),
        ("/initiatives?near=52,5&radius=1e9", 400),
        ("/initiatives?limit=0", 400),
        ("/initiatives?limit=101", 400),
        ("/initiatives?limit=" + "9" * 5_000, 400),
        ("/initiatives?cursor=x", 400),
        ("/initiatives?cursor=" + "W1tb" * 10_000, 400),
        ("/initiatives?cursor=%F0", 400),
        ("/initiatives/not-an-id", 400),
        ("/initiatives/%00", 400),
        (f"/initiatives/{ID}", 404),
        (f"/initiatives/{ID}/contributions", 404),
        (f"/initiatives/{ID}/contributions?cursor=x", 400),
        ("/people", 400),
        ("/people?ids=", 400),
        ("/people?ids=1", 400),
        ("/people?ids=" + ",".join([ID] * 101), 400),
        ("/initiative-supports", 400),
        (f"/initiative-supports?ids={ID},x", 400),
        ("/initiative-supports?ids=" + ",".join([ID] * 101), 400),
        ("/nowhere", 404),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(initiatives: Initiatives, path: str, status: int) -> None:
    is_a_problem(await initiatives.client.get(path), status)


async def test_an_id_that_is_none_is_refused_by_every_command(initiatives: Initiatives) -> None:
    for method, path, body in (
        ("PUT", "/initiatives/x/support", None),
        ("DELETE", "/initiatives/x/support", None),
        ("PATCH", "/initiatives/x", {"title": "x"}),
        ("POST", "/initiatives/x/withdrawal", {"reason": "other"}),
    ):
        headers = login("anna") | {"If-Match": '"1"'}
        answer = await initiatives.client.request(method, path, json=body, headers=headers)
        document = is_a_problem(answer, 400)
        assert document["errors"][0]["pointer"] == "/initiative_id"


async def test_a_command_on_what_is_not_there_is_refused(initiatives: Initiatives) -> None:
    answers = [
        await initiatives.patch(ID, 1, title="x"),
        await send(initiatives, "withdraw", {"reason": "other"}),
        await initiatives.support(ID),
    ]
    assert [is_a_problem(answer, 404)["code"] for answer in answers] == ["initiative-unknown"] * 3
    await nothing_changed(initiatives)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.uuids().map(str),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({field for _, _, body in GOOD.values() for field in body} | set(ITEM) | set(SUPPORT)))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(name=st.sampled_from(sorted(GOOD)), changes=st.dictionaries(FIELDS, ANYTHING, max_size=3), inside=st.booleans())
async def test_no_body_at_all_breaks_the_service(
    initiatives: Initiatives, name: str, changes: dict[str, Any], inside: bool
) -> None:
    body = GOOD[name][2]
    body = body | ({"items": [body["items"][0] | changes]} if inside and "items" in body else changes)
    answer = await send(initiatives, name, body)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        is_a_problem(answer, 400, 404, 409, 422)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(asked=st.dictionaries(st.sampled_from(["query", "near", "radius", "cursor", "theme", "status"]), st.text()))
async def test_no_question_at_all_breaks_the_service(initiatives: Initiatives, asked: dict[str, str]) -> None:
    asked = {name: text.encode(errors="replace").decode() for name, text in asked.items()}
    answer = await initiatives.get("/initiatives", **asked)
    assert answer.status_code in {200, 400}, answer.text
