"""Events and their envelope: every registered type, there and back, in the NL GOV profile for CloudEvents."""

import json
import os
import types
import typing
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime

from dorpsplein import contracts
from dorpsplein.envelope import (
    CAUSE,
    Cause,
    Event,
    Fact,
    Key,
    NotPersonal,
    Pseudonym,
    Published,
    binary_headers,
    coarse,
    recorded,
)
from dorpsplein.errors import Poison, Refused
from dorpsplein.outbox import MOST_EVENT_BYTES, Outbox

CONTRACTS = sorted(
    (
        event
        for module in (contracts.initiatives, contracts.funding, contracts.presence, contracts.notifications)
        for event in module.EVENTS
    ),
    key=lambda event: event.type,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    UUID: st.uuids(),
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    AwareDatetime: MOMENTS,
    date: st.dates(),
    types.NoneType: st.none(),
}
SOURCE = "urn:nld:oin:00000001000000000000:systeem:initiatives"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

of_each_some = settings(max_examples=int(os.environ.get("DORPSPLEIN_EXAMPLES", "15")))
"""There are some hundred and fifty contracts."""
every_contract = pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {types.UnionType, typing.Union}:
        return st.one_of(*map(values, arguments))
    if origin in {list, tuple}:
        return st.lists(values(arguments[0]), max_size=3).map(origin)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    return OF_TYPE[annotation]


def bodies(kind: type[Event]) -> st.SearchStrategy[Event]:
    return st.fixed_dictionaries({name: values(f.annotation) for name, f in kind.model_fields.items()}).map(
        lambda fields: kind(**fields)
    )


def headers_of(fact: Fact) -> list[tuple[str, bytes | None]]:
    made = binary_headers(fact, source=SOURCE, schemas_url="https://dorp.example/schemas", now=NOON)
    return [(name, value.encode()) for name, value in made.items()]


@every_contract
@of_each_some
@given(data=st.data(), sequence=st.integers(1, 2**63 - 1))
def test_every_event_comes_back_from_its_record_as_it_was(
    kind: type[Event], data: st.DataObject, sequence: int
) -> None:
    event = data.draw(bodies(kind))
    back = recorded(headers_of(Fact(event, sequence)), event.model_dump_json().encode(), position="t:0:7")
    assert back is not None
    assert (back.event, back.sequence, back.subject) == (event, sequence, event.key)
    assert (back.type, back.source, back.time, back.position) == (kind.type, SOURCE, NOON, "t:0:7")


