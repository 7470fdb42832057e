"""The command line of every service: `python -m <service> migrate | serve | rebuild PROJECTION`, and works apart."""

import asyncio
import logging
import sys
from collections.abc import Mapping
from importlib import import_module

from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.settings import Settings

log = logging.getLogger(__name__)


def main(name: str, apart: Mapping[str, str] | None = None) -> None:
    """Run the service whose package has this name.

    `apart` are works that have a process of their own, by the word that starts them: `module:function` of each, which
    is given to `serve_apart`. To migrate, the service itself is not loaded: that takes longer than most migrations.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    match sys.argv[1:]:
        case ["migrate"]:
            url = Settings().migration_url.get_secret_value()
            for file in asyncio.run(migrate(url, migrations_of(import_module(name)))):
                log.info("ran %s", file)
        case ["serve"]:
            _serve(name)
        case ["rebuild", projection]:
            _rebuild(name, projection)
        case [work] if work in (apart or {}):
            _serve_apart(name, (apart or {})[work])
        case _:
            sys.exit(
                f"usage: python -m {name} {' | '.join(['migrate', 'serve', *(apart or {}), 'rebuild PROJECTION'])}"
            )


def _serve(name: str) -> None:
    from dorpsplein.service import run_on_uvloop, serve

    service = import_module(f"{name}.app").SERVICE
    run_on_uvloop(serve(service, service.settings()))


def _serve_apart(name: str, work: str) -> None:
    from dorpsplein.service import run_on_uvloop, serve_apart

    service = import_module(f"{name}.app").SERVICE
    module, _, function = work.partition(":")
    run_on_uvloop(serve_apart(service, service.settings(), getattr(import_module(module), function)))


def _rebuild(name: str, projection: str) -> None:
    from dorpsplein.rebuild import rebuild

    service = import_module(f"{name}.app").SERVICE
    if projection not in service.projections:
        sys.exit(f"{name} has no projection {projection!r}; there are {', '.join(service.projections) or 'none'}.")
    asyncio.run(rebuild(name, projection, service.projections[projection], service.settings()))
