"""Responses, promises and halts over HTTP on a real database, with the clock moved."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.initiatives.conftest import NOON, Initiatives, some_id
from tests.initiatives.moderating import act, done, hidden, refused
from tests.support import person

from dorpsplein.contracts.initiatives.halts import HaltState, HaltUpheld
from dorpsplein.contracts.initiatives.initiatives import HaltAppealed, HaltLifted, InitiativeHalted
from dorpsplein.contracts.initiatives.responses import (
    MunicipalResponseAmended,
    MunicipalResponseGiven,
    PromiseContested,
    PromiseDue,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseReminded,
)
from dorpsplein.timers import fire_due
from initiatives.api.views import responses as views
from initiatives.app import SERVICE
from initiatives.domain.promises import CONTEST
from initiatives.storage import halts, responses
from initiatives.storage import promises as promised
from initiatives.timers import HANDLERS

RESPONSE: dict[str, Any] = {
    "canHelp": ["Grond naast de kantine"],
    "cannot": [{"what": "Een waterput", "why": "De bodem is er te nat."}],
    "promises": [{"text": "Een watertap.", "dueOn": "2026-06-30"}],
}
DUE_AT = datetime(2026, 6, 30, 22, tzinfo=UTC)


async def respond(initiatives: Initiatives, garden: str, *, by: str = "dora", **other: Any) -> dict[str, Any]:
    return await done(initiatives, f"/initiatives/{garden}/responses", RESPONSE | other, by=by)


async def row(initiatives: Initiatives, garden: str) -> Any:
    """An initiative's row as the database has it, with the transaction that wrote it and who locked it last."""
    return await initiatives.rows("select i.xmin::text, i.xmax::text, i::text from initiatives i where id = $1", garden)


async def fire(initiatives: Initiatives, now: datetime) -> None:
    initiatives.now = now
    await fire_due(initiatives.runtime.database, HANDLERS, now)


async def promises(initiatives: Initiatives, **query: str) -> list[Any]:
    answer = await initiatives.get("/promises", **query)
    return list(views.PromiseList.model_validate(answer.json(), extra="forbid").items)


