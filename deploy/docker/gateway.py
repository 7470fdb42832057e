"""The development gateway in a container: on a port of its own, as nobody hands it a socket.

It lets anyone be anyone, so it starts only with DORPSPLEIN_ENVIRONMENT=local; elsewhere an ingress takes its place.
"""

import os
import socket

from dorpsplein_local.gateway import main

listener = socket.create_server(("0.0.0.0", 8080))  # noqa: S104 - a container's own network
os.environ["DORPSPLEIN_LISTEN_FD"] = str(listener.detach())
main()
