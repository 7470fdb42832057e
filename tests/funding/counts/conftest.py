"""Elections to count, as a test makes them, and a second party that counts for itself."""

import hashlib
import json
from pathlib import Path
from typing import Any

from httpx import Response
from tests.funding.conftest import Funding
from tests.funding.rules.oracle import recount
from tests.support import login

EQUAL_SHARES = {
    "utility": "cost",
    "completion": "add1",
    "incrementCents": 100,
    "start": "whole",
    "stopWhenExhaustive": 0,
    "comparison": "none",
    "ties": "fixed",
}
SEED = "een lang en willekeurig zaad"
COMMITMENT = hashlib.sha256(SEED.encode()).hexdigest()
DRAWN = {"rule": "greedy", "knobs": {"ties": "draw"}, "seedCommitment": COMMITMENT}
"""A count that leaves ties to a draw."""


def election(*ballots: str, budget: int = 10, costs: tuple[int, ...] = (10, 10, 5)) -> str:
    """A Pabulib file of projects `p1`, `p2`, …, and a ballot each voter (`p1,p2`)."""
    lines = ["META", "key;value", "description;Proef", f"num_projects;{len(costs)}", f"num_votes;{len(ballots)}"]
    lines += [f"budget;{budget}", "vote_type;approval", "PROJECTS", "project_id;cost;name;category"]
    lines += [f"p{number};{cost};Plan {number};groen" for number, cost in enumerate(costs, start=1)]
    lines += ["VOTES", "voter_id;vote;age;sex"]
    lines += [f"kiezer-{number};{ballot};oud;vrouw" for number, ballot in enumerate(ballots, start=1)]
    return "\n".join(lines) + "\n"


TIED = election("p1", "p1", "p2", "p2", "p3")
"""Two plans with as many votes and the same cost, and money for one."""


async def load(funding: Funding, content: str | bytes, *, by: str = "otto", **query: str) -> Response:
    headers = login(by) | {"Content-Type": "text/plain; charset=utf-8"}
    raw = content.encode() if isinstance(content, str) else content
    return await funding.client.post("/elections", params=query, content=raw, headers=headers)


async def loaded(funding: Funding, content: str | bytes) -> str:
    """An election that was brought in; its id."""
    answer = await load(funding, content)
    assert answer.status_code == 201, answer.text
    election_id: str = answer.json()["id"]
    return election_id


async def counted(funding: Funding, election_id: str, body: dict[str, Any], *, by: str = "otto") -> Any:
    answer = await funding.post(f"/elections/{election_id}/counts", body, by=by)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def certificate(funding: Funding, count_id: str) -> Any:
    return (await funding.get(f"/counts/{count_id}/certificate")).json()


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def second_count(document: dict[str, Any]) -> tuple[dict[str, int], str]:
    """What a second party finds from a certificate alone, and the digest it sends; written apart from the service."""
    amounts = {candidate: cents for candidate, cents in recount(document).items() if cents}
    told = {
        "inputRoot": hashlib.sha256(canonical(document["snapshot"])).hexdigest(),
        "outcome": sorted([candidate, cents] for candidate, cents in amounts.items()),
        "ruleVersion": hashlib.sha256(canonical({"rule": document["rule"], "knobs": document["knobs"]})).hexdigest(),
    }
    return amounts, hashlib.sha256(canonical(told)).hexdigest()


async def witness(funding: Funding, count_id: str, digest: str | None = None, *, by: str = "saar") -> Response:
    """Let a second party count for itself and say what it found, or say what it is told to say."""
    if digest is None:
        _, digest = second_count(await certificate(funding, count_id))
    return await funding.post(f"/counts/{count_id}/witness", {"outcomeDigest": digest}, by=by)


def pabulib(shared_data: Path, name: str) -> bytes:
    return (shared_data / "pabulib" / name).read_bytes()
