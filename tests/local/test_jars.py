"""Kafka's jars come from a lock, and a sum that differs is never run."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.jars import fetch_jars, locked_jars, path_of

JAR = "nl.example:saw:1.0"
GOOD = b"a sharp saw"
LOCK = {JAR: hashlib.sha256(GOOD).hexdigest()}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A Maven repository on this machine, with an empty cache of our own."""
    folder = tmp_path / "mirror"
    place = folder / path_of(JAR)
    place.parent.mkdir(parents=True)
    place.write_bytes(GOOD)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    server.asked = []  # type: ignore[attr-defined]
    server.place = place  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("DORPSPLEIN_MAVEN_MIRROR", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("DORPSPLEIN_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def downloads(server: ThreadingHTTPServer) -> int:
    return sum(path.endswith(".jar") for path in server.asked)  # type: ignore[attr-defined]


def test_a_jar_is_downloaded_once_and_then_taken_from_the_cache(mirror: ThreadingHTTPServer) -> None:
    [jar] = fetch_jars(LOCK)
    assert jar.read_bytes() == GOOD
    assert fetch_jars(LOCK) == [jar]
    assert downloads(mirror) == 1


def test_a_damaged_jar_is_fetched_anew(mirror: ThreadingHTTPServer) -> None:
    [jar] = fetch_jars(LOCK)
    jar.write_bytes(b"half a s")
    [jar] = fetch_jars(LOCK)
    assert jar.read_bytes() == GOOD


def test_a_jar_that_is_bad_twice_is_refused(mirror: ThreadingHTTPServer) -> None:
    mirror.place.write_bytes(b"a blunt saw")  # type: ignore[attr-defined]
    with pytest.raises(CannotRun, match="differ from the lock after two downloads"):
        fetch_jars(LOCK)
    assert downloads(mirror) == 2


def test_without_a_network_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DORPSPLEIN_MAVEN_MIRROR", "http://127.0.0.1:1")
    monkeypatch.setenv("DORPSPLEIN_CACHE", str(tmp_path))
    with pytest.raises(CannotRun, match="set DORPSPLEIN_MAVEN_MIRROR"):
        fetch_jars(LOCK)


def test_the_lock_names_kafka_and_its_whole_class_path() -> None:
    lock = locked_jars()
    assert "org.apache.kafka:kafka_2.13:4.3.1" in lock
    assert len(lock) == 46
    assert all(len(sum_) == 64 for sum_ in lock.values())
