"""Kafka's jars: exactly those of the committed lock, from Maven Central or a mirror, each sum checked by us."""

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import platformdirs

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import locked

AT_ONCE = 8


def cache_dir() -> Path:
    """Return where downloads are kept between runs: DORPSPLEIN_CACHE, else the user's cache folder."""
    chosen = os.environ.get("DORPSPLEIN_CACHE")
    return Path(chosen).expanduser().resolve() if chosen else platformdirs.user_cache_path("dorpsplein")


def locked_jars() -> dict[str, str]:
    """Return the lock: Maven coordinates (`group:artifact:version`) with their SHA-256 sums."""
    lock: dict[str, str] = json.loads(files("dorpsplein_local").joinpath("kafka-jars.json").read_text())
    return lock


def fetch_jars(lock: dict[str, str] | None = None) -> list[Path]:
    """Return the jars' paths in the order of the lock, downloading those that are missing or damaged.

    The mirror is DORPSPLEIN_MAVEN_MIRROR, the proxy the usual variables. A jar with a bad sum is deleted
    and fetched once more; raises CannotRun when it is bad again or cannot be had.
    """
    lock = locked_jars() if lock is None else lock
    folder = cache_dir() / "maven"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"), ThreadPoolExecutor(AT_ONCE) as pool:
        bad = _bad(pool, folder, lock)
        for _ in range(2):
            if bad:
                _download(pool, folder, bad)
                bad = _bad(pool, folder, {jar: lock[jar] for jar in bad})
    if bad:
        raise CannotRun(
            f"The sums of {', '.join(bad)} differ from the lock after two downloads; "
            f"check the mirror {mirror()} and start again."
        )
    return [folder / path_of(jar) for jar in lock]


def mirror() -> str:
    """Return the base URL that jars come from: DORPSPLEIN_MAVEN_MIRROR, else Maven Central."""
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(os.environ.get("DORPSPLEIN_MAVEN_MIRROR") or MAVEN_CENTRAL_URL).rstrip("/")


def missing_jars() -> list[str]:
    """Return the coordinates of the locked jars that are not in the cache."""
    return [jar for jar in locked_jars() if not (cache_dir() / "maven" / path_of(jar)).exists()]


def mirror_answers() -> bool:
    """Tell whether the place that jars come from can be reached."""
    import httpx

    try:
        return httpx.head(f"{mirror()}/org/apache/kafka/", timeout=5).status_code < 500
    except httpx.HTTPError:
        return False


def path_of(coordinates: str) -> Path:
    """Return a jar's place in a Maven repository."""
    group, artifact, version = coordinates.split(":")
    return Path(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def _bad(pool: ThreadPoolExecutor, folder: Path, lock: dict[str, str]) -> list[str]:
    def is_good(jar: str) -> bool:
        path = folder / path_of(jar)
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == lock[jar]

    return [jar for jar, good in zip(lock, pool.map(is_good, lock), strict=True) if not good]


def _download(pool: ThreadPoolExecutor, folder: Path, jars: Iterable[str]) -> None:
    from jgo.maven import MavenContext

    maven = MavenContext(repo_cache=folder, remote_repos={"mirror": mirror()}, timeout=60)

    def fetch(jar: str) -> None:
        (folder / path_of(jar)).unlink(missing_ok=True)
        maven.create_dependency(jar).artifact.resolve()

    try:
        list(pool.map(fetch, jars))
    except (OSError, RuntimeError) as error:
        raise CannotRun(
            f"Kafka's jars cannot be had from {mirror()} ({type(error).__name__}); connect to the network, "
            "or set DORPSPLEIN_MAVEN_MIRROR, or point DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS at a Kafka that runs."
        ) from error
