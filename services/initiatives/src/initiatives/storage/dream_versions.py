"""Where versions of dream visions stand, and the renders that processes claim."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.dreams.versions import Film, Status, Version
from initiatives.storage.dreams import PARTS, SCENES, parts_json, scenes_json

COLUMNS = "dream_id, number, render_id, status, title, scenes, parts, attempts"
OF_DREAM = f"select {COLUMNS} from dream_versions where dream_id = $1 order by number"  # noqa: S608
INSERT = """
    insert into dream_versions (dream_id, number, render_id, status, title, scenes, parts, attempts, made_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SAVE = """
    update dream_versions v set
        status = n.status, attempts = n.attempts, claimed_by = null, claimed_until = null,
        published_at = case when n.status = 'published' then $5 else v.published_at end
    from unnest($2::int[], $3::text[], $4::int[]) as n(number, status, attempts)
    where v.dream_id = $1 and v.number = n.number
"""
FREE = """
    select v.dream_id, v.number from dream_versions v join dreams d on d.id = v.dream_id
    where v.status = 'queued' or (v.status = 'rendering' and v.claimed_until < clock_timestamp())
    order by v.made_at, v.render_id limit 1 for update of d, v skip locked
"""
CLAIM = """
    update dream_versions set
        status = 'rendering', attempts = $3, percent = 0, claimed_by = $4,
        claimed_until = clock_timestamp() + make_interval(secs => $5)
    where dream_id = $1 and number = $2
"""
RENEW = """
    update dream_versions set claimed_until = clock_timestamp() + make_interval(secs => $4), percent = $5
    where dream_id = $1 and number = $2 and claimed_by = $3 returning true
"""
CLAIMED = f"select {COLUMNS} from dream_versions where dream_id = $1 and number = $2 and claimed_by = $3"  # noqa: S608
FINISH = """
    update dream_versions set
        status = $3, percent = 100, claimed_by = null, claimed_until = null,
        seconds = $4, digest = $5, dark = $6, files = $7, finished_at = $8
    where dream_id = $1 and number = $2
"""
FAIL = """
    update dream_versions set
        status = $3, claimed_by = null, claimed_until = null, failure = $4, failed_scene = $5, finished_at = $6
    where dream_id = $1 and number = $2
"""
FILES = "select files from dream_versions where dream_id = $1 and number = any($2::int[]) and files is not null"


@dataclass(frozen=True, slots=True)
class Claim:
    """A render that a process has, until it is late: which version of which dream vision, and which process."""

    dream_id: UUID
    number: int
    worker: UUID


async def of_dream(tx: Transaction, dream_id: UUID) -> list[Version]:
    """All versions of a dream vision that is locked, from the first to the newest."""
    return [_version(row) for row in await tx.fetch(OF_DREAM, dream_id)]


async def insert(tx: Transaction, version: Version, *, now: datetime) -> None:
    """Store a new version."""
    await tx.execute(
        INSERT,
        version.dream_id,
        version.number,
        version.render_id,
        version.status,
        version.title,
        scenes_json(version.scenes),
        parts_json(version.parts),
        version.attempts,
        now,
    )


async def save(tx: Transaction, versions: Sequence[Version], *, now: datetime) -> None:
    """Store the status of versions of one dream vision; whoever had a claim on one has it no more."""
    if versions:
        await tx.execute(
            SAVE,
            versions[0].dream_id,
            [version.number for version in versions],
            [version.status for version in versions],
            [version.attempts for version in versions],
            now,
        )


async def free(tx: Transaction) -> tuple[UUID, int] | None:
    """The first version that waits for a render, or whose claim is over, its dream vision locked too."""
    row = await tx.fetchrow(FREE)
    return None if row is None else (row["dream_id"], row["number"])


async def claim(tx: Transaction, claim: Claim, version: Version, *, lease_s: float) -> None:
    """Give a version to a process for so many seconds."""
    await tx.execute(CLAIM, claim.dream_id, claim.number, version.attempts, claim.worker, lease_s)


async def renew(tx: Transaction, claim: Claim, percent: int, *, lease_s: float) -> bool:
    """Make a claim last longer and note how far it is; False when it is lost."""
    renewed = await tx.fetchval(RENEW, claim.dream_id, claim.number, claim.worker, lease_s, percent)
    return bool(renewed)


async def claimed(tx: Transaction, claim: Claim) -> Version | None:
    """The version of a claim; None when it is lost."""
    row = await tx.fetchrow(CLAIMED, claim.dream_id, claim.number, claim.worker)
    return None if row is None else _version(row)


async def finish(tx: Transaction, version: Version, film: Film, files: Mapping[str, UUID], *, now: datetime) -> None:
    """Store what came of a render; `files` are media by what they are of the film."""
    dark = {str(scene_id): reason for scene_id, reason in film.dark.items()}
    await tx.execute(
        FINISH,
        version.dream_id,
        version.number,
        version.status,
        film.seconds,
        film.digest,
        json.dumps(dark),
        json.dumps({name: str(media_id) for name, media_id in files.items()}),
        now,
    )


async def fail(tx: Transaction, version: Version, reason: str, scene_id: UUID | None, *, now: datetime) -> None:
    """Store why nothing came of a render."""
    await tx.execute(FAIL, version.dream_id, version.number, version.status, reason, scene_id, now)


async def files(tx: Transaction, dream_id: UUID, numbers: Sequence[int]) -> list[dict[str, UUID]]:
    """The media of films of these versions, by what they are of the film; those without a film are left out."""
    rows = await tx.fetch(FILES, dream_id, numbers)
    return [{name: UUID(media_id) for name, media_id in json.loads(row["files"]).items()} for row in rows]


def _version(row: asyncpg.Record) -> Version:
    return Version(
        dream_id=row["dream_id"],
        number=row["number"],
        render_id=row["render_id"],
        title=row["title"],
        scenes=SCENES.validate_json(row["scenes"]),
        parts=PARTS.validate_json(row["parts"]),
        status=Status(row["status"]),
        attempts=row["attempts"],
    )
