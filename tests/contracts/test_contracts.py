"""What services may count on of each other's events, now and in every log that was ever written."""

import copy
import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import jsonschema
import pytest
from tests.contracts.golden import EVENTS, FOLDER, load, of_document, sample

from dorpsplein import contracts, envelope
from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published
from dorpsplein.schemas import drift, incompatibilities, rendered, schema_of, write

MARKS = {NotPersonal, Pseudonym, Published}
every_event = pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)


def test_every_contract_is_listed_by_the_service_that_publishes_it() -> None:
    known = {kind for kind, event in envelope.EVENTS.items() if event.__module__.startswith(contracts.__name__)}
    assert known == set(EVENTS)
    for event in EVENTS.values():
        assert event.topic.split(".")[0] == event.__module__.split(".")[2]


@every_event
def test_a_type_is_named_as_the_profile_asks(kind: type[Event]) -> None:
    reverse_dns, domain, name, version = kind.type.rsplit(".", 3)
    assert reverse_dns == "nl.participatie"
    assert domain.islower()
    assert name.replace("-", "") == kind.__name__.lower()
    assert version.startswith("v")


@every_event
def test_every_field_says_whether_it_is_personal(kind: type[Event]) -> None:
    for name, field in kind.model_fields.items():
        assert len(MARKS.intersection(m for m in field.metadata if m in MARKS)) == 1, f"{kind.__name__}.{name}"


@every_event
def test_published_words_stand_in_public_state_only(kind: type[Event]) -> None:
    words = [name for name, field in kind.model_fields.items() if Published in field.metadata]
    assert not words or kind.topic.endswith(".state"), f"{kind.__name__} keeps {words} for ever"


def test_public_state_and_facts_never_share_a_topic() -> None:
    for event in EVENTS.values():
        assert event.topic.endswith(".state") == event.__name__.endswith("State")


def test_the_committed_schemas_are_those_of_the_contracts() -> None:
    assert drift() == [], "run `python -m dorpsplein.schemas` and commit"


def test_drift_names_what_is_missing_changed_or_left_over(tmp_path: Path) -> None:
    names = sorted(rendered())
    assert write(tmp_path) == names
    (tmp_path / names[0]).unlink()
    (tmp_path / names[1]).write_text("{}")
    (tmp_path / "nl.participatie.votes.vote-cast.v1.json").write_text("{}")
    assert drift(tmp_path) == sorted([*names[:2], "nl.participatie.votes.vote-cast.v1.json"])
    write(tmp_path)
    assert drift(tmp_path) == []


@every_event
def test_a_schema_is_valid_and_says_who_it_is_about(kind: type[Event]) -> None:
    schema = schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    properties = schema["properties"]
    assert {shown["x-personal"] for shown in properties.values()} <= {"no", "pseudonym", "published"}
    assert [name for name, shown in properties.items() if shown.get("x-key")] == [
        field.alias for field in kind.model_fields.values() if Key in field.metadata
    ]


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_has_a_golden_sample_that_still_parses(kind: str) -> None:
    assert (FOLDER / f"{kind}.json").exists(), "run `python -m tests.contracts.golden` and commit"
    golden = load(kind)
    read = of_document(golden["event"])
    assert read is not None
    assert type(read.event) is EVENTS[kind]
    written = json.loads(read.event.model_dump_json())
    assert golden["event"]["data"].items() <= written.items()


@pytest.mark.parametrize("kind", EVENTS)
def test_events_old_and_new_fit_the_schemas_new_and_old(kind: str) -> None:
    golden, now = load(kind), schema_of(EVENTS[kind])
    for schema in (golden["schema"], now):
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        for event in (golden["event"], sample(EVENTS[kind])):
            validator.validate(event["data"])


@pytest.mark.parametrize("kind", EVENTS)
def test_no_released_contract_was_broken(kind: str) -> None:
    broken = incompatibilities(load(kind)["schema"], schema_of(EVENTS[kind]))
    assert broken == [], "publish a new version of the type beside this one"


def test_no_golden_sample_is_without_its_event() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(EVENTS), "a released type is never taken away"


OLD: dict[str, Any] = {
    "properties": {
        "toolId": {"type": "string", "format": "uuid", "x-key": True},
        "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "x-personal": "no"},
    },
    "required": ["toolId"],
}


def changed(**properties: dict[str, Any] | None) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    for name, shown in properties.items():
        if shown is None:
            del new["properties"][name]
        else:
            new["properties"][name] = shown
    return new


@pytest.mark.parametrize(
    ("new", "faults"),
    [
        (OLD, []),
        (changed(note={"type": "string"}), []),
        (changed(toolId={"type": "string", "format": "uuid", "description": "which one"}), []),
        (changed(days=None), ["days was removed"]),
        (changed(toolId={"type": "string"}), ["toolId was {'type': 'string', 'format': 'uuid'} and is"]),
        (changed(days={"type": "integer"}), ["days was {'anyOf':"]),
        (changed(days={"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]}), ["days was {'anyOf':"]),
        ({**changed(note={"type": "string"}), "required": ["toolId", "note"]}, ["note is newly required"]),
        ({**OLD, "required": ["toolId", "days"]}, ["days is newly required"]),
    ],
)
def test_a_change_that_would_break_readers_is_named(new: dict[str, Any], faults: list[str]) -> None:
    found = incompatibilities(OLD, new)
    assert len(found) == len(faults)
    assert all(one.startswith(fault) for one, fault in zip(found, faults, strict=True)), found


def test_a_field_without_a_mark_has_no_schema() -> None:
    class Unmarked(Event, type="nl.participatie.tests.unmarked.v1", topic="tests.unmarked"):
        thing_id: Annotated[UUID, Key, NotPersonal]
        note: str

    with pytest.raises(TypeError, match=r"Unmarked\.note needs exactly one of"):
        schema_of(Unmarked)
