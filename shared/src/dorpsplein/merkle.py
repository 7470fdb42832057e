"""Merkle trees of RFC 6962, section 2.1: roots, inclusion and consistency proofs, and how to check them.

Everything is SHA-256. A leaf is hashed behind a zero byte, two hashes behind a one, so that no inner node can pass
for a leaf. A tree of n leaves is split at the largest power of two below n; so it is made of complete subtrees, and
whoever keeps the hash of each complete subtree finds any root or proof among O(log n) of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""
HASH_BYTES = 32

Range = tuple[int, int]
"""Leaves from the first up to, not including, the second: one side of a split somewhere in a tree."""
Node = tuple[int, int]
"""A complete subtree by level and index: leaves index * 2**level up to (index + 1) * 2**level."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees that stand beside each other."""
    return hashlib.sha256(b"\1" + left + right).digest()


def fold(subtrees: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, largest first, as they stand side by side."""
    return reduce(lambda right, left: node_hash(left, right), reversed(subtrees)) if subtrees else EMPTY


def subtrees(leaves: Range) -> list[Node]:
    """The complete subtrees a range of leaves is made of, largest first."""
    low, high = leaves
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaves."""
    return grow(0, [], leaf_hashes).root


@dataclass(frozen=True, slots=True)
class Growth:
    """What leaves add to a tree: the inner complete subtrees they finish, and the new right edge."""

    nodes: tuple[tuple[Node, bytes], ...]
    edge: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The root of the grown tree."""
        return fold(self.edge)


def grow(size: int, edge: Sequence[bytes], leaf_hashes: Sequence[bytes]) -> Growth:
    """Add leaves to a tree of `size` leaves whose complete subtrees, largest first, have these hashes."""
    stack, nodes = list(edge), []
    for index, found in enumerate(leaf_hashes, start=size):
        level = 0
        while index >> level & 1:
            found = node_hash(stack.pop(), found)
            level += 1
            nodes.append(((level, index >> level), found))
        stack.append(found)
    return Growth(tuple(nodes), tuple(stack))


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, from the leaf up.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    low, high, ranges = 0, size, []
    while high - low > 1:
        split = _split(low, high)
        if index < split:
            ranges.append((split, high))
            high = split
        else:
            ranges.append((low, split))
            low = split
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `new` leaves begins with that of `old`.

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} leaves does not go on from one of {old}")
    low, high, ranges = 0, new, []
    while old < high:
        split = _split(low, high)
        if old <= split:
            ranges.append((split, high))
            high = split
        else:
            ranges.append((low, split))
            low = split
    if low:
        ranges.append((low, high))
    return ranges[::-1]


def _split(low: int, high: int) -> int:
    return low + (1 << (high - low - 1).bit_length() - 1)


def proof(ranges: Sequence[Range], hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The hash of each range, from the hashes of the complete subtrees they are made of."""
    return [fold([hashes[node] for node in subtrees(leaves)]) for leaves in ranges]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this hash is number `index` of `size` in the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not all(len(one) == HASH_BYTES for one in (leaf, *path)):
        return False
    found, place, last = leaf, index, size - 1
    for one in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(one, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `new` leaves begins with that of `old`, by their roots (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new or not all(len(one) == HASH_BYTES for one in path):
        return False
    if old == new:
        return not path and old_root == new_root
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, one)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
