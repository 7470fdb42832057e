"""Funding in full, over HTTP through the gateway: from a pot that three fill to a receipt that needs no server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.journeys.conftest import open_square
from tests.journeys.receiver import Receiver
from tests.journeys.village import HEARD, Village, by_aggregate, printed
from tests.journeys.waiting import eventually

KNOBS = {
    "numerator": 1,
    "denominator": 1,
    "capPledgeCents": 50_000,
    "capDonorCents": 50_000,
    "capInitiativeCents": 100_000,
}
POT = (
    {"cofinancier": "gemeente", "amountCents": 100_000, "themes": ["ontmoeten"]},
    {"cofinancier": "provincie", "amountCents": 60_000, "mostPerInitiativeCents": 15_000},
    {"cofinancier": "rabobank", "amountCents": 40_000, "neighbourhoods": ["centrum"]},
)
WORK, HALL = "TIME/timmerwerk", "SLOT/dorpshuis"
NEEDS = [
    {"resource": "EUR/2", "minimum": 140_000},
    {"resource": WORK, "minimum": 720, "wished": 900},
    {"resource": HALL, "minimum": 240, "wished": 240},
]
VOTERS = 30
TOLD = [
    "funds.fund-opened",
    "knob-bounds.knob-bounds-set",
    "rounds.round-opened",
    "rounds.pot-line-added",
    "initiatives.initiative-proposed",
    "means.needs-set",
    "quotes.match-quoted",
    "pledges.pledge-made",
    "pledges.pledge-matched",
    "knob-changes.knob-change-drafted",
    "knob-changes.knob-change-simulated",
    "knob-changes.knob-change-opened",
    "knob-changes.knob-change-adopted",
    "knob-changes.knob-turned",
    "means.means-goal-reached",
    "pledges.pledge-committed",
    "pledges.pledge-delivered",
    "logs.tree-head-signed",
]


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A square of its own: its clock is moved, and it is closed before the end."""
    with open_square(tmp_path / "square") as square:
        told = Village(square)
        yield told
        told.close()


