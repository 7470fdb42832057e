"""The tree over the supports of an initiative at the close: who has a receipt can check that it was counted.

A Merkle tree as in RFC 6962 (`dorpsplein.merkle`). Its leaves are sorted by their bytes, which are hashes, so their
order says nothing of when a support was given.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from dorpsplein import merkle
from dorpsplein.contracts.initiatives.initiatives import SupportClosed
from dorpsplein.envelope import Event
from initiatives.domain.evolving import told
from initiatives.domain.initiative import Initiative


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree over sorted leaves: of each level, from the leaves up, the hashes of its complete subtrees."""

    leaves: Sequence[bytes]
    levels: Sequence[Sequence[bytes]]

    @property
    def root(self) -> bytes:
        """The hash over all of it."""
        return merkle.fold([self.levels[level][index] for level, index in merkle.subtrees((0, len(self.leaves)))])


def leaf(support_id: UUID, sequence: int) -> bytes:
    """What stands for a support: the SHA-256 of its id and its sequence (8 bytes, the largest first)."""
    return hashlib.sha256(support_id.bytes + sequence.to_bytes(8)).digest()


def tree_of(supports: Iterable[tuple[UUID, int]]) -> Tree:
    """The tree over supports, given by id and sequence in any order; of 100,000 it takes about half a second."""
    leaves = sorted(leaf(support, sequence) for support, sequence in supports)
    levels = [[merkle.leaf_hash(one) for one in leaves]]
    while len(levels[-1]) > 1:
        below = iter(levels[-1])
        levels.append([merkle.node_hash(left, right) for left, right in zip(below, below, strict=False)])
    return Tree(leaves, levels)


def close_again(initiative: Initiative, *, supports: int, root: str) -> list[Event]:
    """Say how many support it after a merge was undone that had been over; the last of such facts holds."""
    fact = SupportClosed(initiative_id=initiative.id, supports=supports, root=root)
    return told(initiative, fact, initiative.status)
