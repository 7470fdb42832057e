"""What a service keeps of others' events."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded

Apply = Callable[[Transaction, Sequence[Recorded[Any]]], Awaitable[None]]


@dataclass(frozen=True)
class Projection:
    """What a service keeps of events, and what it does because of them.

    `apply` writes only `tables`, set-based, and can be run again over the whole log (a rebuild). `react` runs
    after it in the same transaction, on the live log only: it may run commands and record events, and has no
    other effect outside the database. Where it is `repeatable`, because it looks at what is stored and not at what
    is new, it may be asked about an event again, and no inbox of reactions is kept.
    """

    of: Sequence[type[Event]]
    apply: Apply | None = None
    tables: Sequence[str] = ()
    react: Apply | None = None
    repeatable: bool = False
