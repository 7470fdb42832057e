"""A service that can be killed in the middle, and the keys it asks an identity provider for."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet
from tests.conftest import REPOSITORY
from tests.support import AUDIENCE, ISSUER, KEY, SECRET

from dorpsplein_local.databases import DatabaseUrls
from dorpsplein_local.processes import free_port


@contextmanager
def keys_served() -> Iterator[str]:
    """The address of the public keys of these tests."""
    document = json.dumps(KeySet([KEY]).as_dict(private=False)).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
    finally:
        server.shutdown()
        server.server_close()


class Killable:
    """A service as a process of its own, which can be killed and is started again on the same port."""

    def __init__(self, service: str, urls: DatabaseUrls, jwks_url: str, folder: Path, *, failpoints: str = "") -> None:
        self.service = service
        self.port = free_port()
        self.log = (folder / f"{service}.log").open("wb")
        self.environment = {
            **os.environ,
            "DORPSPLEIN_ENVIRONMENT": "local",
            "DORPSPLEIN_ROLE": "api",
            "DORPSPLEIN_PORT": str(self.port),
            "DORPSPLEIN_METRICS_PORT": str(free_port()),
            "DORPSPLEIN_DATABASE_URL": urls.application,
            "DORPSPLEIN_MIGRATION_URL": urls.migration,
            "DORPSPLEIN_ISSUER": ISSUER,
            "DORPSPLEIN_AUDIENCE": AUDIENCE,
            "DORPSPLEIN_JWKS_URL": jwks_url,
            "DORPSPLEIN_PSEUDONYM_SECRET": SECRET,
            "DORPSPLEIN_DATA_DIR": str(folder),
        }
        self.start(failpoints)

    def start(self, failpoints: str = "") -> None:
        """Start it; at one of these `failpoints` (see `dorpsplein.failpoints`) it may kill itself."""
        environment = {**self.environment, "DORPSPLEIN_FAILPOINTS": failpoints}
        command = [sys.executable, "-m", self.service, "serve"]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=self.log, stderr=self.log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.log.close()
