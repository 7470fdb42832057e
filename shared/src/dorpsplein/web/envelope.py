"""What is around every request: cause and trace, security headers, metrics, and limits on what may come in."""

import logging
import time
from collections.abc import Mapping

from fastapi.responses import Response
from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from dorpsplein import telemetry
from dorpsplein.envelope import CAUSE, Cause
from dorpsplein.web.problems import problem

API_VERSION = "1.0.0"
MOST_BODY_BYTES = 1_000_000
SECURITY_HEADERS = {
    "API-Version": API_VERSION,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
}
RAW_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

log = logging.getLogger(__name__)


class Envelope:
    """ASGI middleware, the outermost. Whatever breaks behind it is logged and answered by a problem document.

    `large_bodies` says by path, as a route has it, where a body may have more than MOST_BODY_BYTES, and how many.
    """

    def __init__(self, app: ASGIApp, large_bodies: Mapping[str, int]) -> None:
        self.app = app
        self.large_bodies = [(compile_path(path)[0], most) for path, most in large_bodies.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message["headers"]
                chosen = {name for name, _ in own}
                message["headers"] = [*own, *(header for header in RAW_SECURITY_HEADERS if header[0] not in chosen)]
            await send(message)

        headers = Headers(scope=scope)
        app = self._refusal(scope, headers) or self.app
        with telemetry.span(f"{scope['method']} {scope['path']}", headers, SpanKind.SERVER) as traceparent:
            token = CAUSE.set(Cause(correlation_id=_correlation(headers), traceparent=traceparent))
            try:
                await app(scope, receive, send_with_headers)
            except Exception:
                if status:
                    raise
                log.exception("%s %s broke", scope["method"], scope["path"])
                await problem(500, "broken", "This was not your fault.")(scope, receive, send_with_headers)
            finally:
                CAUSE.reset(token)
                telemetry.REQUESTS.labels(scope["method"], status).inc()
                telemetry.REQUEST_SECONDS.observe(time.perf_counter() - started)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to what no service needs to look at."""
        if "transfer-encoding" in headers:
            return problem(411, "length-required", "Send a Content-Length.")
        length = headers.get("content-length", "0")
        is_length = length.isascii() and length.isdecimal() and len(length) < 20
        if not is_length or int(length) > MOST_BODY_BYTES:
            most = next((most for path, most in self.large_bodies if path.match(scope["path"])), MOST_BODY_BYTES)
            if not is_length or int(length) > most:
                return problem(413, "too-large", f"Send a Content-Length of at most {most} bytes.")
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return problem(400, "invalid-request", "The address holds a nul character.")
        return None


def _correlation(headers: Headers) -> str:
    given = headers.get("x-correlation-id", "")
    is_plain = 0 < len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum()
    return given if is_plain else str(uuid7())
