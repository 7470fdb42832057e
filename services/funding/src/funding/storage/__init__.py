"""The database of funding: named SQL and small functions. What is locked, is locked rounds first, then means."""

from funding.storage import audit, ledger, means, pledges, rounds

__all__ = ["audit", "ledger", "means", "pledges", "rounds"]