@pytest.fixture
def tail(village: Village, tmp_path: Path) -> Iterator[Path]:
    """What `events tail --json` prints from the beginning of the story."""
    out = tmp_path / "events.jsonl"
    with (
        out.open("w") as file,
        subprocess.Popen(
            village.square.line("events", "tail", "--json"), stdout=file, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr is not None
        assert "Waiting" in process.stderr.readline()
        yield out
        process.terminate()


@pytest.mark.timeout(300)
def test_a_village_fills_a_fund_turns_a_knob_and_can_prove_every_euro(
    village: Village, tail: Path, tmp_path: Path
) -> None:
    with Receiver() as receiver:
        wanted = {"callbackUrl": receiver.url, "types": HEARD}
        receiver.secret = village.post("saar", "subscriptions", wanted, service="notifications")["secret"]
        three_fill_a_round(village)
        somebody_dreams(village)
        residents_promise_money_hours_and_a_hall(village)
        kept = village.get("ledger/tree-head")
        a_knob_is_turned_by_vote(village)
        old_versions_stand_and_new_ones_count(village)
        the_goal_is_reached(village)
        what_was_promised_comes_in_parts(village)
        the_books_balance(village)
        everyone_who_wants_to_know_heard_of_it(village, tail, receiver)
        receipts = receipts_are_fetched(village, kept, tmp_path)
    village.square.command("down")
    receipts_prove_themselves(receipts, tmp_path)


def three_fill_a_round(village: Village) -> None:
    fund = village.post("gemeente", "funds", {"name": "Dorpsfonds", "rule": "ratio", "knobs": KNOBS})
    village.ids["fund"] = fund["id"]
    bounds = {"numerator": {"least": 1, "most": 3}, "denominator": {"least": 1, "most": 3}}
    village.put("erik", f"funds/{fund['id']}/knob-bounds", {"bounds": bounds})
    village.ids["round"] = open_round(village, POT)


def open_round(village: Village, pot: Any) -> str:
    terms = {"fundId": village.ids["fund"], "closesAt": (village.now() + timedelta(days=60)).isoformat()}
    opened = village.post("gemeente", "rounds", terms)
    for line in pot:
        filled = village.post(line["cofinancier"], f"rounds/{opened['id']}/pot-lines", line)
    assert filled["potCents"] == sum(line["amountCents"] for line in pot)
    return str(opened["id"])


def somebody_dreams(village: Village) -> None:
    """The initiative, its needs board, and somebody who follows it."""
    wish = {
        "title": "Een dorpshuiskamer",
        "summary": "Samen koffie drinken, elke zaterdag.",
        "theme": "ontmoeten",
        "neighbourhood": "molenbuurt",
    }
    made = village.post("anna", "initiatives", wish, service="initiatives")["id"]
    village.ids["initiative"] = made
    village.post("bram", "follows", {"kind": "initiative", "initiativeId": made}, service="notifications")
    eventually(
        lambda: village.client("anyone").get(f"/funding/v1/initiatives/{made}/means").status_code,
        lambda status: status == 200,
    )
    deadline = (village.now() + timedelta(days=40)).isoformat()
    board = village.put("anna", f"initiatives/{made}/needs", {"needs": NEEDS, "deadline": deadline})
    assert {line["resource"]: line["missing"] for line in board["needs"]} == {"EUR/2": 140_000, WORK: 720, HALL: 240}


def residents_promise_money_hours_and_a_hall(village: Village) -> None:
    """Fenna's euros as they were quoted to her, Kees' hours, and a hall on a Saturday."""
    asked = {"initiativeId": village.ids["initiative"], "roundId": village.ids["round"], "amountCents": 20_000}
    quote = village.post("fenna", "match-quotes", asked)
    made = village.pledge("fenna", roundId=village.ids["round"], amountCents=20_000, quoteId=quote["id"])
    assert made["match"] == quote["match"]
    shares = {line["potLineId"]: line["amountCents"] for line in made["match"]["matchedBy"]}
    lines = village.get(f"rounds/{village.ids['round']}")["potLines"]
    given = {line["cofinancier"]: shares.get(line["id"], 0) for line in lines}
    assert sum(given.values()) == made["matchCents"] == 20_000
    assert given["provincie"] <= 15_000
    assert given["rabobank"] == 0
    hours = village.pledge("kees", roundId=village.ids["round"], hours={"skill": "timmerwerk", "minutes": 720})
    assert (hours["match"]["valuedCents"], hours["matchCents"]) == (24_000, 24_000)
    starts = (village.now() + timedelta(days=45)).replace(hour=10, minute=0, second=0)
    slot = {
        "facility": "dorpshuis",
        "startsAt": starts.isoformat(),
        "endsAt": (starts + timedelta(hours=4)).isoformat(),
    }
    hall = village.pledge("dorpshuis", slot=slot)
    village.ids |= {
        "euros": made["id"],
        "hours": hours["id"],
        "hall": hall["id"],
        "version": made["match"]["ruleVersion"],
    }


def a_knob_is_turned_by_vote(village: Village) -> None:
    """Two euros for one: proposed, tried on the past, voted on, and in effect after its lock."""
    voters = [f"voter-{number}" for number in range(VOTERS)]
    for voter in voters:
        village.put(voter, "electorate/me", status=204)
    proposal = {"fundId": village.ids["fund"], "values": {"numerator": 2}, "reason": "Zo komt er sneller iets van."}
    change = village.post(voters[0], "knob-changes", proposal)
    path = f"knob-changes/{change['id']}"
    village.post(voters[0], f"{path}/opening", status=422)
    simulated = village.post(voters[0], f"{path}/simulation", status=200)
    [case] = simulated["simulation"]["cases"]
    assert (case["before"]["totalCents"], case["after"]["totalCents"], case["gain"]) == (44_000, 88_000, 1)
    assert village.post(voters[0], f"{path}/opening", status=200)["vote"]["quorum"] == 25
    ballots = {voter: str(uuid4()) for voter in voters[:29]}
    for number, (voter, ballot) in enumerate(ballots.items()):
        choice = "yes" if number < 26 else "no"
        village.post(voter, f"{path}/ballots", {"id": ballot, "choice": choice}, status=204)
    village.post(voters[0], f"{path}/ballots", {"id": str(uuid4()), "choice": "no"}, status=409)
    assert village.get(path)["tally"] is None

    assert "7 days and 1 hour ahead" in village.square.command("clock", "--forward", "7d1h")
    adopted = eventually(lambda: village.get(path), lambda shown: shown["status"] == "adopted")
    assert (adopted["tally"]["yes"], adopted["tally"]["no"]) == (26, 3)
    assert ballots["voter-7"] in [one["id"] for one in village.get(f"{path}/ballots?limit=100")["items"]]
    assert numerator(village) == 1
    village.square.command("clock", "--forward", "3d")
    eventually(lambda: village.get(path), lambda shown: shown["status"] == "effective")
    assert numerator(village) == 2


def numerator(village: Village) -> int:
    values = village.get(f"funds/{village.ids['fund']}/knobs")["values"]
    return int(next(one["value"] for one in values if one["name"] == "numerator"))


def old_versions_stand_and_new_ones_count(village: Village) -> None:
    """A pledge keeps its version, and so does its round; a new round has the new one."""
    old = village.ids["version"]
    assert village.get(f"pledges/{village.ids['euros']}")["match"]["ruleVersion"] == old
    late = village.pledge("mees", roundId=village.ids["round"], amountCents=1_000)
    assert (late["match"]["ruleVersion"], late["matchCents"]) == (old, 1_000)
    following = open_round(village, POT[:1])
    new = village.get(f"funds/{village.ids['fund']}/knobs")["ruleVersion"]
    made = village.pledge("lies", roundId=following, amountCents=20_000)
    assert (made["match"]["ruleVersion"], made["matchCents"]) == (new, 40_000)
    assert new != old
    village.ids["new"] = made["id"]


def the_goal_is_reached(village: Village) -> None:
    """Euros, hours and hall are there: nobody has to wait any more, and nobody can go back."""
    before = village.get(f"initiatives/{village.ids['initiative']}/means")
    assert {line["resource"]: line["missing"] for line in before["needs"]} == {"EUR/2": 14_000, WORK: 0, HALL: 0}
    village.pledge("anna", amountCents=14_000)
    assert village.get(f"initiatives/{village.ids['initiative']}/means")["reachedAt"]
    for one in ("euros", "hours", "hall", "new"):
        assert village.get(f"pledges/{village.ids[one]}")["status"] == "committed"
    village.post("fenna", f"pledges/{village.ids['euros']}/withdrawal", status=422)
    eventually(
        lambda: village.get(f"initiatives/{village.ids['initiative']}", service="initiatives")["means"],
        lambda means: means["goalReached"] and means["matchedCents"] == 85_000,
    )


def what_was_promised_comes_in_parts(village: Village) -> None:
    """Hours in two parts, each with its evidence, which only those see whom it concerns; the hall at once."""
    path = f"pledges/{village.ids['hours']}/deliveries"
    village.post("anna", path, {"quantity": 300}, status=422)
    for minutes, evidence in ((300, "Urenbriefje 12 oktober."), (420, "Urenbriefje 19 oktober.")):
        came = village.post("anna", path, {"quantity": minutes, "evidence": evidence})
    assert (came["status"], came["delivered"]) == ("delivered", 720)
    village.post("anna", path, {"quantity": 1, "evidence": "Te veel."}, status=422)
    assert village.post("anna", f"pledges/{village.ids['hall']}/deliveries", {"quantity": 240})["status"] == "delivered"
    seen = village.get(path, "kees")["items"]
    assert [one["evidence"] for one in seen] == ["Urenbriefje 12 oktober.", "Urenbriefje 19 oktober."]
    assert [one["evidence"] for one in village.get(path, "mees")["items"]] == [None, None]


def the_books_balance(village: Village) -> None:
    assert village.post("otto", "ledger/audit", status=200)["balanced"]
    shown = village.get("ledger/audit")
    assert (shown["balanced"], shown["faultCount"]) == (True, 0)
    assert {one["resource"] for one in shown["resources"]} == {"EUR/2", WORK, HALL}
    assert all(one["debitsPosted"] == one["creditsPosted"] for one in shown["resources"])


def everyone_who_wants_to_know_heard_of_it(village: Village, tail: Path, receiver: Receiver) -> None:
    """The event log, a receiver's webhook and a follower's feed: each saw the story, in its order."""
    wanted = {f"nl.participatie.{one}.v1" for one in TOLD}
    events = eventually(lambda: printed(tail), lambda seen: wanted <= {event["type"] for event in seen})
    for told in by_aggregate(events).values():
        numbers = [int(event["sequence"]) for event in told]
        assert numbers == list(range(1, len(numbers) + 1)), told
        assert [event["time"] for event in told] == sorted(event["time"] for event in told)
    eventually(lambda: not_in(events, receiver.verified), lambda missed: not missed)
    assert receiver.refused == []
    feed = eventually(
        lambda: village.get("me/feed?limit=100", "bram", service="notifications")["items"],
        lambda items: any(item["type"].endswith("means-goal-reached.v1") for item in items),
    )
    assert {item["initiativeId"] for item in feed} == {village.ids["initiative"]}


def not_in(events: list[Any], received: list[Any]) -> list[str]:
    """The types of the events that the receiver asked for and did not get."""
    ids = {event["id"] for event in received}
    return [event["type"] for event in events if event["type"] in HEARD and event["id"] not in ids]


def receipts_are_fetched(village: Village, kept: Any, folder: Path) -> dict[str, Path]:
    """Each pledger's receipt, shown to go on from a head that was kept before; and the log's key, from elsewhere."""
    (folder / "head.json").write_text(json.dumps(kept))
    (folder / "keys.json").write_text(json.dumps(village.get("ledger/public-key")))
    receipts = {}
    for one, whose in (("euros", "fenna"), ("hours", "kees"), ("hall", "dorpshuis")):
        path = f"/funding/v1/pledges/{village.ids[one]}/receipt?from={kept['size']}"

        def fetched(path: str = path, whose: str = whose) -> httpx.Response:
            return village.client(whose).get(path)

        got = eventually(fetched, lambda answer: answer.status_code == 200)
        receipts[one] = folder / f"{one}.json"
        receipts[one].write_text(got.text)
    return receipts


def receipts_prove_themselves(receipts: dict[str, Path], folder: Path) -> None:
    """Without any server; and one that was tampered with does not."""
    told = {one: verify(path, folder) for one, path in receipts.items()}
    assert all(done.returncode == 0 for done in told.values()), told
    assert "EUR 200.00" in told["euros"].stdout
    assert "12 h 00 min of timmerwerk" in told["hours"].stdout
    document = json.loads(receipts["euros"].read_text())
    document["entries"][0]["leaf"] = document["entries"][-1]["leaf"]
    (folder / "forged.json").write_text(json.dumps(document))
    assert verify(folder / "forged.json", folder).returncode == 1


def verify(receipt: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["--key", str(folder / "keys.json"), "--head", str(folder / "head.json")]
    line = [sys.executable, "-m", "dorpsplein_local", "verify", str(receipt), *options]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)
