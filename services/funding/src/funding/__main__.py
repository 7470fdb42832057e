"""The command line of the funding service; see `dorpsplein.main`."""

from dorpsplein.main import main

main("funding")
