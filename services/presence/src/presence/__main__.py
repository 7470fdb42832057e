"""The command line of the presence service; see `dorpsplein.main`."""

from dorpsplein.main import main

main("presence")
