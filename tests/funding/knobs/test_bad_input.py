"""What cannot be done with knobs is refused clearly, and changes nothing."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import at_once
from tests.funding.knobs.conftest import REASON, Square
from tests.support import login

from dorpsplein.errors import Refused
from funding import commands

ID = str(uuid4())
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"values": {"capPledgeCents": 0}}, "knob-out-of-bounds"),
    ({"values": {"capPledgeCents": -5}}, "knob-out-of-bounds"),
    ({"values": {"capPledgeCents": "much"}}, "knob-out-of-bounds"),
    ({"values": {"rule": "\0"}}, "knob-out-of-bounds"),
    ({"values": {"capPledgeCents": 20_001}}, "knob-step-too-large"),
    ({"values": {"capPledgeCents": 4_999}}, "knob-step-too-large"),
    ({"values": {"capPledgeCents": 10_000}}, "nothing-changes"),
    ({"values": {"capPledgeCents": 15_000, "numerator": 1}}, "nothing-changes"),
    ({"values": {}}, "nothing-changes"),
    ({}, "nothing-changes"),
    ({"values": {"dial": 1}}, "knob-unknown"),
    ({"values": {"rule": "lottery"}}, "knob-out-of-bounds"),
    ({"values": {"startPercent": 30}}, "knob-not-used"),
    ({"bounds": {"dial": {"least": 1, "most": 2}}}, "knob-unknown"),
    ({"bounds": {"rule": {"least": 1, "most": 2}}}, "knob-unknown"),
    ({"bounds": {"capPledgeCents": {"least": 0, "most": 20_000}}}, "bounds-too-wide"),
    ({"bounds": {"capPledgeCents": {"least": 20_000, "most": 10_000}}}, "bounds-too-wide"),
    ({"bounds": {"capPledgeCents": {"least": 1, "most": 9_999}}}, "knob-out-of-bounds"),
]
WRONG_VALUES: list[Any] = [1.5, True, None, [], {}, 2**53, 10**400, "x" * 41]
MALFORMED: list[dict[str, Any]] = [
    *({"values": {"capPledgeCents": value}} for value in WRONG_VALUES),
    {"fundId": "x", "values": {"capPledgeCents": 15_000}},
    {"reason": "", "values": {"capPledgeCents": 15_000}},
    {"reason": "x" * 20_001, "values": {"capPledgeCents": 15_000}},
    {"values": [], "reason": REASON},
    {"values": {f"knob{n}": 1 for n in range(1_000)}},
    {"values": {"capPledgeCents": 15_000}, "effectiveAt": "2026-05-01T12:00:00Z"},
    {"bounds": {"capPledgeCents": {"least": 1}}},
]


async def nothing_happened(square: Square) -> bool:
    changes = await square.funding.rows("select count(*) from knob_changes")
    return changes == [(0,)] and (await square.knobs())["number"] == 1


async def test_a_change_that_cannot_be_is_refused_with_its_reason(square: Square) -> None:
    for body, code in REFUSED:
        answer = await square.ask_draft(**body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), f"{body}: {answer.text}"
        assert answer.json()["detail"].strip().endswith(".")
    assert await nothing_happened(square)


async def test_a_malformed_change_is_refused(square: Square) -> None:
    for body in MALFORMED:
        answer = await square.ask_draft(**body)
        assert answer.status_code == 400, f"{str(body)[:100]}: {answer.text}"
    assert await nothing_happened(square)


async def test_a_name_no_knob_can_have_is_refused_like_any_other(square: Square) -> None:
    for name in ("\0", "\ud800", "x" * 5_000):
        answer = await square.ask_draft(values={name: 1})
        assert answer.status_code in {400, 422}, answer.text
    assert await nothing_happened(square)


async def test_who_is_not_in_the_electorate_turns_nothing(square: Square) -> None:
    answer = await square.ask_draft("stranger", values={"capPledgeCents": 15_000})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-in-the-electorate")
    change = await square.draft(capPledgeCents=15_000)
    answer = await square.do(change, "simulation", by="stranger")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-in-the-electorate")


async def test_an_unknown_fund_or_change_is_not_found(square: Square) -> None:
    answer = await square.ask_draft(values={"capPledgeCents": 15_000}, fundId=ID)
    assert (answer.status_code, answer.json()["code"]) == (404, "fund-unknown")
    for what, body, by in (
        ("simulation", None, "anna"),
        ("opening", None, "anna"),
        ("withdrawal", None, "anna"),
        ("consent", None, "erik"),
        ("veto", {}, "dora"),
        ("ballots", {"id": ID, "choice": "yes"}, "anna"),
    ):
        answer = await square.do(ID, what, body, by=by)
        assert answer.status_code == 404, answer.text


async def test_a_draft_with_the_same_id_is_the_same_or_a_clash(square: Square) -> None:
    body: dict[str, Any] = {"id": ID, "values": {"capPledgeCents": 15_000}}
    answers = await at_once(*(square.ask_draft(**body) for _ in range(5)))
    again = [await square.ask_draft(**body) for answer in answers if answer.status_code == 503]
    assert sorted({answer.status_code for answer in [*answers, *again]} - {503}) == [200, 201]
    clash = await square.ask_draft(**body | {"values": {"capPledgeCents": 16_000}})
    assert (clash.status_code, clash.json()["code"]) == (409, "id-taken")
    assert await square.funding.rows("select count(*) from knob_changes") == [(1,)]


async def test_a_change_without_a_simulation_of_today_does_not_open(square: Square) -> None:
    waiting = await square.draft(capDonorCents=13_000)
    answer = await square.do(waiting, "opening")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-simulated")
    assert (await square.do(waiting, "simulation")).status_code == 200
    await square.adopted(capPledgeCents=15_000)
    await square.pass_by(days=3)
    answer = await square.do(waiting, "opening")
    assert (answer.status_code, answer.json()["code"]) == (422, "simulation-stale")
    for what in ("simulation", "opening"):
        assert (await square.do(waiting, what)).status_code == 200
    answer = await square.do(waiting, "simulation")
    assert (answer.status_code, answer.json()["code"]) == (422, "already-opened")


async def test_two_changes_of_one_knob_are_not_voted_on_together(square: Square) -> None:
    twins = [await square.draft(capPledgeCents=value) for value in (15_000, 16_000)]
    for change in twins:
        assert (await square.do(change, "simulation")).status_code == 200

    async def opening(change: str) -> str:
        try:
            async with square.funding.runtime.database.transaction() as tx:
                opened = await commands.knobs.changes.open_(tx, UUID(change), square.caller("anna"), square.now)
                await asyncio.sleep(0.2)
                return opened.status
        except Refused as no:
            return no.code

    assert sorted(await at_once(*map(opening, twins))) == ["knob-busy", "open"]


async def test_others_do_not_open_or_withdraw_someone_s_change(square: Square) -> None:
    change = await square.draft(capPledgeCents=15_000)
    await square.do(change, "simulation")
    for what in ("opening", "withdrawal"):
        answer = await square.do(change, what, by="bea")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-your-change")


async def test_what_is_over_is_not_withdrawn_and_what_is_not_adopted_not_vetoed(square: Square) -> None:
    change = await square.opened(capPledgeCents=15_000)
    for what, body, by in (("veto", {"ground": "Onwettig."}, "dora"), ("consent", None, "erik")):
        answer = await square.do(change, what, body, by=by)
        assert (answer.status_code, answer.json()["code"]) == (422, "not-adopted")
    await square.votes(change, "anna", "bea", "cas")
    await square.pass_by(days=7)
    answer = await square.do(change, "withdrawal")
    assert (answer.status_code, answer.json()["code"]) == (422, "voting-closed")
    answer = await square.do(change, "consent", by="erik")
    assert (answer.status_code, answer.json()["code"]) == (422, "no-consent-needed")
    answer = await square.do(change, "veto", {"ground": " "}, by="dora")
    assert answer.status_code == 400
    await square.pass_by(days=3)
    answer = await square.do(change, "veto", {"ground": "Onwettig."}, by="dora")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-adopted")


async def test_a_veto_after_the_moment_of_effect_is_too_late_though_no_timer_fired(square: Square) -> None:
    change = await square.adopted(capPledgeCents=15_000)
    square.funding.now += timedelta(days=3)
    answer = await square.do(change, "veto", {"ground": "Onwettig."}, by="dora")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-adopted")


@pytest.mark.parametrize(
    "body",
    [
        {"bounds": {}},
        {"bounds": {"capPledgeCents": {"least": 1.5, "most": 2}}},
        {"bounds": {"capPledgeCents": {"least": 1, "most": 2, "step": 1}}},
        {},
    ],
)
async def test_malformed_bounds_are_refused(square: Square, body: Any) -> None:
    path = f"/funds/{square.fund}/knob-bounds"
    answer = await square.funding.client.put(path, json=body, headers=login("erik"))
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("choice", ["maybe", "", 1, None, True, ["yes"]])
async def test_a_ballot_is_yes_no_or_abstain(square: Square, choice: Any) -> None:
    answer = await square.do(ID, "ballots", {"id": ID, "choice": choice})
    assert answer.status_code == 400, answer.text
