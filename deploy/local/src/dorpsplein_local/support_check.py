"""Check what shows that a support was counted: that it is a leaf of the tree whose root was published at the close."""

import json
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from dorpsplein import merkle
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.receipt_documents import Count, Hash
from initiatives.domain.support_tree import leaf


class SupportProof(BaseModel):
    """The document of `/supports/{id}/proof`. The leaf in it is not read: it is made again from what it stands for."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_alias=True)

    support_id: UUID
    initiative_id: UUID
    sequence: Count
    index: Count
    size: Count
    proof: list[Hash]
    root: Hash
    closed_at: datetime


def is_of_a_support(text: bytes) -> bool:
    """Whether a file is about a support, not about a pledge."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "supportId" in document


def refuse_unless_counted(proof: SupportProof, root: str = "") -> None:
    """Raises CannotRun where the support is not proven to be in the tree, or the tree is not the one with this root."""
    counted = merkle.leaf_hash(leaf(proof.support_id, proof.sequence))
    if not merkle.verify_inclusion(counted, proof.index, proof.size, proof.proof, proof.root):
        raise CannotRun(
            f"Support {proof.support_id} is not proven to be among the {proof.size} that were counted: "
            "its id, sequence, index or proof was changed."
        )
    if root and root.strip().lower() != proof.root.hex():
        raise CannotRun(f"The proof is for the root {proof.root.hex()}, not for the one you trust.")
