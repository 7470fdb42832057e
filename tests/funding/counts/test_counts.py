"""Official counts of elections over HTTP: from start to certificate, draw, witness, dispute and override."""

import hashlib
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.funding.conftest import NOON, Funding, at_once
from tests.funding.counts.conftest import (
    COMMITMENT,
    DRAWN,
    EQUAL_SHARES,
    SEED,
    TIED,
    certificate,
    counted,
    election,
    load,
    loaded,
    pabulib,
    second_count,
    witness,
)
from tests.support import person

from dorpsplein.contracts.funding.counts import (
    CountDisputed,
    CountPublished,
    CountStarted,
    CountTied,
    DrawHeld,
    OutcomeCounted,
    OutcomeOverridden,
)
from funding.domain import pabulib as files
from funding.domain import rules

GREEDY = {"rule": "greedy", "knobs": {"ties": "fixed"}}
BALLOTS = election("p1", "p1,p3", "p2", "p3", "p3", budget=15)
"""p3 (5) and p1 (10) win by greedy."""


async def published(funding: Funding) -> Any:
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    answer = await witness(funding, count["id"])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_assen_gives_the_published_winners_and_a_second_implementation_agrees(
    funding: Funding, shared_data: Path
):
    raw = pabulib(shared_data, "Netherlands_Assen_2024.pb")
    winners = {project.id for project in files.parse(raw, "assen.pb").projects if project.selected}
    count = await counted(funding, await loaded(funding, raw), {"rule": "equal_shares", "knobs": EQUAL_SHARES})
    assert (count["status"], count["outcome"], count["winners"]) == ("counted", None, None)
    amounts, digest = second_count(await certificate(funding, count["id"]))
    assert set(amounts) == winners
    shown = (await witness(funding, count["id"], digest)).json()
    assert (shown["status"], shown["outcomeDigest"]) == ("published", digest)
    assert set(shown["winners"]) == winners
    expected = json.loads((shared_data / "expected" / "pb_outcomes.json").read_text())
    assert shown["amountCents"] == 100 * expected["Netherlands_Assen_2024.pb"]["mes_add1"]["cost"]


