"""The command line of every service: `python -m <service> migrate | serve | rebuild PROJECTION`."""

import asyncio
import logging
import sys
from importlib import import_module

from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.settings import Settings

log = logging.getLogger(__name__)


def main(name: str) -> None:
    """Run the service whose package has this name.

    To migrate, the service itself is not loaded: that takes longer than most migrations.
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
        case _:
            sys.exit(f"usage: python -m {name} migrate | serve | rebuild PROJECTION")


def _serve(name: str) -> None:
    from dorpsplein.service import run_on_uvloop, serve

    service = import_module(f"{name}.app").SERVICE
    run_on_uvloop(serve(service, service.settings()))


def _rebuild(name: str, projection: str) -> None:
    from dorpsplein.rebuild import rebuild

    service = import_module(f"{name}.app").SERVICE
    if projection not in service.projections:
        sys.exit(f"{name} has no projection {projection!r}; there are {', '.join(service.projections) or 'none'}.")
    asyncio.run(rebuild(name, projection, service.projections[projection], service.settings()))
