"""Listening sockets that the supervisor makes and hands over.

Whoever listens on one is by construction our own child, and a child that is started again keeps its address.
"""

import contextlib
import errno
import socket
from pathlib import Path

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import write_private

HOST = "127.0.0.1"
PREFERRED_PORT = 8080


def handed_over() -> socket.socket:
    """Return a socket bound to a port that the system chose; a child listens on it."""
    return _bound(0)


def url_of(listener: socket.socket) -> str:
    """Return the base URL of whoever listens on the socket."""
    return "http://{}:{}".format(*listener.getsockname())


def gateway_socket(port: int | None, kept: Path) -> socket.socket:
    """Return the gateway's socket: on `port` if named, else last time's, else 8080, else any.

    Raises CannotRun when a named port is taken.
    """
    if port is not None:
        try:
            return _bound(port)
        except OSError as fault:
            raise CannotRun(_refusal(port, fault)) from fault
    with contextlib.suppress(OSError, ValueError):
        return _bound(int(kept.read_text()))
    with contextlib.suppress(OSError):
        return _bound(PREFERRED_PORT)
    listener = _bound(0)
    write_private(kept, str(listener.getsockname()[1]))
    return listener


def _refusal(port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; stop that one, or choose another with --port."
    return f"Port {port} cannot be used ({fault.strerror}); choose another with --port."


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        return listener
    except OSError:
        listener.close()
        raise
