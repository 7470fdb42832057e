"""Another system's webhook receiver: a plain HTTP server that trusts no delivery it cannot verify."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """Listens on loopback for the length of a `with`; keeps verified deliveries in the order they came."""

    secret: str = ""
    verified: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, dict(self.headers.items()))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Verify a delivery by Standard Webhooks; 204 when it is genuine, 400 when it is not."""
        try:
            Webhook(self.secret).verify(body, {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError as fault:
            self.refused.append(str(fault))
            return 400
        self.verified.append(json.loads(body))
        return 204

    def types(self, initiative: str) -> list[str]:
        """What has arrived about an initiative, by the last part of each type."""
        about = [event for event in self.verified if (event.get("data") or {}).get("initiativeId") == initiative]
        return [event["type"].split(".")[-2] for event in about]
