"""What a bench works on: initiatives, people with tokens and a round to pledge in, made over the public APIs."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.bench.square import Side, Square
from tests.bench.windows import Request

from dorpsplein.identity import Role

INITIATIVES = 400
RESIDENTS = 500
PLENTY_CENTS = 10**12
PLEDGE_CENTS = 1_000


def call(port: int, method: str, path: str, token: str = "", body: Any = None) -> Any:
    """Ask a service for something; its JSON. Raises urllib.error.HTTPError for any answer but 2xx."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@dataclass
class Town:
    """Initiatives and residents. `supported` counts the supports used up: nobody supports a thing twice."""

    square: Square
    initiatives: Sequence[str]
    residents: Sequence[str]
    supported: int = 0
    strangers: int = 0

    def supports(self, count: int) -> Iterator[Request]:
        """Requests of residents, each in turn and for all initiatives in turn; the bare loop reads X-Person."""
        for number in range(self.supported, self.supported + count):
            nth, resident = divmod(number, len(self.residents))
            initiative = self.initiatives[(nth + number) % len(self.initiatives)]
            yield _support(initiative, self.residents[resident], number)

    def supports_by_strangers(self, count: int) -> Iterator[Request]:
        """Requests of people the service never met, so that each token's signature is verified."""
        for number in range(self.strangers, self.strangers + count):
            token = self.square.token(f"stranger-{number}", Role.RESIDENT)
            yield _support(self.initiatives[number % len(self.initiatives)], token, 10**6 + number)
        self.strangers += count

    def pledges(self, count: int, round_id: str) -> Iterator[Request]:
        """Requests of residents, each with a key of its own, that are matched from the pot."""
        for number in range(count):
            initiative = self.initiatives[number % len(self.initiatives)]
            headers = _headers(self.residents[number % len(self.residents)], number)
            body = {"initiativeId": initiative, "roundId": round_id, "amountCents": PLEDGE_CENTS}
            yield "POST", "/v1/pledges", {**headers, "Idempotency-Key": str(uuid4())}, body


def _support(initiative: str, token: str, person: int) -> Request:
    return "PUT", f"/v1/initiatives/{initiative}/support", _headers(token, person), None


def _headers(token: str, person: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "X-Person": f"00000000-0000-4000-8000-{person:012x}"}


def settle(square: Square, side: Side) -> Town:
    """Propose initiatives that need more than anyone will pledge, and give residents their tokens."""
    items = [
        {
            "reference": str(number),
            "title": f"Een bankje bij de haven {number}",
            "summary": "Om samen uit te kijken over het water. " * 10,
            "theme": "groen",
            "meansNeededCents": PLENTY_CENTS,
        }
        for number in range(INITIATIVES)
    ]
    saar = square.token("saar", Role.SERVICE)
    body = {"source": "bench", "items": items}
    made = call(side.ports["initiatives"], "POST", "/initiatives/bulk", saar, body)
    residents = [square.token(f"resident-{number}", Role.RESIDENT) for number in range(RESIDENTS)]
    return Town(square, [item["id"] for item in made["items"]], residents)


def open_round(square: Square, port: int, initiative: str) -> str:
    """Open a round with a pot too large to empty, once funding knows the initiatives; its id."""
    chris = square.token("chris", Role.COFINANCIER)
    caps = {f"cap{whose}Cents": PLENTY_CENTS for whose in ("Pledge", "Donor", "Initiative")}
    knobs = {"numerator": 1, "denominator": 1, **caps}
    fund = call(port, "POST", "/funds", chris, {"name": "Bench", "rule": "ratio", "knobs": knobs})
    closes_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    round_id: str = call(port, "POST", "/rounds", chris, {"fundId": fund["id"], "closesAt": closes_at})["id"]
    call(port, "POST", f"/rounds/{round_id}/pot-lines", chris, {"cofinancier": "gemeente", "amountCents": PLENTY_CENTS})
    _until_known(port, initiative)
    return round_id


def _until_known(port: int, initiative: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            call(port, "GET", f"/initiatives/{initiative}/means")
            return
        except urllib.error.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