async def test_a_certificate_holds_all_that_a_second_party_needs(funding: Funding):
    shown = await published(funding)
    document = await certificate(funding, shown["id"])
    snapshot = json.dumps(document["snapshot"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document["inputRoot"] == hashlib.sha256(snapshot.encode()).hexdigest() == shown["inputRoot"]
    assert document["ruleVersion"] == rules.version(rules.from_knobs("greedy", {"ties": "fixed"}))
    assert (document["rule"], document["knobs"], document["draw"]) == ("greedy", {"ties": "fixed"}, None)
    assert {line["candidateId"]: line["amountCents"] for line in document["outcome"]} == {
        "p3": 500,
        "p1": 1_000,
        "p2": 0,
    }
    for line in document["outcome"]:
        assert sum(reason["amountCents"] for reason in line["reasons"] if not reason["poolId"]) == line["amountCents"]
        assert sum(part["amountCents"] for part in line["by"]) == line["amountCents"]
    assert document["witness"]["id"] == str(person("saar"))
    assert document["overrides"] == []


async def test_a_count_tells_its_facts_in_order_and_the_outcome_last(funding: Funding):
    shown = await published(funding)
    facts = [(event, version) for event, version in await funding.events() if hasattr(event, "count_id")]
    assert [(type(event), version) for event, version in facts] == [
        (CountStarted, 1),
        (OutcomeCounted, 2),
        (CountPublished, 3),
    ]
    last = facts[-1][0]
    assert isinstance(last, CountPublished)
    assert (last.outcome_digest, last.winners, last.amount_cents) == (shown["outcomeDigest"], 2, 1_500)
    assert (last.rule_version, last.input_root) == (shown["ruleVersion"], shown["inputRoot"])


async def test_an_outcome_is_hidden_everywhere_until_a_witness_has_counted(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    [(digest,)] = await funding.rows("select outcome_digest from counts")
    for path in (f"/counts/{count['id']}", "/counts", f"/counts/{count['id']}/certificate"):
        answer = await funding.get(path)
        assert digest not in answer.text
        assert "won-by-score" not in answer.text
    early = await funding.get(f"/counts/{count['id']}/fair-share")
    assert (early.status_code, early.json()["code"]) == (404, "no-fair-share-yet")
    bodies = await funding.rows("select convert_from(body, 'UTF8') from outbox")
    assert not [body for (body,) in bodies if digest in body]
    await witness(funding, count["id"])
    assert digest in (await funding.get(f"/counts/{count['id']}")).text


async def test_a_tie_stops_the_count_and_a_public_draw_settles_it(funding: Funding):
    count = await counted(funding, await loaded(funding, TIED), DRAWN)
    assert (count["status"], count["ties"], count["seedCommitment"]) == ("tied", [["p1", "p2"]], COMMITMENT)
    early = await witness(funding, count["id"], "f" * 64)
    assert (early.status_code, early.json()["code"]) == (422, "not-counted")
    wrong = await funding.post(f"/counts/{count['id']}/draw", {"seed": SEED + "."}, by="otto")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "seed-differs")
    assert (await funding.get(f"/counts/{count['id']}")).json() == count
    right = await funding.post(f"/counts/{count['id']}/draw", {"seed": SEED}, by="otto")
    assert right.json()["status"] == "counted"
    again = await funding.post(f"/counts/{count['id']}/draw", {"seed": SEED}, by="otto")
    assert again.json() == right.json()
    shown = (await witness(funding, count["id"])).json()
    document = await certificate(funding, count["id"])
    replayed = sorted(
        ["p1", "p2", "p3"], key=lambda one: hashlib.sha256(SEED.encode() + b"\0" + one.encode()).hexdigest()
    )
    assert (document["seed"], document["draw"], document["seedCommitment"]) == (SEED, replayed, COMMITMENT)
    assert shown["winners"] == [next(one for one in replayed if one != "p3")]
    kinds = [type(event) for event, _ in await funding.events() if hasattr(event, "count_id")]
    assert kinds == [CountStarted, CountTied, DrawHeld, OutcomeCounted, CountPublished]


async def test_whichever_of_the_tied_comes_first_in_the_draw_wins(funding: Funding):
    won = set()
    for number in range(8):
        seed = f"zaad {number}"
        commitment = hashlib.sha256(seed.encode()).hexdigest()
        file = election(*["p1", "p2"] * (number + 1))
        count = await counted(funding, await loaded(funding, file), DRAWN | {"seedCommitment": commitment})
        await funding.post(f"/counts/{count['id']}/draw", {"seed": seed}, by="otto")
        won.update((await witness(funding, count["id"])).json()["winners"])
    assert won == {"p1", "p2"}


async def test_ties_by_id_need_no_draw(funding: Funding):
    count = await counted(funding, await loaded(funding, TIED), GREEDY)
    assert count["status"] == "counted"
    nothing = await funding.post(f"/counts/{count['id']}/draw", {"seed": SEED}, by="otto")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing-to-draw")


async def test_a_draw_needs_its_commitment_before_and_only_one(funding: Funding):
    election_id = await loaded(funding, TIED)
    path = f"/elections/{election_id}/counts"
    missing = await funding.post(path, {"rule": "greedy", "knobs": {"ties": "draw"}}, by="otto")
    assert (missing.status_code, missing.json()["code"]) == (422, "seed-commitment-missing")
    await counted(funding, election_id, DRAWN)
    other = {"rule": "greedy_no_skip", "knobs": {"ties": "draw"}, "seedCommitment": "e" * 64}
    refused = await funding.post(path, other, by="otto")
    assert (refused.status_code, refused.json()["code"]) == (422, "seed-committed-before")


async def test_a_witness_who_found_something_else_blocks_publication_until_a_new_count(funding: Funding):
    election_id = await loaded(funding, BALLOTS)
    count = await counted(funding, election_id, GREEDY)
    disputed = (await witness(funding, count["id"], "f" * 64)).json()
    assert (disputed["status"], disputed["witness"]["outcomeDigest"]) == ("disputed", "f" * 64)
    [(event, _)] = await funding.events(CountDisputed)
    assert isinstance(event, CountDisputed)
    assert (event.witness_digest, event.outcome_digest) == ("f" * 64, disputed["outcomeDigest"])
    late = await witness(funding, count["id"], by="theo")
    assert (late.status_code, late.json()["code"]) == (422, "count-disputed")
    assert await funding.events(CountPublished) == []
    again = await counted(funding, election_id, GREEDY, by="saar")
    assert again["id"] != count["id"]
    assert (await witness(funding, again["id"], by="otto")).json()["status"] == "published"


async def test_an_outcome_that_was_tampered_with_is_disputed(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    await funding.rows("update counts set outcome_digest = $1 where id = $2 returning 1", "1" * 64, count["id"])
    assert (await witness(funding, count["id"])).json()["status"] == "disputed"


async def test_who_started_a_count_is_not_its_witness(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    refused = await witness(funding, count["id"], by="otto")
    assert (refused.status_code, refused.json()["code"]) == (403, "witness-is-starter")
    assert (await funding.get(f"/counts/{count['id']}")).json()["status"] == "counted"


async def test_two_witnesses_at_once_publish_once(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    answers = await at_once(*(witness(funding, count["id"], by=who) for who in ("saar", "theo", "petra")))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    assert len(await funding.events(CountPublished)) == 1


async def test_of_two_counts_at_once_one_stands(funding: Funding):
    election_id = await loaded(funding, BALLOTS)
    path = f"/elections/{election_id}/counts"
    answers = await at_once(*(funding.post(path, GREEDY, by=who) for who in ("otto", "saar", "otto")))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"count-stands"}
    assert len(await funding.events(CountStarted)) == 1


async def test_an_election_is_counted_under_several_rules_each_with_its_version(funding: Funding):
    election_id = await loaded(funding, BALLOTS)
    first = await counted(funding, election_id, GREEDY)
    funding.now += timedelta(minutes=1)
    second = await counted(funding, election_id, {"rule": "equal_shares", "knobs": EQUAL_SHARES})
    assert first["ruleVersion"] != second["ruleVersion"]
    listed = (await funding.get("/counts", of=election_id)).json()["items"]
    assert [count["id"] for count in listed] == [second["id"], first["id"]]
    page = (await funding.get("/counts", limit=1)).json()
    rest = (await funding.get("/counts", limit=1, cursor=page["next"])).json()
    assert [*page["items"], *rest["items"]] == listed
    assert (await funding.get("/counts", of=str(uuid4()))).json()["items"] == []


async def test_an_id_or_a_key_of_ones_own_makes_counting_again_safe(funding: Funding):
    election_id = await loaded(funding, BALLOTS)
    path, body = f"/elections/{election_id}/counts", GREEDY | {"id": str(uuid4())}
    first, again = await funding.post(path, body, by="otto"), await funding.post(path, body, by="otto")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    clash = await funding.post(path, body | {"rule": "greedy_no_skip"}, by="otto")
    assert (clash.status_code, clash.json()["code"]) == (409, "id-taken")
    other = await loaded(funding, TIED)
    keyed = [await funding.post(f"/elections/{other}/counts", GREEDY, by="otto", key="k") for _ in range(2)]
    assert [answer.status_code for answer in keyed] == [201, 201]
    assert keyed[0].json() == keyed[1].json()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"rule": "loting", "knobs": {}}, 422, "rule-unknown"),
        ({"rule": "greedy", "knobs": {"ties": "fixed", "colour": 1}}, 422, "knob-unknown"),
        ({"rule": "greedy", "knobs": {}}, 422, "knob-missing"),
        ({"rule": "greedy", "knobs": {"ties": "coin"}}, 422, "knob-out-of-bounds"),
        ({"rule": "greedy", "knobs": {"ties": 1}}, 422, "knob-out-of-bounds"),
        ({"rule": "greedy", "knobs": {"ties": 1.5}}, 400, "invalid-request"),
        ({"rule": "greedy", "knobs": {"ties": None}}, 400, "invalid-request"),
        ({"rule": "greedy", "knobs": []}, 400, "invalid-request"),
        ({"rule": 7}, 400, "invalid-request"),
        (GREEDY | {"seedCommitment": "zaad"}, 400, "invalid-request"),
        (GREEDY | {"winner": "p1"}, 400, "invalid-request"),
        (
            {
                "rule": "pro_rata",
                "knobs": {"capDonorCents": 1, "capInitiativeCents": 1},
            },
            422,
            "rule-not-for-elections",
        ),
    ],
)
async def test_a_count_that_cannot_be_changes_nothing(funding: Funding, body: dict[str, Any], status: int, code: str):
    election_id = await loaded(funding, BALLOTS)
    answer = await funding.post(f"/elections/{election_id}/counts", body, by="otto")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await funding.rows("select * from counts") == []
    assert await funding.events(CountStarted) == []


