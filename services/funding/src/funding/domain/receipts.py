"""What the transparency log keeps of the ledger: one leaf a transfer, one a resolution, for everyone to read.

A leaf is canonical JSON (RFC 8785) of ids, codes, whole amounts and times. The account of a person would be a
pseudonym that is kept for ever; instead a leaf holds a commitment to it: SHA-256 of a random salt and the account.
Who has the salt can show which account it is; where the salt is deleted nobody can, and the log stays whole.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from funding.domain.rules.snapshots import canonical

PERSONAL = ("party", "returned")
"""Kinds of account that may be a person's: then what follows the kind is a UUID, else it is a party's code."""


def transfer_leaf(
    *,
    transfer_id: UUID,
    group: UUID,
    kind: str,
    resource: str,
    debit: str,
    credit: str,
    amount: int,
    pending: bool,
    at: datetime,
    salt: bytes,
) -> bytes:
    """The leaf of a transfer; accounts of persons are hidden under the transfer's salt."""
    return canonical(
        {
            "type": "transfer",
            "id": str(transfer_id),
            "group": str(group),
            "kind": kind,
            "resource": resource,
            "debit": public(debit, salt),
            "credit": public(credit, salt),
            "amount": amount,
            "pending": pending,
            "at": moment(at),
        }
    )


def resolution_leaf(*, transfer_id: UUID, outcome: str, amount: int, at: datetime) -> bytes:
    """The leaf of what became of a pending transfer: `amount` of it was posted (0 where nothing was)."""
    return canonical(
        {"type": "resolution", "transfer": str(transfer_id), "outcome": outcome, "amount": amount, "at": moment(at)}
    )


def public(account: str, salt: bytes) -> str:
    """An account as a leaf shows it: a person's as a commitment of 64 hex digits, any other as it is."""
    return commitment(account, salt) if is_personal(account) else account


def is_personal(account: str) -> bool:
    """Whether an account is a person's: of a kind that persons have, under a UUID."""
    kind, _, owner = account.partition(":")
    if kind not in PERSONAL:
        return False
    try:
        UUID(owner)
    except ValueError:
        return False
    return True


def commitment(account: str, salt: bytes) -> str:
    """What stands for a person's account: its kind, and SHA-256 in hex of salt and account."""
    return f"{account.partition(':')[0]}:{hashlib.sha256(salt + account.encode()).hexdigest()}"


def moment(at: datetime) -> str:
    """A moment as a leaf has it: UTC, with microseconds, as PostgreSQL keeps it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
