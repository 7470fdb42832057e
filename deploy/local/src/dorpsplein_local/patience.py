"""Asking a service that may be away for a while: killed, restarting, or without its database."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from dorpsplein_local.errors import CannotRun

AWAY = frozenset({429, 502, 503, 504})
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class PatientClient:
    """Sends requests that have one effect however often they are sent, until they are answered.

    A service that is away (no connection, or 429, 502, 503, 504) is asked again with growing pauses for
    `patience_s` seconds; `waits(sentence)` is called before each pause and `waits("")` when it answered again.
    """

    def __init__(self, client: httpx.AsyncClient, waits: Callable[[str], None], patience_s: float = 120.0) -> None:
        self._client = client
        self._waits = waits
        self._patience_s = patience_s

    async def get(self, url: str, **query: str) -> Any:
        """The JSON that is there; None where there is nothing (404). Raises CannotRun."""
        answer = await self._ask("GET", url, params=query)
        return None if answer.status_code == httpx.codes.NOT_FOUND else _accepted(answer)

    async def post(self, url: str, body: Any = None) -> Any:
        """The JSON that a command answers. Raises CannotRun with the service's reason where it was refused."""
        return _accepted(await self._ask("POST", url, json=body))

    async def _ask(self, method: str, url: str, **what: Any) -> httpx.Response:
        deadline = time.monotonic() + self._patience_s
        pause, waited = FIRST_PAUSE_S, False
        while True:
            try:
                answer = await self._client.request(method, url, **what)
                reason = f"it answers {answer.status_code}"
                if answer.status_code not in AWAY:
                    if waited:
                        self._waits("")
                    return answer
            except httpx.TransportError as fault:
                reason = str(fault) or type(fault).__name__
            if time.monotonic() + pause > deadline:
                raise CannotRun(
                    f"{url} has been away for {self._patience_s:.0f} seconds ({reason}); see `./dorpsplein status`, "
                    "and give the same command again when it is back: what was done is not done twice."
                )
            self._waits(f"waiting for {httpx.URL(url).path.split('/v1')[0]}: {reason}")
            waited = True
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE_S)


def _accepted(answer: httpx.Response) -> Any:
    """The JSON of an answer. Raises CannotRun with the problem it names."""
    try:
        document = answer.json()
    except ValueError:
        document = {}
    if answer.is_success:
        return document
    problem = document if isinstance(document, dict) else {}
    told = problem.get("detail") or problem.get("title") or answer.reason_phrase
    faults = [f"{fault.get('pointer')}: {fault.get('detail')}" for fault in problem.get("errors", [])][:5]
    raise CannotRun(
        f"{answer.request.method} {answer.request.url.path} was refused ({answer.status_code}"
        f" {problem.get('code', '')}): {'; '.join([str(told), *faults])}"
    )
