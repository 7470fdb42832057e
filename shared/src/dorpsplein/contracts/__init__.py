"""The contracts: what services may know of each other. One module a producing service, which owns it.

A type is never renamed; a breaking change is a new `.v2` published beside `.v1`.
"""

from dorpsplein.contracts import funding, initiatives, notifications, presence

__all__ = ["funding", "initiatives", "notifications", "presence"]
