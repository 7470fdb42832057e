"""The command line of the notifications service; see `dorpsplein.main`."""

from dorpsplein.main import main

main("notifications")
