"""Migrated databases of a service, made before a test asks for them.

The first is made by the service's own migrations; all others are copies of it, and share its roles. While a test uses
one, the next is copied beside it, as most of a test waits for one core.
"""

import asyncio
import secrets
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import import_module

from dorpsplein.migrating import migrate, migrations_of
from dorpsplein_local.databases import DatabaseUrls, create_service_database, run_sql

COPY = """
    {drops}
    create database :"name" owner :"owner" template :"first" strategy file_copy;
    revoke all on database :"name" from public;
    grant connect, temporary on database :"name" to :"app", :"migrator";
    alter role :"migrator" in database :"name" set role = :"owner";
"""


class Stock:
    """The databases of one service on one PostgreSQL. `template` is an empty database with the extensions in it."""

    def __init__(self, admin_url: str, service: str, template: str) -> None:
        self.admin_url = admin_url
        self.first = f"{service}_{secrets.token_hex(5)}"
        self._maker = ThreadPoolExecutor(max_workers=1)
        self._urls = self._maker.submit(self._migrated, service, template)
        self._next: Future[str] | None = None
        self._used: list[str] = []

    def take(self) -> tuple[str, DatabaseUrls]:
        """A database that nobody has used, and its name."""
        urls = self._urls.result()
        taken = self._next or self._maker.submit(self._copied, [])
        used, self._used = self._used, []
        self._next = self._maker.submit(self._copied, used)
        name = taken.result()
        return name, DatabaseUrls(_at(urls.application, name), _at(urls.migration, name))

    def give_back(self, name: str) -> None:
        """Say that a database is used up: it is dropped with the next copy. Returns when no copy is being made."""
        self._used.append(name)
        if self._next is not None:
            wait([self._next])

    def stop(self) -> None:
        """Make no more."""
        self._maker.shutdown(cancel_futures=True)

    def _migrated(self, service: str, template: str) -> DatabaseUrls:
        urls = create_service_database(self.admin_url, self.first, template)
        asyncio.run(migrate(urls.migration, migrations_of(import_module(service))))
        return urls

    def _copied(self, used: list[str]) -> str:
        name = f"{self.first}_{secrets.token_hex(4)}"
        drops = "\n".join(f'drop database if exists "{one}" with (force);' for one in used)
        roles = {role: f"{self.first}_{role}" for role in ("owner", "app", "migrator")}
        run_sql(self.admin_url, COPY.format(drops=drops), name=name, first=self.first, **roles)
        return name


def _at(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"
