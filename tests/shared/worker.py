"""A process of the test service, to be killed: `python -m tests.shared.worker all|relay`, settings as ever."""

import logging
import sys

from tests.chaos import mutants
from tests.shared import toolshed

from dorpsplein.service import run_on_uvloop, serve

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    mutants.LIST.put_in_chosen()
    service = {"all": toolshed.SERVICE, "relay": toolshed.RELAY_ONLY}[sys.argv[1]]
    run_on_uvloop(serve(service, service.settings()))
