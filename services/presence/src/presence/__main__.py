"""The presence service's command line; see `dorpsplein.service.main`."""

from dorpsplein.service import main
from presence.app import SERVICE

main(SERVICE)
