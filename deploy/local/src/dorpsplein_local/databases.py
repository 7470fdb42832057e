"""A service's database with its roles, on any PostgreSQL 18 that a superuser's address leads to."""

import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import unquote, urlsplit, urlunsplit

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.postgres import program

SCRIPT = files("dorpsplein_local").joinpath("service_database.sql").read_text()


@dataclass(frozen=True)
class DatabaseUrls:
    """The two ways into a service's database: rows only, and migrations (which act as the owner)."""

    application: str
    migration: str


def create_service_database(admin_url: str, name: str, template: str = "template1") -> DatabaseUrls:
    """Make database `name` with owner, application and migrator, and return the two addresses.

    The owner `<name>_owner` has no login; `<name>_app` reads and writes rows; `<name>_migrator` acts as the
    owner. Doing it again keeps the data and renews both passwords. Raises CannotRun with the server's reason.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name):
        raise ValueError(f"not a database name: {name!r}")
    app, migrator = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
    run_sql(admin_url, SCRIPT, name=name, template=template, app_password=app, migrator_password=migrator)
    return DatabaseUrls(
        application=_address(admin_url, name, f"{name}_app", app),
        migration=_address(admin_url, name, f"{name}_migrator", migrator),
    )


def drop_service_database(admin_url: str, name: str) -> None:
    """Drop database `name` and its roles, ending whoever is connected."""
    roles = ", ".join(f"{name}_{role}" for role in ("owner", "app", "migrator"))
    run_sql(admin_url, f"drop database if exists {name} with (force);\ndrop role if exists {roles};")


def run_sql(admin_url: str, script: str, **variables: str) -> None:
    """Run a script by psql, stopping at its first fault. Raises CannotRun with the server's reason."""
    chosen = [f"--set={name}={value}" for name, value in {"ON_ERROR_STOP": "1", **variables}.items()]
    admin = urlsplit(admin_url)
    place = admin._replace(netloc=admin.netloc.replace(f":{admin.password}@", "@")).geturl()
    done = subprocess.run(  # noqa: S603
        [program("psql"), "-XqAt", *chosen, "-d", place],
        env={**os.environ, "PGPASSWORD": unquote(admin.password or ""), "PGCONNECT_TIMEOUT": "10"},
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotRun(f"PostgreSQL at {admin.hostname} refused: {done.stderr.strip()}")


def _address(admin_url: str, database: str, user: str, password: str) -> str:
    admin = urlsplit(admin_url)
    place = f"{user}:{password}@{admin.hostname or '127.0.0.1'}:{admin.port or 5432}"
    return urlunsplit(("postgresql", place, f"/{database}", admin.query, ""))
