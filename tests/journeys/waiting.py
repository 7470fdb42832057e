"""Waiting for what other services will know in a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], is_so: Callable[[T], bool], *, within_s: float = 30.0) -> T:
    """Look until it is so; fails with what was seen last."""
    deadline = time.monotonic() + within_s
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, f"not so within {within_s:.0f} s; last seen: {seen!r}"
        time.sleep(0.05)
    return seen


async def until(is_so: Callable[[], Awaitable[bool]], *, within_s: float = 30.0) -> None:
    """Wait until it is so; fails when it takes too long."""
    deadline = time.monotonic() + within_s
    while not await is_so():
        assert time.monotonic() < deadline, f"not so within {within_s:.0f} s"
        await asyncio.sleep(0.05)
