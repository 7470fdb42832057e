"""A real town's vote comes in, through the same commands as everybody's, whatever is killed meanwhile."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import OpenSquare
from tests.journeys.waiting import eventually

VOTE = "Netherlands_Amsterdam_267.pb"
SUPPORTS = 23_675
SOME = 2_000


@pytest.fixture
def vote(shared_data: Path) -> Path:
    return shared_data / "pabulib" / VOTE


def supports_so_far(square: OpenSquare) -> int:
    """What funding has counted, of the initiatives that are there."""
    with square.client() as anyone:
        initiatives = anyone.get("/initiatives/v1/initiatives", params={"limit": 100}).json()["items"]
        ids = ",".join(initiative["id"] for initiative in initiatives)
        if not ids:
            return 0
        counts = anyone.get("/funding/v1/initiative-supports", params={"ids": ids}).json()["items"]
    return sum(count["supports"] for count in counts)


def brought_in(square: OpenSquare, vote: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(square.command("import", str(vote), "--json"))
    return document


def test_a_vote_ends_equal_everywhere_though_a_service_is_killed_in_the_middle(square: OpenSquare, vote: Path) -> None:
    line = square.line("import", str(vote), "--json")
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        eventually(lambda: supports_so_far(square), lambda supports: supports > SOME, within_s=120)
        killed = square.pid("initiatives")
        os.kill(killed, signal.SIGKILL)
        out, complaint = process.communicate(timeout=240)
    assert process.returncode == 0, complaint
    assert json.loads(out)["supports"] == dict.fromkeys(("file", "initiatives", "funding", "notifications"), SUPPORTS)
    assert square.pid("initiatives") != killed

    again = brought_in(square, vote)
    assert (again["created"], again["given"], again["equal"]) == (0, 0, True)


def test_a_malformed_vote_is_refused_with_file_line_and_reason_and_nothing_is_stored(
    square: OpenSquare, vote: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pb"
    bad.write_text(vote.read_text().replace("\n36474;7050;", "\n36474;seven;", 1))
    before = supports_so_far(square)
    done = subprocess.run(square.line("import", str(bad)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "bad.pb:25: the cost 'seven'" in done.stderr
    assert supports_so_far(square) == before
