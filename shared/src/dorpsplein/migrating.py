"""Migrations: numbered SQL files, each run once, in order, by one migrator at a time."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import asyncpg

MIGRATION_LOCK = 7_300_001

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


def migrations_of(package: ModuleType) -> list[Path]:
    """The numbered SQL files of a service, after those every service shares, in order."""
    here = Path(__file__).parent / "migrations"
    package_root = Path(package.__file__ or "").parent
    own = next(
        (folder for folder in (package_root / "migrations", package_root.parents[1] / "migrations") if folder.is_dir()),
        None,
    )
    return sorted(here.glob("*.sql")) + (sorted(own.glob("*.sql")) if own else [])


async def migrate(url: str, files: Sequence[Path]) -> list[str]:
    """Bring a database up to date; returns the names of the files that were run.

    One migrator at a time (advisory lock), each file in its own transaction, each recorded with its SHA-256.
    Raises ValueError where a file that was run has been changed since. The role behind `url` acts as the owner.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"select pg_advisory_lock({MIGRATION_LOCK})")
        await connection.execute(
            "create table if not exists migrations"
            " (name text primary key, sha256 text not null, at timestamptz not null default now())"
        )
        done = {row["name"]: row["sha256"] for row in await connection.fetch("select * from migrations")}
        return [file.name for file in files if await _run(connection, file, done)]
    finally:
        await connection.close()


async def _run(connection: "Connection", file: Path, done: dict[str, str]) -> bool:
    text = file.read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    if file.name in done:
        if done[file.name] != digest:
            raise ValueError(f"{file.name} was changed after it was run; write a new migration instead")
        return False
    async with connection.transaction():
        await connection.execute(text)
        await connection.execute("insert into migrations (name, sha256) values ($1, $2)", file.name, digest)
    return True
