"""Run the funding service: `python -m funding migrate | serve | rebuild PROJECTION`."""

from dorpsplein.service import main
from funding.app import SERVICE

main(SERVICE)