async def test_a_response_is_given_shown_and_amended_with_every_version_readable(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    given = await respond(initiatives, garden)
    views.Response.model_validate(given | {"location": None}, extra="ignore")
    path = f"/responses/{given['id']}"
    assert (given["canHelp"], given["cannot"], given["responder"]["id"]) == (
        RESPONSE["canHelp"],
        RESPONSE["cannot"],
        str(person("dora")),
    )
    assert [(one["text"], one["dueOn"], one["status"]) for one in given["promises"]] == [
        ("Een watertap.", "2026-06-30", "open")
    ]
    other = RESPONSE | {"canHelp": ["Gereedschap"], "promises": []}
    refused(await act(initiatives, "PUT", path, other, by="bram"), 428, "if-match-required")
    refused(await act(initiatives, "PUT", path, other, by="bram", **{"If-Match": '"7"'}), 412, "response-changed")
    amended = await act(initiatives, "PUT", path, other, by="bram", **{"If-Match": '"1"'})
    assert (amended.status_code, amended.headers["ETag"]) == (200, '"2"')
    shown = await initiatives.get(path)
    views.Response.model_validate(shown.json(), extra="forbid")
    assert (shown.json()["canHelp"], len(shown.json()["promises"])) == (["Gereedschap"], 1)
    versions = (await initiatives.get(f"{path}/versions")).json()
    newest, first = views.VersionList.model_validate(versions, extra="forbid").items
    assert (newest.difference.can_help_added, newest.difference.can_help_removed) == (
        ["Gereedschap"],
        RESPONSE["canHelp"],
    )
    assert (first.version, first.difference.can_help_added) == (1, RESPONSE["canHelp"])
    listed = (await initiatives.get(f"/initiatives/{garden}/responses")).json()
    assert [one["id"] for one in views.ResponseList.model_validate(listed, extra="forbid").model_dump()["items"]]
    told = [
        fact for fact in await initiatives.facts() if fact[0].topic in {"initiatives.response", "initiatives.promise"}
    ]
    assert told == [(MunicipalResponseGiven, 1), (PromiseMade, 1), (MunicipalResponseAmended, 2)]


async def test_the_page_shows_responses_promises_and_halts(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    await respond(initiatives, garden)
    await done(initiatives, f"/initiatives/{garden}/halt", {"ground": "legal", "reason": "Een rechter."}, by="dora")
    parts = (responses.ON_PAGE, promised.ON_PAGE, halts.ON_PAGE)
    ((shown,),) = await initiatives.rows(
        f"select json_build_array({', '.join(parts)}) from initiatives i where i.id = $1",
        garden,
    )
    (response,), (promise,), (halt,) = json.loads(shown)
    assert views.Response.model_validate(response, extra="forbid").can_help == RESPONSE["canHelp"]
    assert views.Promise.model_validate(promise, extra="forbid").text == "Een watertap."
    assert views.Halt.model_validate(halt, extra="forbid").reason == "Een rechter."


async def test_nothing_that_is_said_or_promised_touches_the_initiative(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    before = await row(initiatives, garden)
    response = await respond(initiatives, garden)
    amend = RESPONSE | {"promises": [{"text": text, "dueOn": "2026-06-30"} for text in ("Een bank.", "Een hek.")]}
    await act(initiatives, "PUT", f"/responses/{response['id']}", amend, by="dora", **{"If-Match": '"1"'})
    first, second, third = (str(one.id) for one in await promises(initiatives))
    await done(initiatives, f"/promises/{first}/keeping", by="dora")
    await done(initiatives, f"/promises/{first}/contest", {"why": "Er is niets."}, by="anna")
    await done(initiatives, f"/promises/{second}/release", {"reason": "no-longer-needed"}, by="anna")
    for moment in (DUE_AT - timedelta(days=3), DUE_AT):
        await fire(initiatives, moment)
    await done(initiatives, f"/promises/{third}/keeping", by="anna")
    assert await row(initiatives, garden) == before
    assert [event.topic for event, _ in await initiatives.facts()].count("initiatives.initiative") == 1
    routes = {route.path for router in SERVICE.routers for route in router.routes}  # type: ignore[attr-defined]
    assert not [path for path in routes if any(word in path for word in ("approv", "reject", "verdict"))]


async def test_a_response_stands_beside_whatever_has_become_of_an_initiative(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    await initiatives.post(f"/initiatives/{garden}/withdrawal", {"reason": "other"})
    await respond(initiatives, garden, by="bram")
    missing = f"/initiatives/{some_id(8)}/responses"
    refused(await act(initiatives, "POST", missing, RESPONSE, by="dora"), 404, "initiative-unknown")
    refused(await initiatives.get(missing), 404, "initiative-unknown")
    nothing: dict[str, Any] = {"canHelp": [], "cannot": [], "promises": []}
    refused(await act(initiatives, "POST", f"/initiatives/{garden}/responses", nothing, by="dora"), 422, "nothing-said")
    await hidden(initiatives, garden)
    refused(await act(initiatives, "POST", f"/initiatives/{garden}/responses", RESPONSE, by="dora"), 410, "hidden")
    refused(await initiatives.get(f"/initiatives/{garden}/responses"), 410, "hidden")
    assert await promises(initiatives) == []


async def test_a_promise_is_recalled_rings_when_it_is_due_and_is_kept_after(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    await respond(initiatives, garden)
    (promise,) = await promises(initiatives, state="open", initiative=garden)
    assert promise.due_at == DUE_AT
    await fire(initiatives, DUE_AT - timedelta(days=3, seconds=1))
    assert await told(initiatives) == [(PromiseMade, 1)]
    for _ in range(2):
        await fire(initiatives, DUE_AT - timedelta(days=3))
    for _ in range(2):
        await fire(initiatives, DUE_AT)
    assert await promises(initiatives, state="open") == []
    assert [one.id for one in await promises(initiatives, state="due")] == [promise.id]
    await done(initiatives, f"/promises/{promise.id}/keeping", by="anna")
    assert await told(initiatives) == [(PromiseMade, 1), (PromiseReminded, 2), (PromiseDue, 3), (PromiseKept, 4)]
    path = f"/promises/{promise.id}/contest"
    refused(await act(initiatives, "POST", path, {"why": "Toch niet."}, by="anna"), 422, "contest-too-late")
    refused(await act(initiatives, "POST", f"/promises/{promise.id}/keeping", by="dora"), 422, "promise-kept")


async def told(initiatives: Initiatives) -> list[tuple[type[Any], int]]:
    return [fact for fact in await initiatives.facts() if fact[0].topic == "initiatives.promise"]


async def test_a_promise_made_for_tomorrow_is_not_recalled_but_rings(initiatives: Initiatives) -> None:
    await respond(initiatives, await initiatives.propose(), promises=[{"text": "Een bel.", "dueOn": "2026-05-02"}])
    await fire(initiatives, NOON + timedelta(days=3))
    assert await told(initiatives) == [(PromiseMade, 1), (PromiseDue, 2)]


async def test_what_the_municipality_calls_kept_can_be_contested_and_then_rings_anew(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    await respond(initiatives, garden)
    (promise,) = await promises(initiatives)
    path = f"/promises/{promise.id}"
    for by in ("boris", "otto"):
        refused(await act(initiatives, "POST", f"{path}/keeping", by=by), 403, "not-yours")
    kept = views.Promise.model_validate(await done(initiatives, f"{path}/keeping", by="bram"), extra="forbid")
    assert (kept.said_by, kept.contestable_until) == ("municipality", NOON + CONTEST)
    assert await initiatives.rows("select * from timers where kind like 'promise-%'") == []
    await fire(initiatives, DUE_AT)
    refused(await act(initiatives, "POST", f"{path}/contest", {"why": "Nee."}, by="dora"), 403, "not-yours")
    refused(await act(initiatives, "POST", f"{path}/contest", {"why": "Nee."}, by="anna"), 422, "contest-too-late")
    initiatives.now = NOON + CONTEST - timedelta(seconds=1)
    opened = await done(initiatives, f"{path}/contest", {"why": "Er is geen tap."}, by="anna")
    assert (opened["status"], opened["why"], opened["keptAt"]) == ("open", "Er is geen tap.", None)
    await fire(initiatives, DUE_AT - timedelta(days=3))
    await fire(initiatives, DUE_AT)
    released = {"reason": "not-possible", "why": "De leverancier is failliet."}
    refused(
        await act(initiatives, "POST", f"{path}/release", {"reason": "not-possible"}, by="dora"), 422, "why-missing"
    )
    refused(await act(initiatives, "POST", f"{path}/release", released, by="anna"), 403, "reason-not-yours")
    await done(initiatives, f"{path}/release", released, by="dora")
    assert await told(initiatives) == [
        (PromiseMade, 1),
        (PromiseKept, 2),
        (PromiseContested, 3),
        (PromiseReminded, 4),
        (PromiseDue, 5),
        (PromiseReleased, 6),
    ]
    assert await initiatives.rows("select * from timers where kind like 'promise-%'") == []


async def test_promises_are_listed_by_when_they_are_due_page_by_page(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    days = [17, 3, 11, 3, 29]
    many = [{"text": f"Dag {day}", "dueOn": f"2026-06-{day:02}"} for day in days]
    await respond(initiatives, garden, promises=many)
    seen = [one["text"] async for page in initiatives.pages("/promises", limit=2) for one in page]
    assert seen == [f"Dag {day}" for day in sorted(days)]


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"cannot": [{"what": "Een put"}]}, "/cannot/0/why"),
    ({"cannot": [{"what": "Een put", "why": " "}]}, "/cannot/0/why"),
    ({"cannot": [*RESPONSE["cannot"], *RESPONSE["cannot"]]}, ""),
    ({"canHelp": ["x"] * 21}, "/canHelp"),
    ({"promises": [{"text": "Een tap.", "dueOn": 20_000}]}, "/promises/0/dueOn"),
    ({"promises": [{"text": "Een tap.", "dueOn": "2026-02-30"}]}, "/promises/0/dueOn"),
    ({"approved": True}, "/approved"),
]


async def test_a_cannot_needs_a_why_and_every_other_fault_is_named_too(initiatives: Initiatives) -> None:
    garden = await initiatives.propose()
    path = f"/initiatives/{garden}/responses"
    for fault, pointer in FAULTS:
        answer = await act(initiatives, "POST", path, RESPONSE | fault, by="dora")
        assert [error["pointer"] for error in refused(answer, 400, "invalid-request")["errors"]] == [pointer]
    past = {"promises": [{"text": "Een tap.", "dueOn": "2026-04-30"}]}
    refused(await act(initiatives, "POST", path, RESPONSE | past, by="dora"), 422, "due-in-the-past")
    assert len(await initiatives.facts()) == 1


async def test_a_halt_says_its_ground_in_public_and_another_alderman_answers_the_appeal(
    initiatives: Initiatives,
) -> None:
    garden = await initiatives.propose()
    path = f"/initiatives/{garden}/halt"
    refused(await act(initiatives, "POST", f"{path}/appeal", {"words": "Nee."}, by="anna"), 422, "not-halted")
    lift = {"reason": "appeal-granted", "answer": "U heeft gelijk."}
    refused(await act(initiatives, "POST", f"{path}/lifting", lift, by="dora"), 422, "not-halted")
    body = {"ground": "safety", "reason": "Er ligt asbest."}
    refused(await act(initiatives, "POST", path, body | {"ground": "taste"}, by="dora"), 400, "invalid-request")
    halt = views.Halt.model_validate(await done(initiatives, path, body, by="dora"), extra="forbid")
    assert (halt.status, halt.appeal_until) == ("halted", NOON + timedelta(days=42))
    assert (await initiatives.page(garden))["status"] == "halted"
    refused(await act(initiatives, "POST", path, body, by="dirk"), 422, "initiative-halted")
    refused(await act(initiatives, "POST", f"{path}/appeal", {"words": "Nee."}, by="boris"), 403, "not-yours")
    await done(initiatives, f"{path}/appeal", {"words": "Het is weg."}, by="anna")
    refused(await act(initiatives, "POST", f"{path}/lifting", lift, by="dora"), 403, "decided-before")
    stays = {"answer": "Er ligt nog meer."}
    refused(await act(initiatives, "POST", f"{path}/upholding", stays, by="dora"), 403, "decided-before")
    await done(initiatives, f"{path}/upholding", stays, by="dirk")
    gone = await done(initiatives, f"{path}/lifting", {"reason": "ground-gone", "answer": "Alles is weg."}, by="dora")
    assert (gone["status"], gone["liftReason"]) == ("lifted", "ground-gone")
    assert (await initiatives.page(garden))["status"] == "proposed"
    facts = [kind for kind, _ in await initiatives.facts()]
    assert facts[-4:] == [InitiativeHalted, HaltAppealed, HaltUpheld, HaltLifted]
    states = [
        (event.sequence, event.event.status, event.event.answer)
        for event in await initiatives.told()
        if isinstance(event.event, HaltState)
    ]
    assert states == [
        (1, "halted", None),
        (2, "appealed", None),
        (3, "upheld", "Er ligt nog meer."),
        (4, "lifted", "Alles is weg."),
    ]
    await done(initiatives, path, {"ground": "legal", "reason": "Een rechter zegt het."}, by="dirk")
