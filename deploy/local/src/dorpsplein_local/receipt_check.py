"""Check a receipt: that what it says is in the tree that the log signed. No server is asked for anything.

What is checked is bytes: leaves are hashed as they stand in the receipt, and the text of the head is made again
from its parts. Only what was proven is told.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from dorpsplein import merkle
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.receipt_documents import LEAF, Entry, ReadHead, ReadKey, Receipt, Resolution, Transfer
from funding.domain.checkpoints import Key
from funding.domain.receipts import commitment


@dataclass(frozen=True, slots=True)
class Proven:
    """What a receipt proves: its transfers, what became of those that were pending, and whose accounts are known."""

    transfers: list[Transfer]
    resolutions: dict[UUID, Resolution]
    owners: dict[str, str] = field(default_factory=dict)


def check(receipt: Receipt, trusted: Sequence[Key] = (), earlier: ReadHead | None = None) -> Proven:
    """Check all of a receipt: key, signature, every leaf, and where an earlier head is given that it still holds.

    Without `trusted` keys the receipt's own is taken. Raises CannotRun naming the first thing that does not hold.
    """
    key = _key(receipt.key, trusted)
    receipt.head.refuse_unless_signed_by(key, "the tree head")
    for entry in receipt.entries:
        _refuse_unless_in_tree(entry, receipt.head)
    if earlier is not None:
        earlier.refuse_unless_signed_by(key, "the earlier head")
        _refuse_unless_it_goes_on(receipt, earlier)
    proven = _told(receipt)
    _refuse_wrong_openings(receipt, proven)
    return proven


def _key(given: ReadKey, trusted: Sequence[Key]) -> Key:
    key = given.key
    if given.key_id != key.id or given.note_key != key.text:
        raise CannotRun("The public key of the receipt does not fit its own key id: one of them was changed.")
    if trusted and not any(key.public == one.public and one.origin in {"", key.origin} for one in trusted):
        known = ", ".join(one.id if one.origin else b64encode(one.public).decode() for one in trusted)
        raise CannotRun(f"The receipt was signed with another key ({key.id}) than the one you trust ({known}).")
    return key


def _refuse_unless_in_tree(entry: Entry, head: ReadHead) -> None:
    leaf = merkle.leaf_hash(entry.leaf)
    if not merkle.verify_inclusion(leaf, entry.index, head.size, entry.proof, head.root):
        raise CannotRun(
            f"Leaf {entry.index} is not proven to be in the signed tree of {head.size} leaves: "
            "the leaf, its index or its proof was changed."
        )


def _refuse_unless_it_goes_on(receipt: Receipt, earlier: ReadHead) -> None:
    head, proof = receipt.head, receipt.consistency
    if earlier.size > head.size:
        raise CannotRun(
            f"The head you kept is of a larger tree ({earlier.size} leaves) than the receipt's ({head.size}): "
            "get the receipt again."
        )
    if earlier.size == head.size:
        path: list[bytes] = []
    elif proof is None or (proof.earlier, proof.to) != (earlier.size, head.size):
        raise CannotRun(
            "The receipt has no proof that its tree goes on from the head you kept: "
            f"get it again with ?from={earlier.size}."
        )
    else:
        path = proof.proof
    if not merkle.verify_consistency(earlier.size, head.size, earlier.root, head.root, path):
        raise CannotRun(
            f"The tree of {head.size} leaves does not go on from the tree of {earlier.size} leaves that you kept: "
            "what was in it has been changed, or the proof was."
        )


def _told(receipt: Receipt) -> Proven:
    transfers: dict[UUID, Transfer] = {}
    resolutions: dict[UUID, Resolution] = {}
    if len({entry.index for entry in receipt.entries}) < len(receipt.entries):
        raise CannotRun("The receipt has one leaf twice.")
    for entry in sorted(receipt.entries, key=lambda one: one.index):
        try:
            said = LEAF.validate_json(entry.leaf)
        except ValidationError as fault:
            raise CannotRun(f"Leaf {entry.index} is in the tree, but is no transfer or resolution.") from fault
        if isinstance(said, Transfer):
            if said.group != receipt.pledge_id:
                raise CannotRun(f"Leaf {entry.index} belongs to {said.group}, not to pledge {receipt.pledge_id}.")
            transfers[said.id] = said
        else:
            about = transfers.get(said.transfer)
            if about is None or not about.pending or said.transfer in resolutions or said.amount > about.amount:
                raise CannotRun(f"Leaf {entry.index} resolves what the receipt does not hold as pending before it.")
            resolutions[said.transfer] = said
    return Proven(list(transfers.values()), resolutions)


def _refuse_wrong_openings(receipt: Receipt, proven: Proven) -> None:
    accounts = {one.id: {one.debit, one.credit} for one in proven.transfers}
    for one in receipt.openings:
        hidden = commitment(one.account, one.salt)
        if hidden not in accounts.get(one.transfer_id, ()):
            raise CannotRun(f"The salt for transfer {one.transfer_id} does not open the account that its leaf hides.")
        proven.owners[hidden] = one.account
