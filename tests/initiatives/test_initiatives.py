"""Initiatives over HTTP on a real database."""

import asyncio
from datetime import timedelta

import pytest
from tests.initiatives.conftest import GARDEN, NOON, THRESHOLD, Initiatives
from tests.support import login, person

from dorpsplein.contracts.initiatives.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeState,
    InitiativeWithdrawn,
    SupportClosed,
)
from initiatives.api import views


async def test_a_proposal_is_stored_told_and_shown(initiatives: Initiatives) -> None:
    answer = await initiatives.post("/initiatives", GARDEN)
    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/initiatives/{shown['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert {name: shown[name] for name in GARDEN} == GARDEN
    assert shown["initiator"] == {"id": str(person("anna")), "name": None}
    assert (shown["status"], shown["threshold"], shown["supports"]) == ("proposed", THRESHOLD, 0)
    assert [(type(e.event), e.sequence) for e in await initiatives.told()] == [
        (InitiativeProposed, 1),
        (InitiativeState, 1),
    ]


async def test_place_and_means_may_be_left_out(initiatives: Initiatives) -> None:
    answer = await initiatives.post("/initiatives", {name: GARDEN[name] for name in ("title", "summary", "theme")})
    assert (answer.json()["place"], answer.json()["meansNeededCents"]) == (None, 0)


async def test_an_initiative_may_belong_to_a_neighbourhood_which_can_be_changed_and_taken_away(
    initiatives: Initiatives,
) -> None:
    assert (await initiatives.page(await initiatives.propose()))["neighbourhood"] is None
    initiative = await initiatives.propose(neighbourhood="noord")
    assert (await initiatives.page(initiative))["neighbourhood"] == "noord"
    assert (await initiatives.patch(initiative, 1, neighbourhood="zuid")).json()["neighbourhood"] == "zuid"
    assert (await initiatives.patch(initiative, 2, title="Een tuin")).json()["neighbourhood"] == "zuid"
    assert (await initiatives.patch(initiative, 3, neighbourhood=None)).json()["neighbourhood"] is None
    told = [event.event for event in await initiatives.told() if isinstance(event.event, InitiativeEdited)]
    assert [event.neighbourhood for event in told] == ["zuid", "zuid", None]
    assert [event.changed for event in told] == [["neighbourhood"], ["title"], ["neighbourhood"]]


async def test_every_answer_has_the_shape_its_documentation_promises(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    receipt = (await initiatives.support(initiative)).json()
    await initiatives.catch_up()
    page = await initiatives.page(initiative)
    assert views.initiatives.InitiativePage.model_validate(page, extra="forbid").model_dump().keys()
    listed = (await initiatives.get("/initiatives")).json()
    views.initiatives.InitiativeList.model_validate(listed, extra="forbid")
    views.supports.Receipt.model_validate(receipt, extra="forbid")
    item = listed["items"][0]
    assert item == {name: page[name] for name in item}
    assert page["proposedAt"] == "2026-05-01T12:00:00+00:00"


async def test_the_same_proposal_under_the_same_key_is_one_initiative(initiatives: Initiatives) -> None:
    first = await initiatives.post("/initiatives", GARDEN, key="k")
    again = await initiatives.post("/initiatives", GARDEN, key="k")
    assert (again.status_code, again.json(), again.headers["Location"]) == (
        201,
        first.json(),
        first.headers["Location"],
    )
    other = await initiatives.post("/initiatives", GARDEN | {"title": "Anders"}, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert len(await initiatives.found()) == 1
    assert len(await initiatives.facts()) == 1


async def test_an_edit_makes_a_new_version_and_says_what_changed(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    initiatives.now = NOON + timedelta(hours=1)
    answer = await initiatives.patch(initiative, 1, title="Een tuin", place=None)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    page = await initiatives.get(f"/initiatives/{initiative}")
    assert (page.json()["title"], page.json()["place"], page.json()["summary"]) == ("Een tuin", None, GARDEN["summary"])
    assert page.headers["ETag"] == '"2"'
    assert page.json()["changedAt"] == "2026-05-01T13:00:00+00:00"
    edited, state = [event.event for event in (await initiatives.told())[2:]]
    assert isinstance(edited, InitiativeEdited)
    assert isinstance(state, InitiativeState)
    assert edited.changed == ["title", "place"]
    assert (state.title, state.latitude) == ("Een tuin", None)
    assert await initiatives.facts() == [(InitiativeProposed, 1), (InitiativeEdited, 2)]


async def test_an_edit_that_changes_nothing_answers_the_same_version_and_tells_nobody(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answer = await initiatives.patch(initiative, 1, title=GARDEN["title"], meansNeededCents=100_000)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert len(await initiatives.facts()) == 1


@pytest.mark.parametrize(
    ("by", "version", "changes", "status", "code"),
    [
        ("anna", 2, {"title": "x"}, 412, "initiative-changed"),
        ("anna", 10**17, {"title": "x"}, 412, "initiative-changed"),
        ("anna", None, {"title": "x"}, 428, "if-match-required"),
        ("boris", 1, {"title": "x"}, 403, "not-yours"),
        ("bram", 1, {"title": "x"}, 403, "role-not-allowed"),
        ("anna", 1, {}, 400, "nothing-to-change"),
        ("anna", 1, {"title": None}, 400, "invalid-request"),
        ("anna", 1, {"title": ""}, 400, "invalid-request"),
        ("anna", 1, {"status": "supported"}, 400, "invalid-request"),
        ("anna", 1, {"meansNeededCents": 0}, 400, "invalid-request"),
    ],
)
async def test_an_edit_is_refused(
    initiatives: Initiatives, by: str, version: int | None, changes: dict[str, object], status: int, code: str
) -> None:
    initiative = await initiatives.propose()
    answer = await initiatives.patch(initiative, version, by=by, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await initiatives.page(initiative))["version"] == 1
    assert len(await initiatives.facts()) == 1


async def test_of_edits_at_the_same_moment_one_is_made(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    answers = await asyncio.gather(*(initiatives.patch(initiative, 1, title=f"Tuin {n}") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert await initiatives.facts() == [(InitiativeProposed, 1), (InitiativeEdited, 2)]


@pytest.mark.parametrize("etag", ['"x"', "²", "", '"-1"', "9" * 30, '""'])
async def test_an_if_match_that_is_no_version_is_refused(initiatives: Initiatives, etag: str) -> None:
    initiative = await initiatives.propose()
    headers = [*login("anna").items(), ("If-Match", etag)]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = await initiatives.client.patch(f"/initiatives/{initiative}", json={"title": "x"}, headers=raw)
    assert answer.status_code == 400


async def test_a_withdrawn_initiative_is_found_by_its_status_only_and_takes_nothing_any_more(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    assert (await initiatives.support(initiative, by="boris")).status_code == 200
    answer = await initiatives.post(f"/initiatives/{initiative}/withdrawal", {"reason": "not-feasible"})
    assert (answer.status_code, answer.json()["status"], answer.json()["withdrawalReason"]) == (
        200,
        "withdrawn",
        "not-feasible",
    )
    assert await initiatives.found() == []
    assert await initiatives.found(status="withdrawn") == [GARDEN["title"]]
    told = await initiatives.facts()
    refused = [
        await initiatives.support(initiative),
        await initiatives.patch(initiative, 3, title="x"),
        await initiatives.post(f"/initiatives/{initiative}/withdrawal", {"reason": "other"}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in refused] == [(422, "initiative-withdrawn")] * 3
    assert told[-2:] == [(SupportClosed, 2), (InitiativeWithdrawn, 3)]
    assert await initiatives.facts() == told
    assert (await initiatives.take_back(initiative, by="boris")).json()["code"] == "support-closed"


async def test_nobody_else_withdraws_it_and_the_reason_is_one_of_a_list(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    path = f"/initiatives/{initiative}/withdrawal"
    assert (await initiatives.post(path, {"reason": "other"}, by="boris")).json()["code"] == "not-yours"
    assert (await initiatives.post(path, {"reason": "ruzie met Jan"})).status_code == 400
    assert (await initiatives.page(initiative))["status"] == "proposed"


async def test_a_name_is_chosen_shown_and_changed(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    for name in ("Anna", "Anna de Vries"):
        chosen = await initiatives.client.put("/me/profile", json={"name": name}, headers=login("anna"))
        assert chosen.json() == {"id": str(person("anna")), "name": name}
    asked = f"{person('anna')},{person('boris')}"
    people = (await initiatives.get("/people", ids=asked)).json()
    assert people == {"items": [{"id": str(person("anna")), "name": "Anna de Vries"}]}
    assert (await initiatives.page(initiative))["initiator"]["name"] == "Anna de Vries"
    assert all("Vries" not in str(event.event) for event in await initiatives.told())
