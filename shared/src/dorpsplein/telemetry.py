"""What the system tells about itself: every metric in one list, traces, and the endpoint that shows them."""

import asyncio
import re
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from dorpsplein.envelope import Event, Recorded

REQUESTS = Counter("dorpsplein_requests_total", "HTTP requests.", ["method", "status"])
REQUEST_SECONDS = Histogram(
    "dorpsplein_request_seconds",
    "Seconds from request to answer.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
RELAYED = Counter("dorpsplein_relayed_events_total", "Events sent from the outbox to Kafka.")
OUTBOX_AGE = Gauge("dorpsplein_outbox_age_seconds", "Age of the oldest event that still waits to be sent.")
CONSUMED = Counter("dorpsplein_consumed_records_total", "Records handled, by consumer.", ["consumer"])
REPEATED = Counter("dorpsplein_repeated_events_total", "Events that were already known.", ["consumer"])
BATCH_SECONDS = Histogram("dorpsplein_batch_seconds", "Seconds a batch took, by consumer.", ["consumer"])
PROJECTION_AGE = Gauge(
    "dorpsplein_projection_age_seconds",
    "Seconds between an event and its projection, newest batch.",
    ["consumer"],
)
DEAD_LETTERS = Counter("dorpsplein_dead_letters_total", "Records that were parked.", ["consumer"])
HALTED = Gauge("dorpsplein_consumer_halted", "1 while a consumer has stopped at its dead-letter limit.", ["consumer"])
DELIVERIES = Counter(
    "dorpsplein_deliveries_total", "Webhook and e-mail deliveries, by outcome.", ["channel", "outcome"]
)

TRACEPARENT = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

tracer = trace.get_tracer("dorpsplein")
_providers: list[TracerProvider] = []


def trace_to(processor: SpanProcessor, service: str) -> None:
    """Record spans of this process with a span processor. Once a process."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    _providers.append(provider)


def start_tracing(endpoint: str, service: str) -> None:
    """Send traces to an OTLP endpoint (HTTP); with no endpoint nothing is recorded, sent or loaded."""
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        trace_to(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")), service)


def stop_tracing() -> None:
    """Send what was recorded, and record nothing more."""
    while _providers:
        _providers.pop().shutdown()


@contextmanager
def span(name: str, carrier: Mapping[str, str], kind: trace.SpanKind) -> Iterator[str]:
    """A span that continues the carrier's trace; gives the `traceparent` for what follows from it.

    Where nothing is recorded, the carrier's own `traceparent` is passed on, or a new one begun, so that events
    of one request still share a trace id.
    """
    if not _providers:
        yield _passed_on(carrier)
        return
    with tracer.start_as_current_span(name, context=extract(carrier), kind=kind) as current:
        context = current.get_span_context()
        yield f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _passed_on(carrier: Mapping[str, str]) -> str:
    traceparent = carrier.get("traceparent", "")
    if TRACEPARENT.fullmatch(traceparent):
        return traceparent
    made = secrets.token_hex(24)
    return f"00-{made[:32]}-{made[32:]}-00"


def handled(consumer: str, events: Sequence[Recorded[Event]], started_ns: int) -> None:
    """Add one span an event to the traces that are being recorded: this consumer handled it."""
    for event in events if _providers else ():
        if _is_sampled(event.headers.get("traceparent", "")):
            current = tracer.start_span(
                f"{consumer} {event.event.__class__.__name__}",
                context=extract(event.headers),
                kind=trace.SpanKind.CONSUMER,
                start_time=started_ns,
                attributes={"messaging.message.id": str(event.id), "cloudevents.event_type": event.type},
            )
            current.end()


def _is_sampled(traceparent: str) -> bool:
    """Whether the lowest bit of the flags is set (W3C trace context); others may be set beside it."""
    return bool(TRACEPARENT.fullmatch(traceparent)) and int(traceparent[-2:], 16) & 1 == 1


async def serve_metrics(listener: socket.socket) -> asyncio.Server:
    """Answer every HTTP request on a bound socket with this process's metrics in Prometheus' text format."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            body = generate_latest()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {CONTENT_TYPE_LATEST}\r\ncontent-length: {len(body)}\r\n"
            writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, sock=listener)
