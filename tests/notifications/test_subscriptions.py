"""Subscriptions over HTTP: owned, limited, and every refusal a problem that changes nothing."""

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.notifications.conftest import Square, support
from tests.support import login

from dorpsplein.contracts.initiatives.supports import SupportGiven
from notifications.domain.subscriptions import MOST_SUBSCRIPTIONS

URL = "http://127.0.0.1:9/hook"


async def test_the_secret_is_told_once_and_the_fact_says_no_address(square: Square) -> None:
    created = await square.subscribe(URL, [SupportGiven.type])
    assert created["secret"].startswith("whsec_")
    assert created["position"] == 0
    shown = await square.get(f"/subscriptions/{created['id']}", by="saar")
    assert shown["callbackUrl"] == URL
    assert "secret" not in shown
    assert created["secret"] not in str(await square.get("/subscriptions", by="saar"))
    (fact,) = await square.facts()
    assert (fact["type"], fact["sequence"]) == ("subscription-created", 1)
    assert fact["data"] == {"subscriptionId": created["id"], "types": [SupportGiven.type]}


async def test_asking_twice_under_one_key_makes_one_subscription_with_one_secret(square: Square) -> None:
    headers = {**login("saar"), "Idempotency-Key": "once"}
    first = await square.client.post("/subscriptions", json={"callbackUrl": URL}, headers=headers)
    again = await square.client.post("/subscriptions", json={"callbackUrl": URL}, headers=headers)
    assert first.json() == again.json()
    assert await square.rows("select count(*) from subscriptions") == [(1,)]
    other = await square.client.post("/subscriptions", json={"callbackUrl": URL + "2"}, headers=headers)
    assert other.status_code == 409


async def test_a_subscription_is_its_owners_and_an_operator_may_see_and_end_it(square: Square) -> None:
    created = await square.subscribe(URL)
    await square.subscribe(URL, by="chris")
    path = f"/subscriptions/{created['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("DELETE", path, None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/replay", {"afterPosition": 0}),
    ):
        answer = await square.request(method, where, body, by="chris")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert len((await square.get("/subscriptions", by="chris"))["items"]) == 1
    assert len((await square.get("/subscriptions", by="otto"))["items"]) == 2
    assert (await square.request("DELETE", path, by="otto")).status_code == 204


async def test_an_ended_subscription_keeps_its_log_and_drops_what_waits(square: Square) -> None:
    created = await square.subscribe(URL)
    path = f"/subscriptions/{created['id']}"
    await square.tell(support(uuid4()))
    assert (await square.request("DELETE", path, by="saar")).status_code == 204
    await square.tell(support(uuid4()))
    assert [one["state"] for one in await square.deliveries(created["id"])] == ["dropped"]
    shown = await square.get(path, by="saar")
    assert (shown["status"], shown["endReason"]) == ("ended", "stopped")
    assert await square.rows("select secret from subscriptions") == [(None,)]
    assert (await square.request("DELETE", path, by="saar")).status_code == 409
    assert (await square.request("POST", f"{path}/replay", {"afterPosition": 0}, by="saar")).status_code == 409
    assert [fact["sequence"] for fact in await square.facts()] == [1, 2]


async def test_subscriptions_are_listed_page_by_page(square: Square) -> None:
    made = [(await square.subscribe(URL))["id"] for _ in range(5)]
    listed, path = [], "/subscriptions?limit=2"
    while path:
        answer = await square.get(path, by="saar")
        listed += [item["id"] for item in answer["items"]]
        path = f"/subscriptions?limit=2&cursor={answer['next']}" if answer["next"] else ""
    assert listed == made[::-1]


async def test_the_delivery_log_is_read_page_by_page_and_by_state(square: Square) -> None:
    created = await square.subscribe(URL)
    await square.tell(*(support(uuid4()) for _ in range(25)))
    path = f"/subscriptions/{created['id']}/deliveries?limit=10"
    first = await square.get(path, by="saar")
    second = await square.get(f"{path}&cursor={first['next']}", by="saar")
    assert [item["position"] for item in first["items"] + second["items"]] == list(range(25, 5, -1))
    assert (await square.get(f"{path}&state=parked", by="saar"))["items"] == []


async def test_nobody_has_more_subscriptions_than_the_most(square: Square) -> None:
    for _ in range(MOST_SUBSCRIPTIONS):
        await square.subscribe(URL)
    answer = await square.request("POST", "/subscriptions", {"callbackUrl": URL}, by="saar")
    assert (answer.status_code, answer.json()["code"]) == (422, "too-many-subscriptions")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"callbackUrl": 5}, 400),
        ({"callbackUrl": ""}, 400),
        ({"callbackUrl": "http://a.example/\n"}, 400),
        ({"callbackUrl": "http://a.example/\0"}, 400),
        ({"callbackUrl": "http://" + "a" * 3000}, 400),
        ({"callbackUrl": "ftp://a.example"}, 422),
        ({"callbackUrl": URL, "secret": "mine"}, 400),
        ({"callbackUrl": URL, "types": "all"}, 400),
        ({"callbackUrl": URL, "types": ["Support Given"]}, 400),
        ({"callbackUrl": URL, "types": ["nl.participatie.what.ever.v1"]}, 422),
        ({"callbackUrl": URL, "types": ["a"] * 501}, 400),
        ({"callbackUrl": URL, "description": "a\0b"}, 400),
        ({"callbackUrl": URL, "description": "a" * 201}, 400),
    ],
)
async def test_a_subscription_that_makes_no_sense_is_refused_and_changes_nothing(
    square: Square, body: dict[str, Any], status: int
) -> None:
    answer = await square.request("POST", "/subscriptions", body, by="saar")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert await square.rows("select 1 from subscriptions") == []
    assert await square.facts() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"afterPosition": -1},
        {"afterPosition": 2**63},
        {"afterPosition": "1"},
        {"afterPosition": 1.5},
        {"afterPosition": 1, "since": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00"},
        {"since": "yesterday"},
        {"since": 5},
    ],
)
async def test_a_replay_that_makes_no_sense_is_refused(square: Square, body: dict[str, Any]) -> None:
    created = await square.subscribe(URL)
    answer = await square.request("POST", f"/subscriptions/{created['id']}/replay", body, by="saar")
    assert (answer.status_code, json.loads(answer.text)["status"]) == (400, 400)


async def test_what_is_not_there_is_not_found(square: Square) -> None:
    for method, path, body in (
        ("GET", f"/subscriptions/{uuid4()}", None),
        ("DELETE", f"/subscriptions/{uuid4()}", None),
        ("GET", f"/subscriptions/{uuid4()}/deliveries", None),
        ("POST", f"/subscriptions/{uuid4()}/replay", {"afterPosition": 0}),
    ):
        assert (await square.request(method, path, body, by="saar")).status_code == 404