async def test_what_is_not_there_is_said_not_to_be(funding: Funding):
    nothing = uuid4()
    asked = [
        await funding.post(f"/elections/{nothing}/counts", GREEDY, by="otto"),
        await funding.post(f"/counts/{nothing}/draw", {"seed": "x"}, by="otto"),
        await funding.post(f"/counts/{nothing}/witness", {"outcomeDigest": "f" * 64}, by="otto"),
        await funding.post(
            f"/counts/{nothing}/overrides",
            {"reason": "x", "changes": [{"candidateId": "a", "amountCents": 1}]},
            by="erik",
        ),
        await funding.get(f"/counts/{nothing}"),
        await funding.get(f"/counts/{nothing}/certificate"),
        await funding.get(f"/counts/{nothing}/fair-share"),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)


async def test_an_override_stands_beside_the_outcome_which_stays_as_it_is(funding: Funding):
    shown = await published(funding)
    before = await certificate(funding, shown["id"])
    body = {
        "id": str(uuid4()),
        "reason": "Het dak lekt.",
        "changes": [{"candidateId": "p1", "amountCents": 0}, {"candidateId": "p2", "amountCents": 1_000}],
    }
    path = f"/counts/{shown['id']}/overrides"
    made, again = await funding.post(path, body, by="erik"), await funding.post(path, body, by="erik")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    after = await certificate(funding, shown["id"])
    [beside] = after["overrides"]
    assert (beside["reason"], beside["changes"], beside["madeBy"]) == (
        body["reason"],
        body["changes"],
        str(person("erik")),
    )
    assert after | {"overrides": []} == before
    assert second_count(after)[1] == after["outcomeDigest"]
    now = (await funding.get(f"/counts/{shown['id']}")).json()
    assert (now["winners"], now["outcome"], now["version"]) == (shown["winners"], shown["outcome"], 4)
    [(event, version)] = await funding.events(OutcomeOverridden)
    assert isinstance(event, OutcomeOverridden)
    assert (event.changes, version) == ({"p1": 0, "p2": 1_000}, 4)
    assert "dak" not in event.model_dump_json()
    clash = await funding.post(path, body | {"reason": "Zomaar."}, by="erik")
    assert (clash.status_code, clash.json()["code"]) == (409, "id-taken")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ([{"candidateId": "p9", "amountCents": 1}], 422, "candidate-unknown"),
        ([{"candidateId": "p2", "amountCents": 1}], 422, "over-budget"),
        ([{"candidateId": "p1", "amountCents": 1_000}], 422, "nothing-overridden"),
        ([{"candidateId": "p1", "amountCents": -1}], 400, "invalid-request"),
        ([{"candidateId": "p1", "amountCents": 1}] * 2, 400, "invalid-request"),
        ([], 400, "invalid-request"),
    ],
)
async def test_an_override_that_cannot_be_changes_nothing(
    funding: Funding, changes: list[dict[str, Any]], status: int, code: str
):
    shown = await published(funding)
    answer = await funding.post(f"/counts/{shown['id']}/overrides", {"reason": "x", "changes": changes}, by="erik")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await funding.rows("select * from count_overrides") == []