@every_contract
@of_each_some
@given(data=st.data())
def test_every_event_is_a_cloudevent_in_the_nl_gov_profile(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(bodies(kind))
    back = recorded(headers_of(Fact(event, 7)), event.model_dump_json().encode())
    assert back is not None
    document = json.loads(json.dumps(back.structured()))
    assert document["specversion"] == "1.0"
    assert UUID(document["id"]).version == 7
    assert document["source"].startswith("urn:nld:oin:")
    assert document["type"].split(".")[:2] == ["nl", "participatie"]
    assert document["type"].split(".")[-1][0] == "v"
    assert document["subject"] == document["partitionkey"] == event.key
    assert document["time"] == "2026-05-01T12:00:00.000000Z"
    assert document["dataschema"] == f"https://dorp.example/schemas/{kind.type}.json"
    assert (document["sequence"], document["sequencetype"]) == (f"{7:020}", "Integer")
    assert document["datacontenttype"] == "application/json"
    assert all(name.isascii() and name.isalnum() and name.islower() and len(name) <= 20 for name in document)
    assert kind.model_validate(document["data"]) == event


@every_contract
def test_every_field_of_every_contract_says_what_it_tells_about_people(kind: type[Event]) -> None:
    for name, field in kind.model_fields.items():
        marks = [mark for mark in field.metadata if mark in (NotPersonal, Pseudonym, Published)]
        assert len(marks) == 1, f"{kind.__name__}.{name} needs one of NotPersonal, Pseudonym, Published"
        if marks[0] is Published:
            assert kind.topic.endswith(".state"), f"{kind.__name__}.{name}: words would stand in a fact for ever"


@every_contract
def test_a_service_publishes_only_in_topics_of_its_own(kind: type[Event]) -> None:
    owner = kind.__module__.split(".")[2]
    assert kind.topic.startswith(f"{owner}.")


@every_contract
def test_unknown_fields_are_passed_by(kind: type[Event]) -> None:
    @given(event=bodies(kind))
    def read(event: Event) -> None:
        body = {**json.loads(event.model_dump_json()), "addedInALaterVersion": 1}
        back = recorded(headers_of(Fact(event, 1)), json.dumps(body).encode())
        assert back is not None
        assert back.event == event

    read()


def proposed() -> Event:
    return contracts.initiatives.initiatives.InitiativeWithdrawn(initiative_id=uuid4(), reason="moved-away")


def test_a_type_nobody_here_knows_is_passed_by() -> None:
    headers = dict(headers_of(Fact(proposed(), 1))) | {"ce_type": b"nl.participatie.moons.moon-rose.v1"}
    assert recorded(headers.items(), b"{}") is None


def test_a_tombstone_names_what_it_erases() -> None:
    event = proposed()
    back = recorded(headers_of(Fact(event, 3, erases=True)), None)
    assert back is not None
    assert back.erased
    assert back.event.key == event.key
    assert back.structured()["data"] is None


@given(
    headers=st.dictionaries(
        TEXT | st.sampled_from(["ce_type", "ce_id", "ce_time"]), st.none() | st.binary(max_size=30)
    ),
    value=st.none() | st.binary(max_size=60),
)
def test_whatever_a_record_holds_it_is_read_passed_by_or_poison(headers: dict[str, bytes | None], value: bytes) -> None:
    for base in ({}, dict(headers_of(Fact(proposed(), 1)))):
        with suppress(Poison):
            recorded([*{**base, **headers}.items()], value)


@given(name=st.sampled_from([name for name, _ in headers_of(Fact(proposed(), 1))]), value=st.none() | st.binary())
def test_one_spoiled_attribute_is_poison_or_harmless(name: str, value: bytes | None) -> None:
    event = proposed()
    headers = dict(headers_of(Fact(event, 1))) | {name: value}
    with suppress(Poison):
        recorded(headers.items(), event.model_dump_json().encode())


def test_an_event_carries_its_cause() -> None:
    event, trace = proposed(), f"00-{1:032x}-{2:016x}-01"
    token = CAUSE.set(Cause("the-request", traceparent=trace))
    try:
        first = recorded(headers_of(Fact(event, 1)), event.model_dump_json().encode())
    finally:
        CAUSE.reset(token)
    assert first is not None
    second = recorded(headers_of(Fact(event, 2, first.cause)), event.model_dump_json().encode())
    assert second is not None
    assert first.headers["correlation_id"] == second.headers["ce_correlationid"] == "the-request"
    assert second.headers["ce_causationid"] == str(first.id)
    assert second.headers["traceparent"] == trace


def test_an_act_at_a_coarse_moment_tells_neither_its_time_nor_its_cause() -> None:
    event, trace = proposed(), f"00-{1:032x}-{2:016x}-01"
    hour = coarse(datetime(2026, 5, 1, 14, 34, 56, 789, tzinfo=timezone(timedelta(hours=2))))
    assert hour == NOON
    token = CAUSE.set(Cause("the-request", "the-cause", trace))
    try:
        told = [headers_of(Fact(event, n, Cause("the-group", traceparent=trace), at=hour)) for n in range(1, 100)]
    finally:
        CAUSE.reset(token)
    read = [recorded(headers, event.model_dump_json().encode()) for headers in told]
    ids = [one.id for one in read if one is not None]
    assert {(id_.version, id_.int >> 80) for id_ in ids} == {(7, int(hour.timestamp() * 1000))}
    assert len(set(ids)) == len(ids)
    assert ids != sorted(ids)
    assert {one.time for one in read if one is not None} == {hour}
    assert [one.headers["correlation_id"] for one in read if one is not None] == [str(id_) for id_ in ids]
    names = {name for headers in told for name, _ in headers}
    assert names.isdisjoint({"traceparent", "ce_causationid"})


def test_a_type_is_taken_once() -> None:
    with pytest.raises(TypeError, match="already InitiativeWithdrawn"):

        class Again(Event, type="nl.participatie.initiatives.initiative-withdrawn.v1", topic="x.y"):
            thing_id: Annotated[UUID, Key, NotPersonal]


def test_an_event_has_one_key() -> None:
    with pytest.raises(TypeError, match="exactly one field"):

        class Keyless(Event, type="test.keyless.v1", topic="x.y"):
            thing_id: Annotated[UUID, NotPersonal]


def test_an_event_that_would_not_fit_a_record_is_refused_with_its_command() -> None:
    words = "a" * (MOST_EVENT_BYTES + 1)
    state = contracts.presence.encounters.EncounterState(
        encounter_id=uuid4(), theme="green", words=words, consent="anonymous"
    )  # fmt: skip
    with pytest.raises(Refused):
        Outbox(SOURCE, "https://dorp.example/schemas").columns([Fact(state, 1)])


@given(key=st.uuids(), shards=st.integers(1, 8))
def test_events_of_one_aggregate_share_a_shard(key: UUID, shards: int) -> None:
    outbox = Outbox(SOURCE, "https://dorp.example/schemas", topic_prefix="t.", shards=shards)
    events = [
        contracts.initiatives.initiatives.InitiativeWithdrawn(initiative_id=key, reason=reason) for reason in "abc"
    ]
    columns = outbox.columns(Fact(event, n) for n, event in enumerate(events, start=1))
    assert len(set(columns.shards)) == 1
    assert set(columns.topics) == {"t.initiatives.initiative"}
    assert [json.loads(headers)["ce_sequence"] for headers in columns.headers] == [f"{n:020}" for n in (1, 2, 3)]
