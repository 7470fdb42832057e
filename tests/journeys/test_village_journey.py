"""The first whole journey, over HTTP through the gateway, as its people would live it."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.conftest import THRESHOLD, OpenSquare
from tests.journeys.receiver import Receiver
from tests.journeys.waiting import eventually

STORY = [
    "initiative-proposed",
    *["support-given"] * THRESHOLD,
    "threshold-reached",
    "pledge-made",
    "pledge-matched",
    "means-goal-reached",
    "pledge-committed",
]
TYPES = [
    "nl.participatie.initiatives.initiative-proposed.v1",
    "nl.participatie.initiatives.threshold-reached.v1",
    "nl.participatie.supports.support-given.v1",
    "nl.participatie.pledges.pledge-made.v1",
    "nl.participatie.pledges.pledge-matched.v1",
    "nl.participatie.means.means-goal-reached.v1",
    "nl.participatie.pledges.pledge-committed.v1",
]
RATIO = {
    "numerator": 1,
    "denominator": 1,
    "capPledgeCents": 100_000,
    "capDonorCents": 100_000,
    "capInitiativeCents": 500_000,
}


@pytest.fixture
def tail(square: OpenSquare, tmp_path: Path) -> Iterator[Path]:
    """What `events tail --json` prints while the journey goes on, from when it says that it waits."""
    out = tmp_path / "events.jsonl"
    line = square.line("events", "tail", "--json")
    with (
        out.open("w") as file,
        subprocess.Popen(line, stdout=file, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        assert "Waiting" in process.stderr.readline()
        yield out
        process.terminate()


def told_by(tail: Path, initiative: str) -> list[str]:
    """The facts about one initiative that `events tail` shows, as they happened.

    They are of several topics: where the machine is busy their records can arrive further apart than `tail` waits.
    """
    events = [json.loads(line) for line in tail.read_text().splitlines(keepends=True) if line.endswith("\n")]
    about = [event for event in events if (event.get("data") or {}).get("initiativeId") == initiative]
    about.sort(key=lambda event: (datetime.fromisoformat(event["time"]), event["id"]))
    return [event["type"].split(".")[-2] for event in about if not event["type"].endswith("-state.v1")]


def created(answer: Any) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def open_round(square: OpenSquare) -> str:
    closes = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    with square.client("chris") as chris:
        fund = created(chris.post("/funding/v1/funds", json={"name": "Dorpsfonds", "rule": "ratio", "knobs": RATIO}))
        terms = {"fundId": fund["id"], "closesAt": closes}
        opened = created(chris.post("/funding/v1/rounds", json=terms))
        for cofinancier, amount in (("gemeente", 300_000), ("provincie", 200_000)):
            line = {"cofinancier": cofinancier, "amountCents": amount}
            created(chris.post(f"/funding/v1/rounds/{opened['id']}/pot-lines", json=line))
    return str(opened["id"])


def test_a_dream_is_proposed_supported_and_funded_and_everyone_who_follows_hears_of_it(
    square: OpenSquare, tail: Path
) -> None:
    round_id = open_round(square)
    with Receiver() as receiver, square.client("anna") as anna, square.client() as anyone:
        with square.client("saar") as saar:
            wanted = {"callbackUrl": receiver.url, "types": TYPES}
            subscription = created(saar.post("/notifications/v1/subscriptions", json=wanted))
        receiver.secret = subscription["secret"]
        wish = {
            "title": "Een buurttuin voor Molendorp",
            "summary": "Samen groen maken naast de sportkantine.",
            "theme": "groen",
            "meansNeededCents": 100_000,
        }
        proposed = anna.post("/initiatives/v1/initiatives", json=wish)
        initiative = created(proposed)["id"]
        assert httpx.get(f"{square.document['gateway']}{proposed.headers['Location']}").json()["id"] == initiative
        created(anna.post("/notifications/v1/follows", json={"kind": "initiative", "initiativeId": initiative}))
        page = f"/initiatives/v1/initiatives/{initiative}"

        for number in range(THRESHOLD):
            with square.client(f"resident-{number}") as resident:
                assert resident.put(f"{page}/support").status_code == 200
        eventually(lambda: anyone.get(page).json(), lambda shown: shown["status"] == "supported")

        pledge = {"initiativeId": initiative, "roundId": round_id, "amountCents": 50_000}
        eventually(
            lambda: anyone.get(f"/funding/v1/initiatives/{initiative}/means"),
            lambda means: means.status_code == 200 and means.json()["neededCents"] == 100_000,
        )
        created(anna.post("/funding/v1/pledges", json=pledge))

        eventually(lambda: receiver.types(initiative), lambda types: sorted(types) == sorted(STORY))
        assert receiver.refused == []
        shown = eventually(lambda: anyone.get(page).json(), lambda shown: shown["means"]["missingCents"] == 0)
        assert shown["supports"] == THRESHOLD
        assert shown["means"]["pledgedCents"] == shown["means"]["matchedCents"] == 50_000
        in_full = [*STORY, "contribution-linked"]
        assert eventually(lambda: told_by(tail, initiative), lambda told: len(told) == len(in_full)) == in_full
        followed = eventually(
            lambda: anna.get("/notifications/v1/me/feed").json()["items"], lambda items: len(items) >= 4
        )
        assert all(item["initiativeId"] == initiative for item in followed)