async def test_an_outcome_that_is_not_published_is_not_overridden(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    body = {"reason": "x", "changes": [{"candidateId": "p1", "amountCents": 0}]}
    answer = await funding.post(f"/counts/{count['id']}/overrides", body, by="erik")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-published")


async def test_what_was_counted_on_and_what_was_overridden_is_never_edited(funding: Funding):
    await published(funding)
    for statement in (
        "update count_inputs set document = '{}'",
        "delete from count_inputs",
        "update count_overrides set reason = ''",
        "delete from count_overrides",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await funding.rows(statement)


async def test_a_published_count_says_who_got_nothing(funding: Funding):
    shown = await published(funding)
    report = (await funding.get(f"/counts/{shown['id']}/fair-share")).json()
    assert (report["givenCents"], report["leftCents"], report["gotNothing"]) == (1_500, 0, ["p2"])
    [theme] = report["themes"]
    assert (theme["name"], theme["candidates"], theme["gotNothing"], theme["people"]) == ("groen", 3, 1, 5)


async def test_a_rule_works_outside_of_the_event_loop(funding: Funding, monkeypatch: pytest.MonkeyPatch):
    worked_in: list[threading.Thread] = []
    allocate = rules.allocate

    def noted(*asked: Any) -> Any:
        worked_in.append(threading.current_thread())
        return allocate(*asked)

    monkeypatch.setattr(rules, "allocate", noted)
    await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    assert worked_in
    assert threading.main_thread() not in worked_in


async def test_the_clock_of_the_service_says_when(funding: Funding):
    count = await counted(funding, await loaded(funding, BALLOTS), GREEDY)
    assert count["startedAt"] == count["countedAt"] == NOON.isoformat().replace("+00:00", "Z")
    assert (await load(funding, BALLOTS)).json()["loadedAt"] == count["startedAt"]
