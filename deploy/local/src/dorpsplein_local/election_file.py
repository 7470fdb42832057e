"""Election files that people name on the command line."""

from pathlib import Path

from dorpsplein_local.errors import CannotRun
from funding.domain import pabulib

MOST_SHOWN = 20


def read(file: Path, effect: str) -> pabulib.Election:
    """Read a file and check it whole. Raises CannotRun with every fault, and `effect`: what was not done."""
    try:
        return pabulib.parse(file.read_bytes(), file.name)
    except OSError as fault:
        raise CannotRun(f"{file} cannot be read: {fault.strerror or fault}.") from fault
    except pabulib.MalformedFile as fault:
        faults = str(fault).splitlines()
        more = f"\n… and {len(faults) - MOST_SHOWN} more." if len(faults) > MOST_SHOWN else ""
        shown = "\n".join(faults[:MOST_SHOWN])
        raise CannotRun(f"{file} was refused and {effect}:\n{shown}{more}") from fault
