"""Apache Kafka in KRaft mode, one node, for one machine.

Memory, threads and start-up are tuned for a laptop: 142 MB and 1.4 s to the first acknowledged message.
"""

import base64
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import locked
from dorpsplein_local.jars import cache_dir, fetch_jars, locked_jars
from dorpsplein_local.java import WITH_AOT_CACHE, Java, find_java
from dorpsplein_local.processes import Part, free_port, listens

VERSION = "4.3.1"

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={log_dir}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
offsets.retention.minutes=525600
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.threads=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
num.network.threads=2
num.io.threads=3
num.replica.fetchers=1
num.recovery.threads.per.data.dir=2
background.threads=2
"""

MEMORY = ("-Xmx256m", "-Xms16m", "-XX:+UseSerialGC")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


@dataclass(frozen=True)
class Kafka:
    """A broker on a data folder. `prepare` before `part`; the same data may be served again and again."""

    data: Path
    port: int
    controller_port: int
    java: Java
    jars: tuple[Path, ...]

    @property
    def bootstrap(self) -> str:
        """Return the address that clients start from."""
        return f"127.0.0.1:{self.port}"

    def part(self) -> Part:
        """Return the process to run: ready when it answers a request on its own listener."""
        return Part(
            name="kafka",
            command=(*self._jvm(*self._warm_start()), "kafka.Kafka", str(self._settings_file)),
            address=self.bootstrap,
            is_ready=lambda pid: listens(pid, self.port) and answers(self.bootstrap),
            death_signal=signal.SIGTERM,
            after_stop=self._keep_training,
        )

    @property
    def _settings_file(self) -> Path:
        return self.data / "server.properties"

    def _jvm(self, *flags: str) -> tuple[str, ...]:
        return (str(self.java.path), *MEMORY, *LOGGING, *flags, "-cp", os.pathsep.join(map(str, self.jars)))

    def _warm_start(self) -> tuple[str, ...]:
        """Use the trained start-up cache; without one, train it until the next normal stop."""
        if self.java.major < WITH_AOT_CACHE:
            return ()
        quiet = ("-Xlog:disable", "-Xlog:all=error:stderr", "--sun-misc-unsafe-memory-access=allow")
        if self._aot_cache.exists():
            return (f"-XX:AOTCache={self._aot_cache}", *quiet)
        return (f"-XX:AOTCacheOutput={self._training}", *quiet)

    @property
    def _aot_cache(self) -> Path:
        parts = [f"{self.java.path} {self.java.version} {MEMORY}"]
        parts += [f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in self.jars]
        return cache_dir() / f"kafka-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}.aot"

    @property
    def _training(self) -> Path:
        return self.data / "training.aot"

    def _keep_training(self) -> None:
        if self._training.exists():
            shutil.move(self._training, self._aot_cache.with_suffix(f".{os.getpid()}"))
            self._aot_cache.with_suffix(f".{os.getpid()}").replace(self._aot_cache)


def prepare(data: Path) -> Kafka:
    """Fetch what is missing, choose free ports and make the data folder ready; keep data that is there.

    Raises CannotRun when there is no Java, or the jars cannot be had.
    """
    data.mkdir(parents=True, exist_ok=True)
    kafka = Kafka(data, free_port(), free_port(), find_java(), tuple(fetch_jars()))
    log_dir = data / "log"
    kafka._settings_file.write_text(
        SETTINGS.format(port=kafka.port, controller_port=kafka.controller_port, log_dir=log_dir)
    )
    if not (log_dir / "meta.properties").exists():
        log_dir.mkdir(exist_ok=True)
        shutil.copyfile(_bootstrap_checkpoint(kafka), log_dir / "bootstrap.checkpoint")
        identity = f"version=1\ncluster.id={_new_id()}\nnode.id=1\ndirectory.id={_new_id()}\n"
        (log_dir / "meta.properties").write_text(identity)
    return kafka


def _new_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def _bootstrap_checkpoint(kafka: Kafka) -> Path:
    """Return the record of a new cluster's feature versions, made once by Kafka's own StorageTool.

    Formatting takes a JVM of its own, so its result is kept and every later data folder is a copy.
    """
    sums = hashlib.sha256(str(sorted(locked_jars().items())).encode()).hexdigest()[:16]
    kept = cache_dir() / f"kafka-{sums}.bootstrap.checkpoint"
    with locked(kept.with_suffix(".lock")):
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
                made = _format(kafka, Path(folder))
                made.replace(kept)
    return kept


def _format(kafka: Kafka, folder: Path) -> Path:
    settings = folder / "server.properties"
    settings.write_text(SETTINGS.format(port=1, controller_port=2, log_dir=folder / "log"))
    tool = ("kafka.tools.StorageTool", "format", "-t", _new_id(), "-c", str(settings))
    done = subprocess.run([*kafka._jvm(), *tool], capture_output=True, text=True, check=False)  # noqa: S603
    made = folder / "log" / "bootstrap.checkpoint"
    if done.returncode or not made.exists():
        raise CannotRun(f"Kafka could not format its storage: {(done.stderr or done.stdout).strip()[-500:]}")
    return made


def answers(bootstrap: str) -> bool:
    """Tell whether a broker at this address answers the smallest request of Kafka's protocol (ApiVersions 0)."""
    body = struct.pack(">hhih", 18, 0, 1, -1)
    host, _, port = bootstrap.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = connection.recv(10)
    except OSError:
        return False
    return len(answer) == 10 and answer[4:] == struct.pack(">ih", 1, 0)
