"""One command, one transaction: lock, decide, move the money, keep the state and its facts."""

from funding.commands import audit, pledges, rounds

__all__ = ["audit", "pledges", "rounds"]
