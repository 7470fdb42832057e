"""Turning knobs. Every command first settles what is due in its fund, so that a late timer never changes a decision."""

from funding.commands.knobs import ballots, bounds, brakes, changes, settling, simulations
from funding.commands.knobs.settling import settle

__all__ = ["ballots", "bounds", "brakes", "changes", "settle", "settling", "simulations"]
