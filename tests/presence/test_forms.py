"""The catalogue of working forms over HTTP, on a real database."""

import re
from typing import Any

import pytest
from httpx import Response
from tests.presence.conftest import Presence, window
from tests.support import login

from dorpsplein.contracts.presence.forms import (
    WorkingFormAdded,
    WorkingFormChanged,
    WorkingFormRetired,
    WorkingFormState,
)
from dorpsplein.timers import fire_due
from presence.timers import HANDLERS

CIRCLE = {
    "code": "fire-circle",
    "name": "Vuurkring",
    "nameEn": "Fire circle",
    "whatFor": "Listen to each other, outside.",
    "minutes": 60,
    "leastPeople": 2,
    "mostPeople": 5,
    "materials": ["wood"],
}
SEEDS = 8


async def put(presence: Presence, form: str, version: int, **change: Any) -> Response:
    body = {name: value for name, value in CIRCLE.items() if name != "code"} | change
    headers = login("bram") | {"If-Match": f'"{version}"'}
    return await presence.client.put(f"/working-forms/{form}", json=body, headers=headers)


async def form_of(presence: Presence, code: str) -> dict[str, Any]:
    [form] = [one for one in await presence.pages("/working-forms", limit=3) if one["code"] == code]
    return dict(form)


async def fire(presence: Presence) -> int:
    return await fire_due(presence.runtime.database, HANDLERS, presence.now)


async def test_a_form_is_added_changed_and_retired(presence: Presence) -> None:
    added = await presence.post("/working-forms", CIRCLE, key="once")
    assert (added.status_code, added.json()["version"], added.json()["status"]) == (201, 1, "in-use"), added.text
    form = added.json()["id"]
    assert added.headers["Location"] == f"/v1/working-forms/{form}"
    assert (await presence.post("/working-forms", CIRCLE, key="once")).json() == added.json()
    again = await presence.post("/working-forms", CIRCLE)
    assert (again.status_code, again.json()["code"], again.json()["formId"]) == (409, "working-form-is-there", form)
    assert (await put(presence, form, 1)).json()["version"] == 1
    changed = await put(presence, form, 1, minutes=75)
    assert (changed.status_code, changed.json()["minutes"], changed.headers["ETag"]) == (200, 75, '"2"')
    assert (await put(presence, form, 1, minutes=80)).status_code == 412
    assert (await put(presence, form, 2, leastPeople=6)).json()["code"] == "more-least-than-most"
    retired = await presence.post(f"/working-forms/{form}/retirement")
    assert (retired.json()["status"], retired.json()["version"]) == ("retired", 3)
    assert (await put(presence, form, 3, minutes=80)).json()["code"] == "working-form-retired"
    assert (await presence.get(f"/working-forms/{form}")).json() == retired.json()
    assert form not in [one["id"] for one in await presence.pages("/working-forms")]
    assert [(event, version) for event, version, _ in await presence.events()] == [
        (WorkingFormAdded, 1),
        (WorkingFormState, 1),
        (WorkingFormChanged, 2),
        (WorkingFormState, 2),
        (WorkingFormRetired, 3),
        (WorkingFormState, 3),
    ]
    unversioned = await presence.client.put(f"/working-forms/{form}", json={}, headers=login("bram"))
    assert unversioned.status_code in {400, 428}


async def test_the_catalogue_comes_filled_and_is_searched_by_people_and_time(presence: Presence) -> None:
    forms = await presence.pages("/working-forms", limit=3)
    assert len(forms) == SEEDS
    assert {"creative-lab", "inspiration-session", "design-atelier"} < {form["code"] for form in forms}
    assert [form["name"] for form in forms] == sorted(form["name"] for form in forms)
    questions: list[dict[str, Any]] = [{"people": 4}, {"people": 100}, {"minutes": 90}, {"people": 8, "minutes": 120}]
    for asked in questions:
        fitting = {
            form["code"]
            for form in forms
            if form["leastPeople"] <= asked.get("people", form["leastPeople"]) <= form["mostPeople"]
            and form["minutes"] <= asked.get("minutes", 10_000)
        }
        assert {form["code"] for form in await presence.pages("/working-forms", limit=2, **asked)} == fitting
        assert 0 < len(fitting) < SEEDS
    said = " ".join(f"{form['name']} {form['whatFor']} {form['materials']}" for form in forms).lower()
    assert not re.search(r"agenda|voorzitter|notul|vergader", said)


@pytest.fixture
async def untold(presence: Presence) -> Presence:
    """The service as its migration leaves it."""
    await presence.rows("insert into timers select 'working-form-untold', id, '2000-01-01' from working_forms")
    return presence


async def test_the_forms_that_come_with_the_service_are_told_of_once(untold: Presence) -> None:
    presence = untold
    assert await fire(presence) == SEEDS
    assert await fire(presence) == 0
    told = await presence.events()
    assert [event for event, _, _ in told] == [WorkingFormAdded, WorkingFormState] * SEEDS
    assert {version for _, version, _ in told} == {1}
    assert {b"creatielab" in body.lower() for _, _, body in told if body} == {True, False}
    await presence.rows("insert into timers select 'working-form-untold', id, now() from working_forms returning 1")
    await presence.rows("update timers set due_at = '2000-01-01' returning 1")
    await fire(presence)
    assert await presence.events() == told


async def test_a_form_that_is_changed_before_it_was_told_of_is_told_of_in_order(untold: Presence) -> None:
    presence = untold
    lab = (await form_of(presence, "creative-lab"))["id"]
    assert (await put(presence, lab, 1, name="Lab")).status_code == 200
    await fire(presence)
    rows = await presence.rows(
        "select headers::json ->> 'ce_type', headers::json ->> 'ce_sequence' from outbox where key = $1 order by id",
        lab,
    )
    assert [(kind.rsplit(".", 2)[1], int(version)) for kind, version in rows] == [
        ("working-form-added", 1),
        ("working-form-state", 1),
        ("working-form-changed", 2),
        ("working-form-state", 2),
    ]


@pytest.mark.parametrize("code", ["no-such-form", "creative-lab"])
async def test_a_session_takes_no_form_that_is_not_in_the_catalogue_or_retired(presence: Presence, code: str) -> None:
    session = window(await presence.place(), 1, 3) | {"workingForm": "creative-lab", "question": "What do we miss?"}
    assert (await presence.post("/sessions", session)).status_code == 201
    lab = (await form_of(presence, "creative-lab"))["id"]
    assert (await presence.post(f"/working-forms/{lab}/retirement")).status_code == 200
    before = await presence.events()
    answer = await presence.post("/sessions", session | {"workingForm": code})
    expected = "working-form-retired" if code == "creative-lab" else "working-form-unknown"
    assert (answer.status_code, answer.json()["code"]) == (422, expected)
    assert await presence.events() == before
    walk = await presence.post("/sessions", session | {"workingForm": "design-walk"})
    assert walk.json()["workingForm"] == "design-walk"
    assert (await presence.get(f"/sessions/{walk.json()['id']}")).json()["workingForm"] == "design-walk"
