"""`python -m dorpsplein_local` is the command line."""

from dorpsplein_local.cli import main

main()
