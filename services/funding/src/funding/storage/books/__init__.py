"""The books in the database: what commands on means are decided on, and what they decide."""

from funding.storage.books import keeping, locking
from funding.storage.books.keeping import write
from funding.storage.books.locking import lock

__all__ = ["keeping", "lock", "locking", "write"]
