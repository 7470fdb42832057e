"""A made-up service that keeps its side of the bargain: it migrates, then serves on the sockets it was given."""

import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f'{{"pid": {os.getpid()}, "path": "{self.path}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(task: str) -> None:
    if task == "migrate":
        assert os.environ["DORPSPLEIN_MIGRATION_URL"]
        return
    if os.environ.get("TOOLS_FAIL"):
        sys.exit("the saw is blunt")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(os.environ["DORPSPLEIN_LISTEN_FD"]))
    server.socket.listen(64)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
