"""Bring in files of places, in whichever process is free: all of a file in one transaction, or none of it.

A process says how far it is in transactions of their own, by which it keeps its claim too. One that dies leaves a claim
that ends, and another begins anew; one that was only slow finds at the end that the import is another's, and takes back
what it did.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from dorpsplein.database import Database
from dorpsplein.errors import Refused, Transient
from dorpsplein.service import Runtime
from presence.commands import place_files
from presence.commands.place_files import Entry, Unreadable
from presence.commands.places import bring_in
from presence.domain.area import Area
from presence.domain.place_imports import MOST_ATTEMPTS, MOST_FAULTS, Fault, Format, Outcome, fault_of, moved
from presence.domain.places import Place
from presence.settings import PresenceSettings
from presence.storage import place_imports as storage
from presence.storage.place_imports import Claimed

CLAIM_LASTS = timedelta(minutes=1)
BATCH = 500
POLL_S = 0.5

log = logging.getLogger(__name__)


class Overtaken(Exception):
    """The claim had ended, and another process has the import."""


@dataclass(slots=True)
class Checked:
    """What was read so far: places, each once, and what is wrong."""

    places: list[Place] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, lines: list[Entry], format_: Format, area: Area) -> None:
        """Check some more lines."""
        for entry, told in place_files.check(lines, format_, area, uuid7):
            if isinstance(told, Place):
                first = self._seen.setdefault((told.name.lower(), told.address.lower()), entry.number)
                if first == entry.number:
                    self.places.append(told)
                    continue
                where = "feature" if format_ is Format.GEOJSON else "line"
                detail = f"A place of this name and address stands in {where} {first} already."
                told = [Fault("place-twice", detail).at(format_, entry.number)]
            room = MOST_FAULTS - len(self.faults)
            self.faults += told[:room]
            self.more += len(told[room:])


@dataclass(slots=True)
class Run:
    """One process at work on one import."""

    database: Database
    area: Area
    clock: Callable[[], datetime]
    claimed: Claimed
    total: int = 0
    read: int = 0

    async def bring_in(self) -> None:
        """Check a file and bring it in, or refuse it. Raises Overtaken, Transient."""
        if self.claimed.attempts > MOST_ATTEMPTS:
            return await self._refuse([Fault("too-heavy", "Processes ended over this file; send it in parts.")])
        try:
            checked = await self._check()
            if checked.faults:
                return await self._refuse(checked.faults, checked.more)
            await self._add(checked.places)
        except Unreadable as unreadable:
            await self._refuse([unreadable.fault])
        except Refused as refusal:
            await self._refuse([fault_of(refusal)])

    async def _check(self) -> Checked:
        format_, checked = self.claimed.format, Checked()
        lines = await asyncio.to_thread(place_files.entries, self.claimed.content, format_)
        self.total = len(lines)
        for start in range(0, len(lines), BATCH):
            part = lines[start : start + BATCH]
            await asyncio.to_thread(checked.take, part, format_, self.area)
            self.read = start + len(part)
            await self._progress()
        return checked

    async def _add(self, places: list[Place]) -> None:
        """Add and change all in one transaction, which holds only if the claim still does at its end."""
        if self.claimed.status == "checking":
            self.claimed = replace(self.claimed, status=moved(self.claimed.status, "add"))
        await self._progress()
        outcome = Outcome()
        async with self.database.transaction() as tx:
            if not await storage.take_turn(tx):
                raise Transient("another import is being added")
            for start in range(0, len(places), BATCH):
                part = places[start : start + BATCH]
                outcome += await bring_in(tx, part, self.area)
                await self._progress(written=start + len(part))
            done = moved(self.claimed.status, "finish")
            if not await storage.finish(tx, self.claimed, done, outcome, self.clock()):
                raise Overtaken

    async def _progress(self, written: int = 0) -> None:
        until = self.clock() + CLAIM_LASTS
        status, total, read = self.claimed.status, self.total, self.read
        async with self.database.transaction() as tx:
            if not await storage.progress(
                tx, self.claimed, status, total=total, read=read, written=written, until=until
            ):
                raise Overtaken

    async def _refuse(self, faults: list[Fault], more: int = 0) -> None:
        status = moved(self.claimed.status, "refuse")
        async with self.database.transaction() as tx:
            if not await storage.refuse(tx, self.claimed, status, faults, more, self.clock()):
                raise Overtaken


async def import_next(database: Database, area: Area, clock: Callable[[], datetime]) -> UUID | None:
    """Bring in the file that waits longest; its import, or None where none waits.

    Raises Transient where the database is away, another import is being added, or this takes too long: then it waits
    again.
    """
    now = clock()
    async with database.transaction() as tx:
        claimed = await storage.claim(tx, uuid7(), now, now + CLAIM_LASTS)
    if claimed is None:
        return None
    try:
        await Run(database, area, clock, claimed).bring_in()
    except Overtaken:
        log.warning("import %s was taken over by another process", claimed.id)
    except (Transient, asyncpg.QueryCanceledError) as fault:
        async with database.transaction() as tx:
            await storage.release(tx, claimed)
        raise Transient(f"import {claimed.id} waits: {fault}") from fault
    return claimed.id


async def import_places(runtime: Runtime) -> None:
    """Bring in files of places for ever."""
    settings = runtime.settings
    assert isinstance(settings, PresenceSettings)
    while True:
        if await import_next(runtime.database, settings.area, runtime.outbox.clock) is None:
            await asyncio.sleep(POLL_S)
