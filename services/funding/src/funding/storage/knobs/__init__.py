"""Knobs in the database. What turns in a fund waits for the lock on that fund, before any other."""

from funding.storage.knobs import ballots, brakes, changes, electorate, sets, simulations
from funding.storage.knobs.sets import begin, current

__all__ = ["ballots", "begin", "brakes", "changes", "current", "electorate", "sets", "simulations"]
