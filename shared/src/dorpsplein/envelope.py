"""Events and the envelope they travel in: CloudEvents 1.0 in the NL GOV profile 1.1.

On Kafka the envelope is binary (`ce_*` headers, JSON value); over HTTP it is one structured JSON document.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from uuid_utils.compat import uuid4, uuid7

from dorpsplein.errors import Poison


class _Mark:
    """What a field's value says about people; every field of a contract carries one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


Key = _Mark("Key")
"""The field that holds the aggregate's id: subject of the event and key of the record."""
NotPersonal = _Mark("NotPersonal")
"""Ids of things, codes, numbers, times, public places."""
Pseudonym = _Mark("Pseudonym")
"""A person's id under this deployment's secret; means nothing outside it."""
Published = _Mark("Published")
"""Words someone chose to publish; allowed in public state only, where a tombstone erases them."""


class Event(BaseModel):
    """Something that happened, in the past tense. Readers are tolerant: unknown fields are ignored.

    A subclass names its CloudEvents `type` (never renamed) and its `topic`. Facts are kept for ever; public
    state (a topic that ends in `.state`) is compacted, and a tombstone under its key erases it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    type: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str]

    def __init_subclass__(cls, *, type: str, topic: str) -> None:
        """Register the contract; raises TypeError where its type is taken."""
        super().__init_subclass__()
        cls.type, cls.topic = type, topic
        if EVENTS.setdefault(type, cls) is not cls:
            raise TypeError(f"{type} is already {EVENTS[type].__name__}")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Find the key; raises TypeError where there is not exactly one."""
        keys = [name for name, field in cls.model_fields.items() if Key in field.metadata]
        if len(keys) != 1:
            raise TypeError(f"{cls.__name__} needs exactly one field annotated Key")
        cls.key_field = keys[0]

    @property
    def key(self) -> str:
        """The aggregate's id as text."""
        return str(getattr(self, self.key_field))


EVENTS: dict[str, type[Event]] = {}
"""Every known event by its CloudEvents type."""

E = TypeVar("E", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to an event: the request or event it follows from, and the trace it belongs to."""

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


CAUSE: ContextVar[Cause | None] = ContextVar("cause", default=None)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event about to be recorded, as version `sequence` of its aggregate; None as event erases the key.

    `at` is for an act whose exact time would say who did it: a coarse moment (see `coarse`) that stands in its id, its
    time and its record. What led to it is not told either.
    """

    event: Event
    sequence: int
    cause: Cause | None = None
    erases: bool = False
    at: datetime | None = None


@dataclass(frozen=True)
class Recorded(Generic[E]):
    """An event as it was recorded, with its place in the log."""

    event: E
    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    headers: Mapping[str, str]
    erased: bool = False
    position: str = ""

    @cached_property
    def cause(self) -> Cause:
        """The cause of whatever follows from this event."""
        return Cause(
            correlation_id=self.headers.get("correlation_id", str(self.id)),
            causation_id=str(self.id),
            traceparent=self.headers.get("traceparent"),
        )

    def structured(self) -> dict[str, Any]:
        """The event as one CloudEvents JSON document (structured mode)."""
        extensions = {name.removeprefix("ce_"): value for name, value in self.headers.items() if name.startswith("ce_")}
        document: dict[str, Any] = {**extensions, "datacontenttype": "application/json"}
        if "traceparent" in self.headers:
            document["traceparent"] = self.headers["traceparent"]
        document["data"] = None if self.erased else self.event.model_dump(mode="json")
        return document


def coarse(moment: datetime) -> datetime:
    """The whole hour (UTC) in which a moment falls."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def binary_headers(fact: Fact, *, source: str, schemas_url: str, now: datetime) -> dict[str, str]:
    """The record headers of a fact: its CloudEvents attributes, trace and correlation.

    `ce_sequence` is zero-padded so that it also sorts as text.
    """
    event = fact.event
    event_id, cause = str(uuid7()), fact.cause or CAUSE.get()
    if fact.at is not None:
        event_id, cause, now = str(_id_of(fact.at)), None, fact.at
    cause = cause or Cause(correlation_id=event_id)
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": event.type,
        "ce_subject": event.key,
        "ce_time": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_dataschema": f"{schemas_url}/{event.type}.json",
        "ce_sequence": f"{fact.sequence:020d}",
        "ce_sequencetype": "Integer",
        "ce_partitionkey": event.key,
        "ce_correlationid": cause.correlation_id,
        "correlation_id": cause.correlation_id,
    }
    if cause.causation_id:
        headers["ce_causationid"] = cause.causation_id
    if cause.traceparent:
        headers["traceparent"] = cause.traceparent
    return headers


def _id_of(moment: datetime) -> UUID:
    """A UUIDv7 of a moment, of which all but the moment is random: no counter tells which came first."""
    random = uuid4().int
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | random & 0xFFF << 64 | random & (1 << 64) - 1)


def recorded(
    headers: Iterable[tuple[str, bytes | None]], value: bytes | None, *, position: str = ""
) -> Recorded[Event] | None:
    """Read one record; None for an event type this process does not know (a tolerant reader passes it by).

    Raises Poison, naming the fault, where the envelope or the body cannot be read.
    """
    try:
        texts = {name: _text(name, raw) for name, raw in headers}
        kind = EVENTS.get(texts["ce_type"])
        if kind is None:
            return None
        subject = texts["ce_subject"]
        return Recorded(
            event=kind.model_validate_json(value)
            if value is not None
            else kind.model_construct(None, **{kind.key_field: UUID(subject)}),
            id=UUID(texts["ce_id"]),
            type=kind.type,
            source=texts["ce_source"],
            subject=subject,
            time=_moment(texts["ce_time"]),
            sequence=int(texts["ce_sequence"]),
            headers=texts,
            erased=value is None,
            position=position,
        )
    except UnicodeDecodeError as fault:
        raise Poison(f"a header is not UTF-8: {fault}") from fault
    except KeyError as fault:
        raise Poison(f"attribute {fault} is missing") from fault
    except ValidationError as fault:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise Poison(f"the body does not fit its type: {problems}") from fault
    except (ValueError, TypeError) as fault:
        raise Poison(f"the envelope cannot be read: {fault}") from fault


def _text(name: str, raw: bytes | None) -> str:
    if raw is None:
        raise ValueError(f"a header has no value: {name}")
    return raw.decode()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"ce_time has no offset from UTC: {text}")
    return moment


def topics(events: Sequence[type[Event]]) -> list[str]:
    """The topics these events stand in, each once, sorted."""
    return sorted({event.topic for event in events})


def headers_json(headers: Mapping[str, str]) -> str:
    """Headers as the outbox keeps them."""
    return json.dumps(headers, separators=(",", ":"))
