"""Run the service: `python -m initiatives migrate | serve | rebuild PROJECTION`."""

from dorpsplein.service import main
from initiatives.app import SERVICE

main(SERVICE)
