"""Named places where a test rig may break the process; without arming they cost one dictionary look-up.

`DORPSPLEIN_FAILPOINTS="sent_not_deleted=kill@3,before_tx=delay:0.2"` arms them, in the local environment only:
`kill` sends SIGKILL to the process itself, `raise` raises FailpointError, `delay:S` sleeps S seconds; `@N` acts
at the N-th passage only, without it at every one.
"""

import asyncio
import os
import signal
from dataclasses import dataclass

from dorpsplein.errors import Transient

NAMES = ("before_commit", "committed_not_answered", "sent_not_deleted", "before_tx", "applied_not_acked")


class FailpointError(Transient):
    """What an armed failpoint raises: something was away for a moment."""


@dataclass
class _Armed:
    action: str
    at: int | None = None
    passed: int = 0


_armed: dict[str, _Armed] = {}


def arm(specification: str) -> None:
    """Arm failpoints from a specification; an empty one disarms all. Raises ValueError for what it cannot read."""
    armed = {}
    for part in filter(None, specification.split(",")):
        name, _, action = part.strip().partition("=")
        action, _, at = action.partition("@")
        if name not in NAMES:
            raise ValueError(f"no failpoint is called {name!r}; there are {', '.join(NAMES)}")
        if action not in {"kill", "raise"}:
            float(action.removeprefix("delay:"))
        armed[name] = _Armed(action, int(at) if at else None)
    _armed.clear()
    _armed.update(armed)


def passages() -> dict[str, int]:
    """How often each armed failpoint was passed."""
    return {name: armed.passed for name, armed in _armed.items()}


async def failpoint(name: str) -> None:
    """Pass a failpoint; does nothing unless it is armed."""
    if (armed := _armed.get(name)) is None:
        return
    armed.passed += 1
    if armed.at is not None and armed.passed != armed.at:
        return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.action == "raise":
        raise FailpointError(name)
    else:
        await asyncio.sleep(float(armed.action.removeprefix("delay:")))
