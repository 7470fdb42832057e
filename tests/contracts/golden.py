"""Golden samples: one event of every type as it was first recorded, with the schema it was released under.

`python -m tests.contracts.golden` adds those of new types. One that is there is never made again: it stands for
the events that are in logs.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dorpsplein import contracts
from dorpsplein.envelope import Event, Fact, Recorded, binary_headers, recorded
from dorpsplein.schemas import schema_of

FOLDER = Path(__file__).parent / "golden"
EVENTS: dict[str, type[Event]] = {
    event.type: event
    for module in (contracts.initiatives, contracts.funding, contracts.presence, contracts.notifications)
    for event in module.EVENTS
}

WORDS = {
    "theme": "groen",
    "title": "Een moestuin op het plein",
    "summary": "Samen zaaien, samen oogsten.\nIedereen doet mee.",
    "words": "Er mag wel een bankje bij de bushalte.",
    "name": "Sportkantine De Treffer",
    "address": "Dorpsstraat 1",
    "rule": "ratio",
    "consent": "named",
    "workingForm": "creative-lab",
    "question": "Wat missen we op het plein?",
    "closesAt": "2026-12-31T22:59:59Z",
    "startsAt": "2026-06-01T12:00:00Z",
    "endsAt": "2026-06-01T14:30:00Z",
    "dueOn": "2026-09-01",
    "latitude": 52.15,
    "longitude": 5.39,
    "side": "joining",
    "resource": "TIME/timmerwerk",
    "minimum": {"EUR/2": 30_000, "TIME/timmerwerk": 720},
    "wished": {"EUR/2": 50_000},
    "missing": {"TIME/timmerwerk": 120},
    "roles": ["treasurer", "alderman"],
}
MOMENT = "2026-06-01T12:00:00Z"


def sample(kind: type[Event]) -> dict[str, Any]:
    """A structured CloudEvents document of this type, the same every time."""
    data = {name: _value(name, shown) for name, shown in schema_of(kind)["properties"].items()}
    event = kind.model_validate(data)
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    made = binary_headers(
        Fact(event, 1),
        source="urn:nld:oin:00000001000000000000:systeem:" + kind.topic.split(".")[0],
        schemas_url="https://dorpsplein.example/schemas",
        now=now,
    )
    event_id = str(uuid5(NAMESPACE_URL, kind.type))
    headers = {**made, "ce_id": event_id, "correlation_id": event_id, "ce_correlationid": event_id}
    read = recorded([(name, value.encode()) for name, value in headers.items()], event.model_dump_json().encode())
    assert read is not None
    return read.structured()


def _value(name: str, shown: dict[str, Any], number: int = 12_500) -> Any:
    if name in WORDS:
        return WORDS[name]
    kind = next((one for one in shown.get("anyOf", [shown]) if one.get("type") != "null"), shown)
    match kind["type"]:
        case "array":
            return [_value(word, kind["items"], place) for place, word in enumerate(("one", "two"), start=1)]
        case "object":
            words = enumerate(("one", "two"), start=1)
            return {word: _value(word, kind["additionalProperties"], place) for place, word in words}
        case "string":
            formats = {"uuid": str(uuid5(NAMESPACE_URL, name)), "date-time": MOMENT}
            return formats.get(kind.get("format", ""), name.lower())
        case other:
            return {"integer": number, "number": 1.5, "boolean": True}[other]


def of_document(document: dict[str, Any]) -> Recorded[Event] | None:
    """Read a structured document as a consumer reads its record."""
    attributes = {name: str(value) for name, value in document.items() if name not in ("data", "datacontenttype")}
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    return recorded(headers, json.dumps(document["data"]).encode())


def add_missing(folder: Path = FOLDER) -> list[str]:
    """Write the samples and schemas of types that have none; returns those types."""
    added = [kind for kind in EVENTS if not (folder / f"{kind}.json").exists()]
    folder.mkdir(exist_ok=True)
    for kind in added:
        golden = {"event": sample(EVENTS[kind]), "schema": schema_of(EVENTS[kind])}
        (folder / f"{kind}.json").write_text(json.dumps(golden, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return added


def load(kind: str) -> dict[str, Any]:
    """The golden sample of a type: `event` and `schema`."""
    golden: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return golden


if __name__ == "__main__":
    print("\n".join(add_missing()) or "every type has its golden sample")
