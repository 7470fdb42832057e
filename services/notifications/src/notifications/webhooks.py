"""Sending events to other systems: CloudEvents in structured mode, signed by Standard Webhooks.

Promise: what was queued is delivered at least once or given up and said so, whatever is killed; a repeat has
the same `webhook-id`. Events of one subject arrive in order. An endpoint that is slow or away takes its own
places only: each has a few, one while it keeps failing, and no attempt lasts longer than its timeout.
"""

import asyncio
import logging
import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import aiohttp
from standardwebhooks import Webhook

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from dorpsplein.service import Runtime
from dorpsplein.telemetry import DELIVERIES
from notifications.addresses import guarded_socket
from notifications.commands.subscriptions import Settling
from notifications.domain.deliveries import Answer, Delivery, Schedule, judge
from notifications.settings import Settings
from notifications.storage import deliveries
from notifications.wakeups import LOG, listen

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
MOST_ANSWER_BYTES = 64 * 1024
SAFETY_POLL_S = 5.0
PAUSE_WHEN_AWAY_S = 1.0
MOST_ERROR = 300

log = logging.getLogger(__name__)


class Sender:
    """Makes single attempts over pooled connections that only lead to public addresses."""

    def __init__(self, settings: Settings) -> None:
        connector = aiohttp.TCPConnector(
            limit=settings.deliveries_in_flight,
            socket_factory=guarded_socket(allow_private=settings.allow_private_callbacks),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=settings.delivery_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Dorpsplein-Webhooks/1", "Content-Type": CONTENT_TYPE},
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def attempt(self, delivery: Delivery) -> Answer:
        """Send one delivery once; what went wrong comes back as an answer."""
        now = datetime.now(UTC)
        event_id = str(delivery.event_id)
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(delivery.secret).sign(event_id, now, delivery.document),
        }
        try:
            async with self._session.post(
                delivery.callback_url, data=delivery.document.encode(), headers=headers, allow_redirects=False
            ) as response:
                await response.content.read(MOST_ANSWER_BYTES)
                return Answer(
                    status=response.status,
                    error=None if response.ok else f"answered {response.status} {response.reason or ''}".strip(),
                    retry_after_s=_seconds(response.headers.get("Retry-After", "")),
                )
        except TimeoutError:
            return Answer(error="no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            return Answer(error=f"{type(fault).__name__}: {fault}"[:MOST_ERROR].replace("\0", ""))


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9 else 0.0


class Deliverer:
    """Takes due deliveries and sends them, many at once, until it is cancelled."""

    def __init__(self, database: Database, settings: Settings, sender: Sender) -> None:
        self._database = database
        self._settings = settings
        self._sender = sender
        self._schedule = Schedule(settings.first_retry_s, settings.longest_retry_s, settings.give_up_after_s)
        self._settle = Settling(settings.give_up_after_s).settle
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], Delivery] = {}

    async def run(self) -> None:
        """Deliver for ever. Woken by NOTIFY, by an outcome, or when the next retry is due."""
        ears = asyncio.create_task(listen(self._database.url, {LOG: lambda _: self._wake.set()}))
        try:
            while True:
                self._wake.clear()
                try:
                    await self._until(await self._start_due())
                except Transient as fault:
                    log.warning("deliveries wait for the database: %s", fault)
                    await asyncio.sleep(PAUSE_WHEN_AWAY_S)
        finally:
            ears.cancel()
            await self._stop()

    async def _start_due(self) -> float:
        """Start what is due; says in how many seconds to look again."""
        room = self._settings.deliveries_in_flight - len(self._running)
        if room <= 0:
            return SAFETY_POLL_S
        busy: Counter[UUID] = Counter(delivery.subscription_id for delivery in self._running.values())
        async with self._database.transaction() as tx:
            due = await deliveries.claim(
                tx,
                busy,
                per_endpoint=self._settings.deliveries_per_endpoint,
                most=room,
                lease_s=self._settings.delivery_lease_s,
            )
            next_s = 0.0 if due else await deliveries.next_due_s(tx)
        for delivery in due:
            task = asyncio.create_task(self._deliver(delivery))
            self._running[task] = delivery
            task.add_done_callback(self._done)
        return SAFETY_POLL_S if next_s is None else min(next_s, SAFETY_POLL_S)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wake.set()
        if not task.cancelled() and (fault := task.exception()):
            log.error("a delivery could not be settled; its lease brings it back", exc_info=fault)

    async def _until(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        answer = await self._sender.attempt(delivery)
        outcome = judge(delivery, answer, self._schedule, random.random())  # noqa: S311 - jitter, not a secret
        counted = await self._database.grouped(self._settle, outcome)
        DELIVERIES.labels("webhook", outcome.verdict if counted else "too-late").inc()

    async def _stop(self) -> None:
        """Stop sending and give back what was claimed, so that the next worker need not wait for the lease."""
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            with suppress(Transient):
                async with self._database.transaction() as tx:
                    await deliveries.release(tx, list(left.values()))


async def deliver(runtime: Runtime) -> None:
    """The worker that sends webhooks, for as long as the process lives."""
    assert isinstance(runtime.settings, Settings)
    sender = Sender(runtime.settings)
    try:
        await Deliverer(runtime.database, runtime.settings, sender).run()
    finally:
        await sender.close()
