"""The life of an initiative over HTTP, on a real database: moves, clocks, initiators, drafts, edits, milestones."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.initiatives.conftest import GARDEN, NOON, THRESHOLD, Initiatives, heard
from tests.support import login, person

from dorpsplein.contracts.funding.knobs import KnobTurned
from dorpsplein.contracts.initiatives.initiatives import (
    CoCreationStarted,
    CoInitiatorInvited,
    CoInitiatorJoined,
    CoInitiatorLeft,
    ExpiryAnnounced,
    InitiativePaused,
    InitiativeProposed,
    InitiativeResumed,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.milestones import MilestoneReached, MilestoneSet
from dorpsplein.timers import fire_due
from initiatives.domain.challenge import QUESTIONS
from initiatives.timers import HANDLERS

ANSWERS = dict.fromkeys(QUESTIONS, "Samen.")
CHALLENGE = {**GARDEN, "kind": "challenge", "answers": ANSWERS}


async def step(initiatives: Initiatives, path: str, body: Any = None, *, by: str = "anna", code: str = "") -> Any:
    answer = await initiatives.post(path, body, by=by)
    if code:
        assert answer.json().get("code") == code, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
    else:
        assert answer.is_success, answer.text
    return answer.json()


async def let_pass(initiatives: Initiatives, **time: int) -> None:
    """Let time pass, and what was to happen in it happen."""
    initiatives.now += timedelta(**time)
    await fire_due(initiatives.runtime.database, HANDLERS, initiatives.now)


async def supported(initiatives: Initiatives, **other: Any) -> str:
    initiative = await initiatives.propose(**other)
    for number in range(THRESHOLD):
        await initiatives.support(initiative, by=f"resident-{number}")
    await initiatives.catch_up()
    return initiative


async def test_an_initiative_goes_its_way_with_rests_and_every_step_is_a_fact(initiatives: Initiatives) -> None:
    initiative = await supported(initiatives)
    it = f"/initiatives/{initiative}"
    assert (await step(initiatives, f"{it}/start", code="not-now"))["status"] == 422
    assert (await step(initiatives, f"{it}/co-creation", by="boris", code="not-yours"))["status"] == 403
    assert (await step(initiatives, f"{it}/co-creation"))["status"] == "in-co-creation"
    paused = await step(initiatives, f"{it}/pause", {"reason": "season"})
    assert (paused["status"], paused["pauseReason"]) == ("paused", "season")
    refused = await initiatives.support(initiative, by="late")
    assert (refused.status_code, refused.json()["code"]) == (422, "initiative-paused")
    initiatives.now += timedelta(days=10)
    resumed = await step(initiatives, f"{it}/resumption")
    assert (resumed["status"], resumed["pauseReason"]) == ("in-co-creation", None)
    assert resumed["supportsCloseAt"] == (NOON + timedelta(days=100)).isoformat()
    kinds = [kind for kind, _ in await initiatives.facts() if "Support" not in kind.__name__]
    assert kinds == [InitiativeProposed, ThresholdReached, CoCreationStarted, InitiativePaused, InitiativeResumed]
    assert await step(initiatives, f"{it}/pause", {"reason": "bored"}, code="invalid-request")


async def test_what_came_to_its_threshold_while_it_rested_is_supported_when_it_goes_on(
    initiatives: Initiatives,
) -> None:
    initiative = await initiatives.propose()
    for number in range(THRESHOLD):
        await initiatives.support(initiative, by=f"resident-{number}")
    await step(initiatives, f"/initiatives/{initiative}/pause", {"reason": "other"})
    await initiatives.catch_up()
    assert (await initiatives.page(initiative))["status"] == "paused"
    assert (await step(initiatives, f"/initiatives/{initiative}/resumption"))["status"] == "supported"


async def test_its_initiators_are_reminded_before_the_end_and_not_while_it_rests(initiatives: Initiatives) -> None:
    resting, going = await initiatives.propose(), await initiatives.propose()
    await step(initiatives, f"/initiatives/{resting}/pause", {"reason": "other"})
    await let_pass(initiatives, days=75)
    assert ExpiryAnnounced not in [kind for kind, _ in await initiatives.facts()]
    await let_pass(initiatives, days=2)
    await let_pass(initiatives, days=1)
    announced = [told.event for told in await initiatives.told() if isinstance(told.event, ExpiryAnnounced)]
    assert [(str(event.initiative_id), event.expires_at) for event in announced] == [(going, NOON + timedelta(days=90))]


async def test_the_knobs_the_community_turned_are_pinned_to_what_is_proposed_after(initiatives: Initiatives) -> None:
    fund = uuid4()
    initiatives.runtime.settings = initiatives.runtime.settings.model_copy(update={"knobs_fund": fund})

    def turned(number: int, **numbers: int) -> KnobTurned:
        return KnobTurned(
            change_id=uuid4(), fund_id=fund, set_number=number, old_rule_version="", rule_version="",
            valuation_version="", numbers=numbers, choices={}, effective_at=NOON,
        )  # fmt: skip

    before = await initiatives.page(await initiatives.propose())
    assert (before["threshold"], before["knobSet"]) == (THRESHOLD, None)
    await initiatives.hear(heard(turned(3, supportThreshold=7, numerator=2)), heard(turned(2, supportThreshold=5)))
    await initiatives.hear(heard(turned(1, supportDays=10)))
    after = await initiatives.page(await initiatives.propose())
    assert (after["threshold"], after["knobSet"]) == (7, 3)
    assert after["supportsCloseAt"] == (NOON + timedelta(days=10)).isoformat()
    assert (await initiatives.page(before["id"]))["threshold"] == THRESHOLD


async def test_two_carry_it_together_and_the_last_one_stays(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    it, bram = f"/initiatives/{initiative}", str(person("boris"))
    await step(initiatives, f"{it}/invitations/acceptance", by="boris", code="invitation-unknown")
    await step(initiatives, f"{it}/invitations", {"personId": bram})
    joined = await step(initiatives, f"{it}/invitations/acceptance", by="boris")
    assert [who["id"] for who in joined["initiators"]] == [str(person("anna")), bram]
    assert (await initiatives.patch(initiative, 3, by="boris", title="Van ons")).json()["title"] == "Van ons"
    left = await initiatives.client.delete(f"{it}/initiators/me", headers=login("anna"))
    assert left.json()["initiator"]["id"] == bram
    last = await initiatives.client.delete(f"{it}/initiators/me", headers=login("boris"))
    assert (last.status_code, last.json()["code"]) == (422, "last-initiator")
    assert (await initiatives.patch(initiative, 5, by="anna", title="x")).json()["code"] == "not-yours"
    kinds = [kind for kind, _ in await initiatives.facts()]
    assert [kinds[1], kinds[2], kinds[4]] == [CoInitiatorInvited, CoInitiatorJoined, CoInitiatorLeft]


async def test_a_draft_is_its_writers_alone_until_it_is_whole_and_proposed(initiatives: Initiatives) -> None:
    draft = await step(initiatives, "/drafts", {"title": "Een buurttuin"})
    path = f"/drafts/{draft['id']}"
    missing = await initiatives.post(f"{path}/proposal")
    assert missing.status_code == 400
    assert {fault["pointer"] for fault in missing.json()["errors"]} == {"/summary", "/theme"}
    whole = {"title": "Een buurttuin", "summary": "Groen.", "theme": "groen"}
    for by, version, status in (("boris", 1, 404), ("anna", 7, 412), ("anna", 1, 200)):
        headers = login(by) | {"If-Match": f'"{version}"'}
        assert (await initiatives.client.put(path, json=whole, headers=headers)).status_code == status
    mine = await initiatives.client.get("/drafts", headers=login("anna"))
    assert [(one["version"], one["content"]) for one in mine.json()["items"]] == [(2, whole)]
    assert (await initiatives.client.get("/drafts", headers=login("boris"))).json()["items"] == []
    assert await initiatives.told() == []
    await step(initiatives, f"{path}/proposal", by="boris", code="draft-unknown")
    proposed = await step(initiatives, f"{path}/proposal")
    assert (proposed["title"], proposed["status"]) == ("Een buurttuin", "proposed")
    await step(initiatives, f"{path}/proposal", code="draft-unknown")
    other = await step(initiatives, "/drafts", {})
    dropped = await initiatives.client.delete(f"/drafts/{other['id']}", headers=login("anna"))
    assert dropped.status_code == 204
    assert await initiatives.rows("select * from drafts") == []


async def test_every_edit_can_be_read_back_word_by_word(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    await initiatives.patch(initiative, 1, title="Een mooie buurttuin")
    await initiatives.patch(initiative, 2, title="De mooie buurttuin", place=None)
    answer = (await initiatives.get(f"/initiatives/{initiative}/edits", limit=1)).json()
    assert answer["items"][0]["editedBy"]["id"] == str(person("anna"))
    assert [change["field"] for change in answer["items"][0]["changed"]] == ["title", "place"]
    assert answer["items"][0]["changed"][0]["pieces"] == [
        {"kind": "removed", "text": "Een "},
        {"kind": "added", "text": "De "},
        {"kind": "kept", "text": "mooie buurttuin"},
    ]
    older = (await initiatives.get(f"/initiatives/{initiative}/edits", limit=1, cursor=answer["next"])).json()
    assert [(one["version"], one["changed"][0]["before"], one["changed"][0]["after"]) for one in older["items"]] == [
        (1, "Een buurttuin", "Een mooie buurttuin")
    ]
    assert older["next"] is None
    assert (await initiatives.get(f"/initiatives/{uuid4()}/edits")).status_code == 404


async def test_a_milestone_is_reached_once_and_stands_on_the_page(initiatives: Initiatives) -> None:
    initiative = await initiatives.propose()
    path = f"/initiatives/{initiative}/milestones"
    await step(initiatives, path, {"title": "Eerste schop"}, by="boris", code="not-yours")
    dug = await step(initiatives, path, {"title": "Eerste schop", "dueOn": "2026-06-01"})
    fence = await step(initiatives, path, {"title": "Een hek"})
    await step(initiatives, f"/milestones/{dug['id']}/reaching")
    await step(initiatives, f"/milestones/{dug['id']}/reaching", code="milestone-reached")
    await step(initiatives, f"/milestones/{fence['id']}/letting-go")
    await step(initiatives, f"/milestones/{uuid4()}/reaching", code="milestone-unknown")
    shown = (await initiatives.page(initiative))["milestones"]
    assert [(one["title"], one["status"], one["dueOn"]) for one in shown] == [
        ("Een hek", "dropped", None),
        ("Eerste schop", "reached", "2026-06-01"),
    ]
    kinds = [kind for kind, _ in await initiatives.facts()]
    assert kinds.count(MilestoneSet) == 2
    assert kinds.count(MilestoneReached) == 1


async def test_a_challenge_asks_its_questions_and_shows_the_answers(initiatives: Initiatives) -> None:
    kinds = {kind["kind"]: kind for kind in (await initiatives.get("/initiative-kinds")).json()["items"]}
    assert [question["code"] for question in kinds["challenge"]["questions"]] == list(QUESTIONS)
    await step(initiatives, "/initiatives", GARDEN | {"kind": "challenge"}, code="questions-open")
    challenge = await step(initiatives, "/initiatives", CHALLENGE)
    assert (challenge["kind"], challenge["answers"]) == ("challenge", ANSWERS)
    changed = await initiatives.patch(challenge["id"], 1, answers=ANSWERS | {"task": "Het groen."})
    assert changed.json()["answers"]["task"] == "Het groen."
