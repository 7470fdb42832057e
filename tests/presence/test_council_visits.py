"""Visits of the inspiration council and what is promised there, over HTTP, on a real database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.presence.conftest import NOON, Presence
from tests.presence.council import Council, plan
from tests.support import person

from dorpsplein.contracts.presence.promises import (
    CouncilPromiseDue,
    CouncilPromiseKept,
    CouncilPromiseLetGo,
    CouncilPromiseMade,
    CouncilPromiseReminded,
    CouncilPromiseState,
)
from dorpsplein.contracts.presence.visits import (
    FrontrunnerVisited,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitInvited,
    VisitReported,
    VisitState,
)
from dorpsplein.envelope import Event

INA, IVO, KEES, LENA = (person(name) for name in ("ina", "ivo", "kees", "lena"))


def twice(*facts: tuple[type[Event], int], state: type[Event] = VisitState) -> list[tuple[type[Event], int, bool]]:
    """Facts, each with the public state after it."""
    return [(kind, version, False) for fact, version in facts for kind in (fact, state)]


@pytest.fixture
async def council(presence: Presence) -> Council:
    council = Council(presence)
    council.pond = await council.initiative("ina", "ivo")
    return council


@pytest.fixture
async def kees(council: Council) -> str:
    return await council.member("kees")


@pytest.fixture
async def lena(council: Council, kees: str) -> str:
    """An inspirator whom kees asked."""
    return await council.member("lena", "kees", "inspirator")


async def test_a_frontrunner_invites_and_the_council_comes_and_reports_back(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    await council.forget()
    place = await presence.place()
    await council.forget()
    visit = await council.invite(placeId=place)
    assert await council.notices() == {("visit-invited", KEES)}
    await council.forget()
    await council.done(f"/visits/{visit}/acceptance", plan(1, kees, lena), by="lena")
    assert await council.notices() == {("visit-accepted", one) for one in (INA, IVO, KEES)}
    await council.done(f"/visits/{visit}/acceptance", plan(2, kees), by="kees")
    presence.now = NOON + timedelta(hours=2)
    await council.done(f"/visits/{visit}/visited", {"memberIds": [kees, lena]}, by="kees")
    promise = {"text": "Een bankje.", "dueOn": "2026-06-01"}
    await council.done(f"/visits/{visit}/promises", promise, by="lena")
    await council.forget()
    answer = await council.done(f"/visits/{visit}/report", {"report": "Wat een vijver."}, by="kees")
    assert "vijver" not in str(answer)
    assert await council.notices() == {("visit-reported", INA), ("visit-reported", IVO)}
    assert await council.told() == twice((VisitReported, 5))
    reported = [
        VisitReported.model_validate_json(body)
        for kind, _, body in await presence.events()
        if kind is VisitReported and body
    ]
    assert reported[0].promises == 1
    amended = await council.put(f"/visits/{visit}/report", {"report": "Een mooie vijver."}, by="lena", version=5)
    assert (amended.status_code, amended.headers["ETag"]) == (200, '"6"')
    assert (
        await council.put(f"/visits/{visit}/report", {"report": "Toch niet."}, by="lena", version=5)
    ).status_code == 412
    assert (await council.told())[2:] == [(VisitState, 6, False)]
    shown = (await presence.get(f"/visits/{visit}")).json()
    assert shown == {
        "id": visit,
        "initiativeId": str(council.pond),
        "initiativeTitle": "Een vijver",
        "invitedBy": str(INA),
        "status": "reported",
        "memberIds": [kees, lena],
        "placeId": place,
        "startsAt": "2026-05-01T14:00:00Z",
        "endsAt": "2026-05-01T16:00:00Z",
        "reason": None,
        "cancelledBy": None,
        "invitation": "Kom kijken!",
        "answer": None,
        "report": "Een mooie vijver.",
        "version": 6,
    }
    assert await council.refused(f"/visits/{visit}/report", {"report": "Nog eens."}, by="kees") == (
        422,
        "illegal-visit-report",
    )


async def test_each_move_of_a_visit_is_told_with_its_state_and_no_words_are_kept_in_facts(
    presence: Presence, council: Council, kees: str
) -> None:
    await council.forget()
    visit = await council.accepted(kees)
    presence.now += timedelta(hours=1)
    await council.done(f"/visits/{visit}/visited", {"memberIds": [kees]}, by="kees")
    await council.done(f"/visits/{visit}/report", {"report": "Wat een vijver."}, by="kees")
    assert await council.told() == twice(
        (VisitInvited, 1), (VisitAccepted, 2), (FrontrunnerVisited, 3), (VisitReported, 4)
    )
    facts = [body.decode() for kind, _, body in await presence.events() if body and kind is not VisitState]
    assert not any(word in str(facts) for word in ("kijken", "vijver"))
    kept = await presence.rows("select answer::text from idempotency")
    assert "kijken" not in str(kept)
    assert len(kept) > 4


async def test_one_open_visit_an_initiative_and_another_once_it_is_over(council: Council, kees: str) -> None:
    body = {"initiativeId": str(council.pond), "invitation": "Kom!"}
    answers = await asyncio.gather(*(council.presence.post("/visits", body, by=by) for by in ("ina", "ivo")))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    [first] = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    [again] = [answer.json() for answer in answers if answer.status_code == 422]
    assert (again["code"], again["visitId"]) == ("visit-open", first)
    await council.done(f"/visits/{first}/declining", {"reason": "no-time", "answer": "In juni."}, by="kees")
    second = await council.invite()
    shown = await council.presence.pages("/visits", initiative=str(council.pond), limit=1)
    assert [one["id"] for one in shown] == [second, first]
    declined = await council.presence.pages("/visits", status="declined")
    assert [(one["id"], one["reason"], one["answer"]) for one in declined] == [(first, "no-time", "In juni.")]
    assert await council.presence.pages("/visits", initiative=str(uuid4())) == []


async def test_who_does_not_carry_a_living_initiative_invites_nobody(council: Council) -> None:
    for status in ("withdrawn", "expired", "halted"):
        over = await council.initiative("ina", status=status)
        assert await council.refused("/visits", {"initiativeId": str(over), "invitation": "Kom!"}, by="ina") == (
            422,
            "initiative-over",
        )
    body = {"initiativeId": str(council.pond), "invitation": "Kom!"}
    assert await council.refused("/visits", body, by="anna") == (403, "not-an-initiator")
    assert await council.refused("/visits", body | {"placeId": str(uuid4())}, by="ina") == (422, "place-unknown")
    unknown = body | {"initiativeId": str(uuid4())}
    assert await council.refused("/visits", unknown, by="ina") == (422, "initiative-unknown")
    for faulty in (
        dict[str, Any](),
        body | {"invitation": "x" * 1_001},
        body | {"invitation": " "},
        body | {"memberIds": "x"},
    ):
        assert (await council.refused("/visits", faulty, by="ina"))[0] == 400


async def test_visits_are_for_members_only_whatever_role_a_token_has(council: Council, kees: str) -> None:
    visit = await council.invite()
    declining = {"reason": "other", "answer": "Nee."}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("acceptance", plan(1, kees)),
        ("declining", declining),
        ("visited", {"memberIds": [kees]}),
        ("report", {"report": "Mooi."}),
        ("promises", {"text": "Een bankje.", "dueOn": "2026-06-01"}),
    ]
    late = await council.member("laura", start_d=1)
    asked = (await council.ask("anna", "kees", "inspirator")).json()["id"]
    for by in ("erik", "laura", "anna", "ina"):
        for step, body in steps:
            assert await council.refused(f"/visits/{visit}/{step}", body, by=by) == (403, "not-a-member"), (by, step)
    for by in ("erik", "laura", "anna"):
        cancellation = {"reason": "other"}
        assert await council.refused(f"/visits/{visit}/cancellation", cancellation, by=by) == (403, "not-your-visit")
    for stranger in (late, asked, str(uuid4())):
        accepted = await council.presence.post(f"/visits/{visit}/acceptance", plan(1, kees, stranger), by="kees")
        assert (accepted.json()["code"], accepted.json()["memberIds"]) == ("member-not-serving", [stranger])
    assert (await council.refused(f"/visits/{visit}/acceptance", plan(1, kees, kees), by="kees"))[0] == 400
    assert (await council.refused(f"/visits/{visit}/acceptance", plan(1), by="kees"))[0] == 400
    unknown = plan(1, kees, placeId=str(uuid4()))
    assert await council.refused(f"/visits/{visit}/acceptance", unknown, by="kees") == (422, "place-unknown")
    assert (await council.refused(f"/visits/{uuid4()}/declining", declining, by="kees"))[0] == 404


async def test_nobody_is_at_two_visits_at_once(presence: Presence, council: Council, kees: str, lena: str) -> None:
    pond = await council.accepted(kees, start_h=1)
    swing = await council.invite(await council.initiative("ina"))
    clash = await presence.post(f"/visits/{swing}/acceptance", plan(2, lena, kees), by="lena")
    assert (clash.status_code, clash.json()["code"]) == (422, "member-elsewhere")
    assert (clash.json()["visitId"], clash.json()["memberId"]) == (pond, kees)
    await council.done(f"/visits/{swing}/acceptance", plan(3, lena, kees), by="lena")
    await council.done(f"/visits/{swing}/acceptance", plan(2, lena), by="lena")
    assert await council.refused(f"/visits/{pond}/acceptance", plan(1.5, kees, lena), by="kees") == (
        422,
        "member-elsewhere",
    )
    await council.done(f"/visits/{swing}/cancellation", {"reason": "another-time"}, by="lena")
    await council.done(f"/visits/{pond}/acceptance", plan(1.5, kees, lena), by="kees")


async def test_two_acceptances_at_the_same_moment_do_not_send_somebody_to_two_places(
    presence: Presence, council: Council, kees: str
) -> None:
    visits = [await council.invite(await council.initiative("ina")) for _ in range(2)]
    asked = (presence.post(f"/visits/{visit}/acceptance", plan(1, kees), by="kees") for visit in visits)
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert len(await presence.rows("select * from visiting")) == 1


async def test_an_initiator_takes_the_invitation_back_and_its_words_are_erased_everywhere(
    presence: Presence, council: Council, kees: str
) -> None:
    visit = await council.invite(invitation="Wilhelmina verwacht u")
    await council.forget()
    await council.done(f"/visits/{visit}/cancellation", {"reason": "no-longer-needed"}, by="ivo")
    assert await council.told() == [(VisitCancelled, 2, False), (VisitState, 2, True)]
    assert await council.notices() == {("visit-cancelled", INA)}
    tables = ("visits", "outbox", "idempotency")
    rows = [await presence.rows(f"select row_to_json(t)::text from {table} as t") for table in tables]
    assert "Wilhelmina" not in str(rows)
    assert (await presence.get(f"/visits/{visit}")).json()["invitation"] is None


async def test_each_side_hears_when_the_other_cancels(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    cancellation = {"reason": "another-time"}
    for by, side, told in (("ina", "initiator", {IVO, KEES, LENA}), ("lena", "council", {INA, IVO, KEES})):
        visit = await council.accepted(kees, lena)
        assert await council.refused(f"/visits/{visit}/cancellation", cancellation, by="anna") == (
            403,
            "not-your-visit",
        )
        await council.forget()
        answer = await council.done(f"/visits/{visit}/cancellation", cancellation, by=by)
        assert (answer["cancelledBy"], answer["reason"]) == (side, "another-time")
        assert await council.notices() == {("visit-cancelled", one) for one in told}
        assert await council.told() == twice((VisitCancelled, 3))
        assert (await presence.get(f"/visits/{visit}")).json()["invitation"] == (None if by == "ina" else "Kom kijken!")
    visit = await council.invite()
    await council.forget()
    await council.done(f"/visits/{visit}/declining", {"reason": "other", "answer": "Nee."}, by="kees")
    assert await council.notices() == {("visit-declined", INA), ("visit-declined", IVO)}
    assert await council.told() == twice((VisitDeclined, 2))


async def test_a_promise_is_recalled_rings_and_is_kept(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    visit = await council.visited(kees, lena)
    await council.forget()
    made = await council.done(f"/visits/{visit}/promises", {"text": "Een bankje.", "dueOn": "2026-06-01"}, by="lena")
    assert (made["status"], made["dueAt"], made["memberId"]) == ("open", "2026-06-01T22:00:00Z", lena)
    presence.now = NOON
    assert await council.pass_by(days=24.4) == 0
    assert await council.pass_by(days=0.1) == 1
    assert await council.notices() == {("promise-nearly-due", LENA)}
    await council.forget()
    assert await council.pass_by(days=6.9) == 0
    assert await council.pass_by(days=0.1) == 1
    assert await council.pass_by(days=10) == 0
    assert await council.notices() == {("promise-due", one) for one in (LENA, INA, IVO)}
    assert await council.told() == twice((CouncilPromiseDue, 3), state=CouncilPromiseState)
    promise = f"/council-promises/{made['id']}"
    assert (await presence.get(promise)).json()["status"] == "due"
    for by, code in (("kees", "not-your-promise"), ("ina", "not-a-member"), ("erik", "not-a-member")):
        assert await council.refused(f"{promise}/keeping", {}, by=by) == (403, code)
    await council.forget()
    kept = await council.done(f"{promise}/keeping", {"words": "Het staat er."}, by="lena")
    assert (kept["status"], kept["outcome"]) == ("kept", "Het staat er.")
    assert await council.notices() == {("promise-kept", INA), ("promise-kept", IVO)}
    assert await council.told() == twice((CouncilPromiseKept, 4), state=CouncilPromiseState)
    assert await council.refused(f"{promise}/keeping", {}, by="lena") == (422, "illegal-promise-keep")


async def test_a_promise_that_is_kept_or_let_go_in_time_rings_no_more(
    presence: Presence, council: Council, kees: str
) -> None:
    visit = await council.visited(kees)
    await council.forget()
    promises = [
        (await council.done(f"/visits/{visit}/promises", {"text": text, "dueOn": due}, by="kees"))["id"]
        for text, due in (("Een bankje.", "2026-06-30"), ("Een pad.", "2026-06-15"), ("Morgen.", "2026-05-02"))
    ]
    await council.done(f"/council-promises/{promises[0]}/keeping", {}, by="kees")
    letting_go = {"reason": "not-possible", "why": "De grond is niet van ons."}
    assert (
        await council.refused(f"/council-promises/{promises[1]}/letting-go", {"reason": "not-possible"}, by="kees")
    )[0] == 400
    await council.done(f"/council-promises/{promises[1]}/letting-go", letting_go, by="kees")
    kinds = {kind for kind, _ in await council.notices()}
    assert kinds == {"promise-kept", "promise-let-go"}
    await council.forget()
    assert await council.pass_by(days=100) == 1
    assert await council.told() == twice((CouncilPromiseDue, 2), state=CouncilPromiseState)
    assert [one["id"] for one in await presence.pages("/council-promises", limit=1)] == promises[::-1]
    assert [one["id"] for one in await presence.pages("/council-promises", status="due")] == promises[2:]
    for name, about in (("visit", visit), ("initiative", str(council.pond))):
        assert len(await presence.pages("/council-promises", **{name: about})) == 3
        assert await presence.pages("/council-promises", **{name: str(uuid4())}) == []
    let_go = (await presence.get(f"/council-promises/{promises[1]}")).json()
    assert (let_go["status"], let_go["reason"], let_go["why"]) == ("let-go", "not-possible", letting_go["why"])


async def test_what_a_member_who_left_promised_is_the_core_groups_to_answer_for(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    visit = await council.visited(kees, lena)
    made = await council.done(f"/visits/{visit}/promises", {"text": "Een bankje.", "dueOn": "2026-06-01"}, by="lena")
    letting_go = {"reason": "done-by-others", "why": "De buren deden het."}
    path = f"/council-promises/{made['id']}/letting-go"
    assert await council.refused(path, letting_go, by="kees") == (403, "not-your-promise")
    await council.done(f"/council-members/{lena}/resignation", by="lena")
    assert await council.refused(path, letting_go, by="lena") == (403, "not-a-member")
    await council.forget()
    await council.pass_by(days=40)
    assert await council.notices() == {("promise-due", one) for one in (KEES, INA, IVO)}
    await council.forget()
    assert (await council.done(path, letting_go, by="kees"))["status"] == "let-go"
    assert await council.told() == twice((CouncilPromiseLetGo, 3), state=CouncilPromiseState)


async def test_promises_that_are_due_together_ring_together_each_for_its_own(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    visit = await council.visited(kees, lena)
    for by in ("kees", "lena"):
        await council.done(f"/visits/{visit}/promises", {"text": by, "dueOn": "2026-06-01"}, by=by)
    facts = [kind for kind, _, _ in await council.told() if kind is CouncilPromiseMade]
    assert len(facts) == 2
    await council.forget()
    assert await council.pass_by(days=26) == 2
    assert await council.notices() == {("promise-nearly-due", KEES), ("promise-nearly-due", LENA)}
    assert [kind for kind, _, _ in await council.told()].count(CouncilPromiseReminded) == 2


async def test_only_what_can_be_promised_is_and_only_by_who_was_there(
    presence: Presence, council: Council, kees: str, lena: str
) -> None:
    visit = await council.accepted(kees)
    promise = {"text": "Een bankje.", "dueOn": "2026-06-01"}
    path = f"/visits/{visit}/promises"
    assert await council.refused(path, promise, by="kees") == (422, "not-visited")
    assert await council.refused(f"/visits/{visit}/visited", {"memberIds": [kees]}, by="kees") == (422, "too-early")
    presence.now += timedelta(hours=1)
    assert await council.refused(f"/visits/{visit}/visited", {"memberIds": [lena]}, by="lena") == (
        403,
        "not-your-visit",
    )
    await council.done(f"/visits/{visit}/visited", {"memberIds": [kees]}, by="kees")
    assert await council.refused(path, promise, by="lena") == (403, "not-your-visit")
    assert await council.refused(path, promise | {"dueOn": "2026-04-30"}, by="kees") == (422, "due-in-the-past")
    assert await council.refused(path, promise | {"dueOn": "9999-12-31"}, by="kees") == (422, "due-too-far")
    for faulty in (
        dict[str, Any](),
        promise | {"dueOn": 7},
        promise | {"dueOn": "2026-06-01T12:00:00Z"},
        promise | {"text": ""},
    ):
        assert (await council.refused(path, faulty, by="kees"))[0] == 400
    assert (await council.refused(f"/council-promises/{uuid4()}/keeping", {}, by="kees"))[0] == 404
