"""How other commands find the square that runs on this machine and speak to it as somebody."""

import os
from pathlib import Path

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.issuer import Issuer, person_called
from dorpsplein_local.state import State, default_data, load


def running(data: Path | None = None) -> State:
    """Return the run on a data folder (the default one when None). Raises CannotRun when nothing runs there.

    It has `gateway` (base URL), `kafka` (bootstrap servers), `apis` and `metrics` by service, and `databases`
    by service with the keys `application` and `migration`.
    """
    folder = data or default_data()
    state = load(folder)
    if state is None or not state.supervisor.is_there():
        raise CannotRun(f"Nothing runs on {folder}; start it with `./dorpsplein up`.")
    if state.ready_seconds is None:
        raise CannotRun(f"The run on {folder} is still starting; try again in a moment.")
    return state


def api(state: State, service: str) -> str:
    """Return the base URL of a service's API at the gateway."""
    return f"{state.gateway}/api/{service}/v1"


def token_of(name: str, data: Path | None = None) -> str:
    """Return a bearer token for one of the example people, by first name. Raises CannotRun for an unknown one."""
    environment = os.environ.get("DORPSPLEIN_ENVIRONMENT", "local")
    return Issuer((data or default_data()) / "issuer", environment).token(person_called(name))
